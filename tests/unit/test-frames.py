#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What cloudlockctl shows, at 80 and 200 columns, with colours and without, against golden-frames/*.txt, which are for
people to look at. Usage: test-frames.py [--write] PROBE; --write makes the files anew."""

import json
import pathlib
import re
import subprocess
import sys
import unittest

GOLDEN = pathlib.Path(__file__).resolve().parent / "golden-frames"
SLOW_S = 60  # nothing here takes so long unless it hangs
KINDS = ("status", "watch", "list", "history", "table", "check")
STYLES = ("plain", "colour")
WIDTHS = (80, 200)
ROWS_MAX, LINES = 16, 18  # the probe's
COLOUR = re.compile("\x1b\\[[0-9;]*m")


def shown(kind, width, style, text=None):
    text = text or (GOLDEN / "input.json").read_text(encoding="utf-8")
    return subprocess.run([PROBE, kind, str(width), style], input=text, capture_output=True, encoding="utf-8",
                          timeout=SLOW_S, check=True).stdout


class FramesTest(unittest.TestCase):
    maxDiff = None

    def test_golden(self):
        for kind in KINDS:
            for width in WIDTHS:
                for style in STYLES:
                    with self.subTest(kind=kind, width=width, style=style):
                        path = GOLDEN / f"{kind}-{width}-{style}.txt"
                        now = shown(kind, width, style)
                        if WRITE:
                            path.write_text(now, encoding="utf-8")
                        self.assertEqual(now, path.read_text(encoding="utf-8"))

    def test_width(self):
        """No line is wider than the terminal; and colours change nothing but the colour."""
        for kind in KINDS:
            for width in (77, 120):
                with self.subTest(kind=kind, width=width):
                    self.assertLessEqual(max(len(line) for line in shown(kind, width, "plain").splitlines()), width)
            self.assertEqual(COLOUR.sub("", shown(kind, 80, "colour")), shown(kind, 80, "plain"))
            self.assertTrue(shown(kind, 20, "colour"))  # there is no room for it all

    def test_height(self):
        """Of more locks than there are lines, none makes the terminal scroll."""
        many = json.loads((GOLDEN / "input.json").read_text(encoding="utf-8"))
        for count in range(1, ROWS_MAX + 1):
            locks = (many["locks"] * ROWS_MAX)[:count]
            lines = shown("watch", 80, "plain", json.dumps({**many, "locks": locks})).splitlines()
            self.assertLess(len(lines), LINES, "with the cursor's")
            rows = min(count, LINES - 5) if count > LINES - 4 else count
            self.assertEqual(f"and {count - rows} more, see 'cloudlockctl list'" in lines, rows < count, lines)
        self.assertEqual(lines[-1], "and 3 more, see 'cloudlockctl list'")

    def test_ascii(self):
        for kind in KINDS:
            self.assertTrue(shown(kind, 80, "ascii").replace("é", "").isascii(), kind)

    def test_foreign_text(self):
        """What others wrote is not obeyed."""
        evil = json.loads((GOLDEN / "input.json").read_text(encoding="utf-8"))
        for lock in evil["locks"]:
            for name, value in lock.items():
                if isinstance(value, str):
                    lock[name] = value + "\x1b[2J\r\x9b\x07\x7f"
        for change in evil["changes"]:
            change["holder"] += "\x1b[2J\n"
            change["how"] += "\x1b[2J\n"
        for note in evil["notes"]:
            note["text"] += "\x1b[2J\n"
        for item in evil["scan"]["Items"]:
            item["label"]["S"] += "\x1b[2J\n"
        for finding in evil["findings"]:
            finding["text"] += "\x1b[2J\n"
        for kind in KINDS:
            said = shown(kind, 200, "plain", json.dumps(evil))
            self.assertIsNone(re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", said), kind)


WRITE = sys.argv[1] == "--write"
PROBE = sys.argv[-1]
unittest.main(argv=sys.argv[:1], verbosity=2)
