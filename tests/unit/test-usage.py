#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the programs take and how they end, as --help has it, as the man pages have it, and as it is.
Usage: test-usage.py CLOUDLOCKCTL CLOUDLOCKD CLOUDLOCK-GUARD"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
SLOW_S = 60  # nothing here takes so long unless it hangs
OPTION = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]*")
# Statuses that no header of ours has a name for: of signals, 128 and SIGINT, and of systemd, EXIT_CREDENTIALS.
FOREIGN = {"cloudlockctl": {130}, "both": {243}}


def read(path):
    return (TOP / path).read_text(encoding="utf-8")


def page(name):
    return re.sub(r"\\f[BIR]", "", read(f"man/{name}").replace(r"\-", "-"))


def section(text, title):
    return re.search(rf'^\.SH "?{title}"?\n(.*?)(?=^\.SH|\Z)', text, re.M | re.S)[1]


def headings(text):
    """The lines behind .TP, without troff's."""
    return [re.sub(r'^\.[BIR]+ |"', "", line) for line in re.findall(r"^\.TP\n(.*)", text, re.M)]


def run(program, *words, **environment):
    return subprocess.run([program, *words], capture_output=True, text=True, timeout=SLOW_S, check=False,
                          env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **environment})


class Options(unittest.TestCase):
    """The same ones in the source, in --help and in the section OPTIONS; each is understood."""

    def check(self, program, source, name):
        long_ones = re.findall(r'\{ "([\w-]+)", (no|required|optional)_argument', read(source))
        letters = re.search(r'getopt_long\(argc, argv, "([\w:]*)"', read(source))[1].replace(":", "")
        there = {f"--{option}" for option, _ in long_ones} | {f"-{letter}" for letter in letters}
        helped = run(program, "--help")
        self.assertEqual((helped.returncode, helped.stderr), (0, ""))
        lines = [re.split(r"\s{3,}\w|  [A-Z]", line)[0] for line in helped.stdout.splitlines() if line.startswith(" ")]
        shown = {option for line in lines for option in OPTION.findall(line)}
        described = {option for line in headings(section(page(name), "OPTIONS")) for option in OPTION.findall(line)}
        self.assertEqual(there, shown, "source and --help")
        self.assertEqual(there, described, f"source and {name}")
        version = run(program, "--version")
        self.assertEqual((version.returncode, version.stderr), (0, ""))
        self.assertRegex(version.stdout, r"^cloudlock\S* \d+\.\d+\.\d+\n$")

    def test_cloudlockctl(self):
        self.check(CLOUDLOCKCTL, "src/cloudlockctl/command-line.c", "cloudlockctl.1")

    def test_cloudlockd(self):
        self.check(CLOUDLOCKD, "src/cloudlockd/main.c", "cloudlockd.8")

    def test_guard(self):
        self.check(GUARD, "src/guard/main.c", "cloudlock-guard.8")


class Verbs(unittest.TestCase):
    def test_verbs(self):
        """test-completion.py holds those of the shells against --help."""
        there = re.findall(r'^ +\{ "([\w-]+)", \d', read("src/cloudlockctl/main.c"), re.M)
        shown = re.findall(r"^  ([a-z][a-z-]+) ", run(CLOUDLOCKCTL, "--help").stdout, re.M)
        text = page("cloudlockctl.1").partition(".SH OPTIONS")[0]
        described = [verb for line in headings(text) for verb in re.findall(r"(?:^|, )([a-z][a-z-]+)(?= |$)", line)]
        self.assertGreater(len(there), 15)
        self.assertEqual(sorted(there), sorted(shown))
        self.assertEqual(sorted(there), sorted(described))
        for verb in there:
            self.assertNotIn("Unknown command", run(CLOUDLOCKCTL, verb, "--nonsense").stderr)

    def test_options_of_verbs(self):
        """Where --help and the page name the verbs that take an option, it is these that do."""
        takes = {verb: set(re.findall(r"OPTION_(\w+)", bits)) for verb, bits in re.findall(
            r'^ +\{ "([\w-]+)", [\d, -]+, ([\w |]+), verb_', read("src/cloudlockctl/main.c"), re.M)}
        helped = run(CLOUDLOCKCTL, "--help").stdout
        for option, verbs in re.findall(r"--([\w-]+)(?:\[?=\S+)?\n? +With ([\w, ]+):", helped):
            bit = option.upper().replace("-", "_")
            self.assertEqual(set(verbs.split(", ")), {verb for verb, bits in takes.items() if bit in bits}, option)


class Statuses(unittest.TestCase):
    """The tables of the pages against what the sources name, and what comes of mistakes."""

    def of_headers(self, *paths):
        text = "".join(map(read, paths))
        return {int(value) for value in re.findall(r"^ +(?:GUARD_)?EXIT_\w+ = (\d+),", text, re.M)}

    def of_page(self, name):
        return {int(line) for line in headings(section(page(name), "EXIT STATUS")) if line.isdigit()}

    def of_operation(self, program):
        table = section(page("cloudlock-operation.7"), "EXIT STATUS")
        return {int(status) for status in re.findall(rf"^{program}\t(\d+)\t", table, re.M)}

    def test_cloudlockctl(self):
        there = self.of_headers("src/cloudlockctl/verbs.h", "src/cloudlockctl/run-end.h")
        self.assertEqual(len(there), 9)
        self.assertEqual(self.of_page("cloudlockctl.1"), there | FOREIGN["cloudlockctl"])
        for words, status in ((("--help",), 0), (("status", "a/b"), 4), (("status", "absent"), 4), (("dance",), 2),
                              (("--nonsense",), 2), (("status", "--policy"), 2), (("release",), 2),
                              (("history", "absent"), 4), (("bind", "a/b"), 4), (("unbind", "a/b"), 4), (("init", "a/b"), 4),
                              (("init", "absent"), 1), (("run", "validator"), 125), (("run",), 125),
                              (("run", "--policy", "validator"), 125), (("run", "--nonsense"), 125),
                              (("run", "a/b", "--", "true"), 125)):
            self.assertEqual(run(CLOUDLOCKCTL, *words).returncode, status, words)
        self.assertIn("write it", run(CLOUDLOCKCTL, "init", "absent").stderr)

    def test_cloudlockd(self):
        names = {"EX_USAGE": os.EX_USAGE, "EX_CONFIG": os.EX_CONFIG, "EXIT_FAILURE": 1, "EXIT_SUCCESS": 0}
        there = {names[name] for name in re.findall(r"\b(EX_\w+|EXIT_\w+)\b", read("src/cloudlockd/main.c"))}
        text = section(page("cloudlockd.8"), "EXIT STATUS")
        self.assertEqual({int(number) for number in re.findall(r"\b\d+\b", text)}, there)
        self.assertEqual(self.of_operation("cloudlockd"), there)
        self.assertEqual(run(CLOUDLOCKD).returncode, os.EX_USAGE)
        self.assertEqual(run(CLOUDLOCKD, "--nonsense", "validator").returncode, os.EX_USAGE)
        self.assertEqual(run(CLOUDLOCKD, "a/b").returncode, os.EX_USAGE)
        self.check_refused(CLOUDLOCKD)

    def test_guard(self):
        there = self.of_headers("src/guard/guard.h")
        self.assertEqual(len(there), 6)
        self.assertEqual(self.of_page("cloudlock-guard.8"), there)
        self.assertEqual(self.of_operation("cloudlock-guard"), there)
        for words, status in (((), 2), (("--nonsense", "validator"), 2), (("a/b",), 2),
                              (("--condition", "--finish", "x"), 2), (("--condition", "absent"), 1), (("--finish", "absent"), 0)):
            self.assertEqual(run(GUARD, *words).returncode, status, words)
        self.check_refused(GUARD)

    def test_foreign(self):
        """243 is systemd's, where a unit cannot be given its credentials; 78 keeps PID 1 from trying again."""
        self.assertEqual(self.of_operation("both"), FOREIGN["both"])
        self.assertIn("RestartPreventExitStatus=CONFIG\n", read("units/cloudlock@.service.in"))

    def check_refused(self, program):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "config").write_text("cloudlock_nonsense=1\n", encoding="utf-8")
            done = run(program, "validator", CREDENTIALS_DIRECTORY=folder)
        self.assertEqual(done.returncode, os.EX_CONFIG, done.stderr)


CLOUDLOCKCTL, CLOUDLOCKD, GUARD = map(os.path.abspath, sys.argv[1:])
unittest.main(argv=sys.argv[:1], verbosity=2)
