# SPDX-License-Identifier: LGPL-2.1-or-later
"""The examples in man pages, so that tests run what readers copy."""

import re

from .stage import REPOSITORY
from .system import read

EXAMPLE = re.compile(r"^\.EX\n# (/\S+)\n(.*?)^\.EE$", re.M | re.S)


def plain(text):
    """What troff shows of an example."""
    for escape, shown in ((r"\-", "-"), (r"\(aq", "'"), (r"\(dq", '"'), (r"\e", "\\")):
        text = text.replace(escape, shown)
    return text


def files(page):
    """The files that a page shows whole, each under a comment with its path."""
    found = {plain(path): plain(text) for path, text in EXAMPLE.findall(read(f"{REPOSITORY}/man/{page}"))}
    assert found, f"{page} shows no file"
    return found
