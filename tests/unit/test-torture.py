#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each call that cloudlockctl makes for verbs that show what a made-up daemon says, and that cloudlockd makes until its
configuration is read, fails in turn. Usage: test-torture.py CLOUDLOCKCTL-FAULTY CLOUDLOCKD-FAULTY. As root.

tests/nodes/torture does the same to whole lives of cloudlockd, and to the other verbs, on booted hosts.
"""

import os
import pathlib
import subprocess
import sys

import stand_in
from stand_in import NODE2, NOW_US, RUNNING, SLOW_S, CommandTest, run

sys.path.append(f"{os.path.dirname(os.path.abspath(__file__))}/../torture")
# pylint: disable=wrong-import-position
from torture_calls import Calls

FILE, CREDENTIALS = "/run/torture", "/run/credentials"
CONFIG = """cloudlock_aws_key_id=AKIAEXAMPLEEXAMPLE01
cloudlock_aws_secret=example
cloudlock_aws_region=eu-central-1
cloudlock_dynamodb_table=locks
cloudlock_dynamodb_endpoint=http://127.0.0.1:9
cloudlock_target_unit=x.service
"""
# What it says once the configuration is read; and in so many runs one after the other, when none of that fails any more.
BEGUN, BEGUN_MAX = "Dry run of instance", 15
CALLS_MAX = 10000  # of a verb, or it never ends


class VerbsTest(CommandTest):
    def fail_in_turn(self, *words):
        """Whatever fails: an exit status that is documented, and a word of it; or what it says is what it always says."""
        calls = Calls(FILE)
        plain = run(*words)
        for number in range(1, CALLS_MAX):
            calls.arm(number)
            done = run(*words, env={**os.environ, "TORTURE": FILE})
            if not calls.failed():
                break
            with self.subTest(words[0], failed=calls.failing(), said=done.stderr):
                self.assertIn(done.returncode, range(5))
                if done.returncode == 0 and done.stderr == plain.stderr:
                    self.assertEqual(done.stdout, plain.stdout)
                elif done.returncode != 0:
                    self.assertTrue(done.stderr.strip(), "it failed without a word")
        self.assertGreater(number, 10)

    def test_what_shows(self):
        daemon = self.daemon(RUNNING)
        daemon.answers = {"History": {"changes": [{"since": NOW_US, "holder": NODE2, "how": "acquired"}]}}
        for words in (("status", "--json"), ("list", "--json"), ("history", "--json")):
            self.fail_in_turn(words[0], "validator", *words[1:])

    def test_watch(self):
        """It ends with an error, or has said how it is; it never goes on in silence."""
        self.daemon(RUNNING)
        calls = Calls(FILE)
        for number in range(1, CALLS_MAX):
            calls.arm(number)
            with subprocess.Popen([stand_in.program(), "watch", "--json", "validator"], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, env={**os.environ, "TORTURE": FILE}) as watch:
                said = watch.stdout.readline()
                if said:
                    watch.terminate()
                _, complained = watch.communicate(timeout=SLOW_S)
            if not calls.failed():
                break
            with self.subTest(failed=calls.failing(), said=complained):
                self.assertTrue(said or (watch.returncode in (1, 4) and complained.strip()), watch.returncode)


class DaemonTest(CommandTest):
    def test_start(self):
        """What it lacks for the moment is no reason not to be started again: 78 is for what somebody has to correct."""
        pathlib.Path(CREDENTIALS).mkdir()
        pathlib.Path(CREDENTIALS, "config").write_text(CONFIG, encoding="utf-8")
        calls, ends, begun = Calls(FILE), 0, 0
        environment = {**os.environ, "TORTURE": FILE, "CREDENTIALS_DIRECTORY": CREDENTIALS}
        number = 0
        while begun < BEGUN_MAX:
            number += 1
            calls.arm(number)
            with subprocess.Popen([os.path.abspath(sys.argv[2]), "--dry-run", "validator"], stderr=subprocess.PIPE, text=True,
                                  env=environment) as daemon:
                said = daemon.stderr.readline()
                if BEGUN in said:
                    daemon.terminate()
                more = daemon.communicate(timeout=SLOW_S)[1]
            begun = begun + 1 if BEGUN in said else 0
            if begun:
                continue
            with self.subTest(failed=calls.failing(), said=said + more):
                self.assertTrue(said.strip(), "not a word")
                self.assertEqual(daemon.returncode, 1)
                ends += 1
        self.assertGreater(ends, 20)


stand_in.main()
