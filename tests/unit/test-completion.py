#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Completion in bash, zsh and fish: what each of them offers where a person hits Tab, with a cloudlockctl that is made up.
Usage: test-completion.py FOLDER CLOUDLOCKCTL; the second is asked for its verbs."""

import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

SLOW_S = 60  # nothing here takes so long unless it hangs
MADE_UP = r"""#!/bin/sh
[ $# -lt 3 ] || [ -n "$3" ] || exit 4
case "$1" in
list) printf '%s\n' 'cron standby node2 30min 27min cron.service inactive' 'validator running node1 30min 28min v.service active' ;;
history)
    [ "$3" = cron ] || echo '[{"instance":"validator","changes":[{"holder":"node1#1a2b3c4d"},{"holder":"node2#00c0ffee"},{"holder":"node1#1a2b3c4d"}]}]'
    [ "$3" = validator ] || echo '[{"instance":"cron","changes":[{"holder":"node3#0badcafe"}]}]' ;;
status)
    [ "$3" = cron ] || echo '[{"instance":"validator","holder":"node2#00c0ffee"}]'
    [ "$3" = validator ] || echo '[{"instance":"cron","holder":"node3#0badcafe"}]' ;;
esac
"""
BASH = """source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _cloudlockctl; printf '%s\\n' "${COMPREPLY[@]}"
"""
# zsh completes only where it edits a line: one of its own, on a terminal of its own. What would be offered is written down
# by what stands in for compadd.
ZSH = """zmodload zsh/zpty
export OFFERED=$PWD/offered
zpty z zsh -f -i
zpty -w z "source $PWD/set-up.zsh $1"
zpty -r z said '*<<READY>>*'
zpty -w -n z "$2"$'\\t'
zpty -r z said '*<<DONE>>*'
cat $OFFERED
"""
ZSH_SET_UP = r"""PROMPT=; fpath=($1 $fpath); autoload -U compinit; compinit -u -C -d ${OFFERED:h}/dump
bindkey '^I' complete-word
compadd() {
    local -a hits
    if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)* ]]; then builtin compadd "$@"; return; fi
    builtin compadd -A hits "$@"
    print -rl -- $hits >>$OFFERED
    builtin compadd "$@"
}
over() { compstate[insert]=; compstate[list]=; print -r -- '<<DONE>>' }
comppostfuncs=(over)
: >$OFFERED
print -r -- '<<READY>>'
"""


class Shell(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name
        program = pathlib.Path(self.folder, "cloudlockctl")
        program.write_text(MADE_UP, encoding="utf-8")
        program.chmod(0o755)
        self.environment = {"PATH": f"{self.folder}:{os.environ['PATH']}", "HOME": self.folder, "TERM": "xterm",
                            "LC_ALL": "C.UTF-8", "COLUMNS": "200", "LINES": "100"}

    def run_shell(self, *command):
        done = subprocess.run(command, capture_output=True, text=True, timeout=SLOW_S, check=True, env=self.environment,
                              cwd=self.folder)
        self.assertEqual(done.stderr, "")
        return done.stdout

    def check(self):
        verbs = set(self.offers("cloudlockctl "))
        self.assertEqual(verbs, VERBS)
        self.assertEqual(set(self.offers("cloudlockctl re")), {"release", "renew", "resume"})
        self.assertEqual(set(self.offers("cloudlockctl status ")), {"cron", "validator"})
        self.assertEqual(set(self.offers("cloudlockctl release v")), {"validator"})
        self.assertIn("--for", {word.rstrip("=") for word in self.offers("cloudlockctl release --f")})
        self.assertEqual(set(self.offers("cloudlockctl handover validator --to ")), {"node1", "node2"})
        self.assertEqual(set(self.offers("cloudlockctl handover validator --to=node2")), {"node2"})
        self.assertEqual(set(self.offers("cloudlockctl handover --no-block cron --to ")), {"node3"})
        self.assertEqual(set(self.offers("cloudlockctl handover --to ")), {"node1", "node2", "node3"})
        self.assertEqual(set(self.offers("cloudlockctl force-unlock validator --holder ")), {"node2#00c0ffee"})
        self.assertEqual(set(self.offers("cloudlockctl release --for i")), {"infinity"})
        self.assertEqual(set(self.offers("cloudlockctl list --json=p")), {"pretty"})


class BashTest(Shell):
    def offers(self, line):
        words = re.sub("=", " = ", line).split() + ([""] if line[-1] in " =" else [])
        return self.run_shell("bash", "--norc", "-c", BASH, "bash", f"{FOLDER}/cloudlockctl.bash", *words).split()

    def test_bash(self):
        self.check()
        self.assertEqual(self.offers("cloudlockctl release cron "), [])
        self.assertNotIn("--holder=", self.offers("cloudlockctl release --"))


class FishTest(Shell):
    def offers(self, line):
        said = self.run_shell("fish", "--no-config", "-c",
                              f"source {shlex.quote(FOLDER)}/cloudlockctl.fish; complete -C {shlex.quote(line)}")
        return [row.split("\t")[0].rpartition("=")[2] for row in said.splitlines()]

    def test_fish(self):
        self.check()


class ZshTest(Shell):
    def offers(self, line):
        pathlib.Path(self.folder, "set-up.zsh").write_text(ZSH_SET_UP, encoding="utf-8")
        # A "#" is offered as it has to be typed.
        return self.run_shell("zsh", "-f", "-c", ZSH, "zsh", FOLDER, line).replace("\\", "").split()

    def test_zsh(self):
        self.check()


FOLDER = os.path.abspath(sys.argv[1])
HELP = subprocess.run([sys.argv[2], "--help"], capture_output=True, text=True, check=True).stdout
VERBS = set(re.findall(r"^  ([a-z][a-z-]+) ", HELP, re.M))
unittest.main(argv=sys.argv[:1], verbosity=2)
