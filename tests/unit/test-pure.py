#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The cores are pure: what their libraries need from outside is held against a short list.

usage: test-pure.py LIBRARY... [--with LIBRARY...]; what the libraries behind --with define may be used.
"""

import re
import subprocess
import sys

ALLOWED = {"memcpy", "memset", "memmove", "memcmp", "memchr", "strcmp", "strncmp", "strlen", "strnlen", "strcpy", "strcspn",
           "strspn", "strchr", "snprintf", "__assert_fail", "__stack_chk_fail", "_GLOBAL_OFFSET_TABLE_"}
# What compilers make of the same calls, and what sanitizers and coverage add.
ADDED = re.compile(r"__(asan|ubsan|sanitizer|gcov|llvm)_.*|__(mem|str|snprintf|vsnprintf)\w*_chk|__start_\w+|__stop_\w+")


def symbols(libraries):
    """What the libraries need and what they define."""
    needed, defined = set(), set()
    for library in libraries:
        listing = subprocess.run(["nm", "--format=posix", library], check=True, capture_output=True, text=True).stdout
        for line in listing.splitlines():
            name, kind, *_ = [*line.split(), ""]
            if not kind: # the name of an object file
                continue
            (needed if kind in "Uvw" else defined).add(name)
    return needed, defined


def main(arguments):
    split = arguments.index("--with") if "--with" in arguments else len(arguments)
    needed, defined = symbols(arguments[:split])
    outside = needed - defined - symbols(arguments[split + 1:])[1]
    refused = sorted(name for name in outside if name not in ALLOWED and not ADDED.fullmatch(name))
    for name in refused:
        print(f"FAIL the core uses {name}, which is not on the list of what a pure core may use")
    print(f"{0 if refused else 1} passed, {len(refused)} failed")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
