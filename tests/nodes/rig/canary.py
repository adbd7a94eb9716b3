# SPDX-License-Identifier: LGPL-2.1-or-later
"""Secrets that sing: whoever lets one out, in whatever encoding and however cut, is found."""

import base64
import os
import re
import secrets
import stat
import string

PIECE_LENGTH = 24


def make(pieces):
    """A secret of pieces that no encoding but base64 and hex changes, with what URLs and JSON escape between them."""
    letters = string.ascii_letters + string.digits
    return "".join("".join(secrets.choice(letters) for _ in range(PIECE_LENGTH)) + "/+="[index % 3]
                   for index in range(pieces)).rstrip("=")


def encodings(text):
    """The bytes by which a text is known, plain or encoded, wherever in an encoded text it begins."""
    raw = text.encode()
    found = {raw, raw.hex().encode(), raw.hex().upper().encode()}
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + raw)
        # What hangs on the neighbours: the characters of the shift, and the last ones.
        found.add(coded[(0, 2, 3)[shift]:-4])
    return found


class Canary:
    def __init__(self, name, pieces):
        self.name, self.text = name, make(pieces)
        self._pattern = re.compile(b"|".join(
            re.escape(form) for piece in re.findall(r"[A-Za-z0-9]{%d}" % PIECE_LENGTH, self.text)
            for form in encodings(piece)))

    def is_in(self, data):
        return self._pattern.search(data if isinstance(data, bytes) else str(data).encode(errors="replace")) is not None


def read_all(path):
    """A regular file's bytes; nothing where it is gone, or no file."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return b""
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def files_below(folder, leave_out=()):
    """All paths below a folder, on its file system and on those that are mounted there, but for some subtrees."""
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if f"{here}/{name}" not in leave_out]
        yield from (f"{here}/{name}" for name in names if f"{here}/{name}" not in leave_out)
