#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every example of the man pages and the README is run by a test, or is named here with why none can. Those that take
no booted host are tried here; tests/nodes asks rig/pages.py for the others.

test-pages.py CONFIG-PROBE PLACE-LINES
"""

import ast
import json
import os
import pathlib
import re
import shlex
import sqlite3
import subprocess
import sys
import unittest

TESTS = pathlib.Path(__file__).resolve().parent.parent
CONFIG = TESTS.parent / "src/config"
sys.path.insert(0, str(TESTS / "nodes"))
sys.dont_write_bytecode = True

from rig import pages  # pylint: disable=wrong-import-position

README = "README.md"
PAGES = sorted(path.name for path in (TESTS.parent / "man").glob("*.[1-8]")) + [README]
# What no test runs, and why.
NOT_RUN = {
    ("cloudlock.7", "    DynamoDB item"): "a drawing",
    (README, "DynamoDB item"): "a drawing",
    ("cloudlock-safety.7", "    horizon = "): "a formula",
    ("cloudlock-safety.7", "    H  "): "a formula",
    ("cloudlock-safety.7", "    S(B)  "): "a formula",
    ("cloudlockd.8", "4c1f0b6d1bd24c3f8a3a7f2f5e0d1a01  "): "message ids, which are test-catalog.py's",
    ("cloudlock-guard.8", "8b0d3a4c5e6f4a719c2d1e0f3b5a7c01  "): "message ids, which are test-catalog.py's",
    ("cloudlock-aws.7", "$ aws cloudformation deploy"): "takes an account of AWS's; the template is test-template.py's",
    (README, "tests/demo"): "takes minutes: the second is all of CI, and the first does what test_takeover.py does",
}
ASKING = ("example", "commands", "carry_out")  # the functions by which tests ask for an example, by page and beginning


def asked_for():
    """(page, beginning) of what tests ask for; a page alone: all files that it shows."""
    for path in [*(TESTS / "nodes").glob("*.py"), pathlib.Path(__file__)]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {node.targets[0].id: node.value.value for node in tree.body if isinstance(node, ast.Assign)
                 and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Constant)}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            words = [names.get(getattr(word, "id", None), getattr(word, "value", None)) for word in node.args]
            called = getattr(node.func, "attr", getattr(node.func, "id", None))
            if called == "files" and words[0] in PAGES:
                yield words[0], "# /etc/"
            elif called in ASKING and words[-2] in PAGES:
                yield tuple(words[-2:])


def botocore_model(service):
    try:
        import botocore.session  # pylint: disable=import-outside-toplevel
    except ImportError:
        raise unittest.SkipTest("botocore is missing (Debian: python3-botocore)") from None
    return botocore.session.get_session().get_service_model(service)


class Inventory(unittest.TestCase):
    def test_every_example_is_run(self):
        claims = set(asked_for())
        self.assertGreater(len(claims), 20)
        for page in PAGES:
            for example in pages.examples(page):
                here = {claim for claim in claims if claim[0] == page and example.startswith(claim[1])}
                excused = {key for key in NOT_RUN if key[0] == page and example.startswith(key[1])}
                self.assertTrue(here or excused, f"no test runs this example of {page}:\n{example}")
                self.assertFalse(here and excused, f"a test does run this example of {page}:\n{example}")

    def test_everything_asked_for_is_there(self):
        for page, start in {*asked_for(), *NOT_RUN}:
            self.assertTrue(any(text.startswith(start) for text in pages.examples(page)), f"{page} has no {start!r}")


class Configuration(unittest.TestCase):
    def refusal(self, text):
        return subprocess.run([CONFIG_PROBE], input=text, stdout=subprocess.PIPE, text=True, check=False).stdout

    def test_examples_are_accepted(self):
        least = pages.example("cloudlock.conf.5", "cloudlock_dynamodb_table=locks\ncloudlock_aws_region=")
        more = pages.example("cloudlock.conf.5", "# With an access key, a secret and a token")
        for text in (pages.example("cloudlock.conf.5", "export cloudlock_aws_key_id="), least, least + more,
                     pages.example("cloudlock.conf.5", "cloudlock_dynamodb_table=locks\nAWS_PROFILE="),
                     pages.example(README, "cloudlock_dynamodb_table=locks")):
            self.assertEqual(self.refusal(text), "", text)
        self.assertIn("cloudlock_nonsense", self.refusal(f"{least}cloudlock_nonsense=1\n"))

    def test_readme(self):
        """What the file of the README keeps for others to fill in are keys with their defaults."""
        text = pages.example(README, "cloudlock_dynamodb_table=locks")
        self.assertLessEqual(set(re.findall(r"(cloudlock_\w+)=", text)), self.keys())
        times = re.search(r"# (cloudlock_lock_expiration=.*)", text)[1].replace(", ", "\n")
        self.assertEqual(self.refusal(f"cloudlock_dynamodb_table=locks\n{times}"), "")

    def keys(self):
        text = (CONFIG / "config-keys.c").read_text()
        return {f"cloudlock_{name}" for name in re.findall(r'\{ PREFIX "(\w+)"', text)}

    def test_every_key_is_described(self):
        """The headings of cloudlock.conf(5) are the keys and variables that there are."""
        text = (CONFIG / "config-variables.c").read_text()
        variables = set(re.findall(r'^ +\{ "(\w+)"(?!, \.environment_only)', text, re.M))
        page = (TESTS.parent / "man/cloudlock.conf.5").read_text().replace("\\\n", "")
        headings = "\n".join(re.findall(r"^\.TP\n(\.BR? .*)", page, re.M))
        described = set(re.findall(r"cloudlock_\w+(?==)|\b[A-Za-z_]+_(?:\w*)(?![\w=])", headings))
        self.assertGreater(len(variables), 25)
        self.assertEqual(described ^ (self.keys() | variables), set(), "in one of them only")


class Aws(unittest.TestCase):
    def test_endpoints(self):
        """Each name is what is asked in its region, with the variable that stands behind it."""
        rows = pages.example("cloudlock-aws.7", "dynamodb.eu-central-1").splitlines()
        questions = []
        for row in rows:
            region = re.match(r"[\w-]+\.([\w-]+)\.", row)[1]
            questions.append("\t".join((region, str("FIPS_ENDPOINT=true" in row).lower(),
                                        str("DUALSTACK_ENDPOINT=true" in row).lower(), "")) + "\n")
            if "FIPS as well" in row:
                questions.append(f"{region}\ttrue\tfalse\t\n")
        done = subprocess.run([PLACE_LINES], input="".join(questions), stdout=subprocess.PIPE, text=True, check=True)
        answers = iter(done.stdout.splitlines())
        for row in rows:
            for _ in range(2 if "FIPS as well" in row else 1):
                self.assertEqual(next(answers), f"https://{row.split()[0]}")

    def test_commands(self):
        """As AWS's command line would take them: service, operation, parameters; what lies in files is JSON."""
        commands = [*pages.commands("cloudlock-aws.7", "# cloudlockctl check validator --policy"),
                    *pages.commands("cloudlock-aws.7", "$ cat >trust.json"),
                    *pages.commands("cloudlock-aws.7", "$ aws iam create-user")]
        calls = [shlex.split(command)[1:] for command in commands if command.startswith("aws ")]
        self.assertEqual(len(calls), 9)
        for service, operation, *words in calls:
            model = botocore_model(service)
            name = operation.title().replace("-", "")
            known = {one.lower(): one for one in model.operation_names}
            self.assertIn(name.lower(), known, operation)
            shape = model.operation_model(known[name.lower()]).input_shape
            given = {option.removeprefix("--").replace("-", "") for option in words[::2]}
            self.assertTrue(all(option.startswith("--") for option in words[::2]), words)
            self.assertLessEqual(given, {member.lower() for member in shape.members}, operation)
            self.assertLessEqual({member.lower() for member in shape.required_members}, given, operation)
            for value in words[1::2]:
                if value.startswith("file://"):
                    self.assertTrue(any(f">{value.removeprefix('file://')}" in command for command in commands), value)
        trust = next(command for command in commands if command.startswith("cat >trust.json"))
        self.assertEqual(json.loads(trust.split("\n", 1)[1].removesuffix("END"))["Statement"][0]["Effect"], "Allow")


class Others(unittest.TestCase):
    def test_sentence_of_an_outage(self):
        """Word by word what test-status-text.c wants to be said."""
        sentence = pages.example("cloudlock-aws.7", "store unreachable for").strip()
        self.assertIn(f'"{sentence}"', (TESTS / "unit/test-status-text.c").read_text(encoding="utf-8"))

    def test_fence_of_a_table(self):
        """Who comes with a lower fence than the one before changes nothing."""
        statement = pages.example("cloudlock-examples.7", "UPDATE fence")
        ours = int(re.search(r"\d+", statement)[0])
        table = sqlite3.connect(":memory:")
        table.execute("CREATE TABLE fence (holder INTEGER)")
        table.execute("INSERT INTO fence VALUES (?)", (ours - 1,))
        self.assertEqual(table.execute(statement).rowcount, 1)
        self.assertEqual(table.execute(statement).rowcount, 1)
        self.assertEqual(table.execute(statement.replace(str(ours), str(ours - 1))).rowcount, 0)

    def test_packages(self):
        """The README names what tests/install installs for a build."""
        packages = shlex.split(pages.commands(README, "apt-get install")[0])[2:]
        text = (TESTS / "install").read_text(encoding="utf-8")
        for package in packages:
            self.assertRegex(text, rf"[\s:]{re.escape(package)}\s", package)


CONFIG_PROBE, PLACE_LINES = map(os.path.abspath, sys.argv[1:])
unittest.main(argv=sys.argv[:1], verbosity=2)
