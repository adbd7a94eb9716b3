# SPDX-License-Identifier: LGPL-2.1-or-later
"""The examples in man pages and the README, so that tests run what readers copy. tests/unit/test-pages.py sees to it
that each of them is asked for here, or is named there with why no test runs it."""

import os
import re

REPOSITORY = os.path.realpath(f"{os.path.dirname(__file__)}/../../..")
TROFF = re.compile(r"^\.(?:EX|nf)\n(.*?)^\.(?:EE|fi)$", re.M | re.S)
MARKDOWN = re.compile(r"^ *\n((?:(?: {4}.*)?\n)+)", re.M)  # four blanks and more, after an empty line
FILE = re.compile(r"# (/\S+)\n(.*)", re.S)
PROMPT = re.compile(r"[#$] ")
REMARK = re.compile(r"\s{3,}\S.*|\s+# .*")  # behind a command, for the reader
HERE_DOCUMENT = re.compile(r"<<(\w+)$")


def plain(text):
    """What troff shows of an example."""
    for escape, shown in ((r"\-", "-"), (r"\(aq", "'"), (r"\(dq", '"'), (r"\e", "\\")):
        text = text.replace(escape, shown)
    return text


def undent(text):
    lines = text.strip("\n").splitlines()
    margin = min(len(line) - len(line.lstrip()) for line in lines if line)
    return "".join(f"{line[margin:]}\n" for line in lines)


def examples(page):
    """The text of each example of a page ("README.md", or a file of man/), in their order."""
    is_readme = page.endswith(".md")
    with open(f"{REPOSITORY}/{page if is_readme else f'man/{page}'}", encoding="utf-8") as file:
        text = file.read()
    if is_readme:
        return [undent(found) for found in MARKDOWN.findall(text) if found.strip()]
    return [plain(found) for found in TROFF.findall(text)]


def example(page, start):
    """The one that begins with `start`."""
    found = [text for text in examples(page) if text.startswith(start)]
    assert len(found) == 1, f"{page} has {len(found)} examples that begin with {start!r}"
    return found[0]


def commands(page, start):
    """The commands of an example, as a shell takes them: without prompts, remarks and what they print."""
    text = re.sub(r" *\\\n *", " ", example(page, start))
    has_prompts = PROMPT.match(text)
    found, until = [], None
    for line in text.splitlines():
        if until:
            found[-1] += f"\n{line}"
            until = until if line != until else None
        elif line.strip() and not (has_prompts and not PROMPT.match(line)):
            found.append(REMARK.sub("", PROMPT.sub("", line, count=1) if has_prompts else line))
            opened = HERE_DOCUMENT.search(found[-1])
            until = opened and opened[1]
    return found


def files(page):
    """The files that a page shows whole, each under a comment with its path."""
    found = dict(match.groups() for match in map(FILE.fullmatch, examples(page)) if match)
    assert found, f"{page} shows no file"
    return found
