#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds the tests that cloudlock-safety(7) names against those that there are, so that the page can't go stale.

test-safety-page.py PAGE TESTS
"""

import pathlib
import re
import sys

REFERENCE = re.compile(r"\[(unit|node|sim|mutant)\b([^]\n]*)\]")
# Whatever else begins like a reference: a kind misspelt, a line break within one.
LIKE_ONE = re.compile(r"\[\w+[ :]")
# The page explains each kind with such a name.
PLACEHOLDERS = {" FILE: CASE", ": TEST", ": INVARIANT", ": NAME"}
REFERENCES_MIN = 100


def plain(page):
    """The page without what troff escapes in names."""
    return page.replace(r"\-", "-").replace(r"\(aq", "'").replace(r"\(dq", '"')


def text_of(paths):
    return "\n".join(path.read_text() for path in sorted(paths))


def has_case(tests, name):
    """A case of a unit test in C, by its name there, or a method of one in Python."""
    file, _, case = name.strip().partition(": ")
    for path in (tests / f"unit/test-{file}.c", tests / f"unit/test-{file}.py"):
        if path.exists():
            text = path.read_text()
            return f'{{ "{case}", ' in text or (path.suffix == ".py" and f"    def {case}(" in text)
    return False


def has_node_test(tests, name):
    return len(re.findall(rf"^def {re.escape(name[2:])}\(", text_of((tests / "nodes").glob("test_*.py")), re.M)) == 1


def has_invariant(tests, name):
    return f'"{name[2:]}"' in text_of((tests / "sim").glob("*.[ch]"))


def has_mutant(tests, name):
    return (tests / f"mutants/{name[2:]}.patch").exists()


EXISTS = {"unit": has_case, "node": has_node_test, "sim": has_invariant, "mutant": has_mutant}


def main(page, tests):
    page, tests = plain(pathlib.Path(page).read_text()), pathlib.Path(tests)
    found = [one for one in REFERENCE.findall(page) if one[1] not in PLACEHOLDERS]
    stray = len(LIKE_ONE.findall(page)) - len(REFERENCE.findall(page))
    assert stray == 0, f"{stray} references can't be read"
    assert len(found) >= REFERENCES_MIN, f"only {len(found)} references: does the page still say which test attacks what?"
    missing = sorted({f"[{kind}{name}]" for kind, name in found if not EXISTS[kind](tests, name)})
    for name in missing:
        print(f"FAIL {name}: there is no such test")
    assert not missing


main(*sys.argv[1:])
