# SPDX-License-Identifier: LGPL-2.1-or-later
"""A copy of the working tree that mutants are applied to, one after the other."""

import json
import os
import shutil
import subprocess

from .mutant import HERE

REPOSITORY = os.path.dirname(os.path.dirname(HERE))
COMMAND_TIMEOUT_S = 900
SHOWN_LINES = 12


class Broken(Exception):
    """A patch that does not apply, or a tree that does not build."""


def run(*command, cwd=None, env=None):
    """Run a command to its end; returns what it printed on stdout."""
    done = subprocess.run(command, cwd=cwd, env=env, text=True, errors="replace", capture_output=True,
                          timeout=COMMAND_TIMEOUT_S, check=False)
    if done.returncode != 0:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-SHOWN_LINES:])
        raise Broken(f"{' '.join(command[:4])} exited with {done.returncode}:\n{said}")
    return done.stdout


def tracked_files():
    """Those of the working tree, as they are: work that is not committed yet counts."""
    listed = run("git", "-C", REPOSITORY, "ls-files", "-z").split("\0")
    return [path for path in listed if os.path.isfile(f"{REPOSITORY}/{path}")]


class Tree:
    def __init__(self, folder):
        self.folder = folder
        self.build = f"{folder}/build"
        for path in tracked_files():
            os.makedirs(os.path.dirname(f"{folder}/{path}"), exist_ok=True)
            shutil.copy2(f"{REPOSITORY}/{path}", f"{folder}/{path}")
        # What a compiler warns of in every build is no mutant worth testing for.
        run("meson", "setup", "--werror", self.build, folder)
        tests = json.loads(run("meson", "introspect", "--tests", self.build))
        self.unit_programs = {test["name"]: test["cmd"][0] for test in tests
                              if test["cmd"][0].startswith(f"{self.build}/") and test["suite"][0].endswith(":unit")}
        self.installed = [file for target in json.loads(run("meson", "introspect", "--targets", self.build))
                          if target["installed"] for file in target["filename"]]
        self.simulator = f"{self.build}/tests/sim/simulator"
        self.unmutated_simulator = f"{folder}/unmutated-simulator"

    def make(self, programs):
        """Build some programs."""
        run("ninja", "-C", self.build, *sorted(os.path.relpath(path, self.build) for path in programs))

    def keep_simulator(self):
        """To replay schedules without a mutant."""
        self.make([self.simulator])
        shutil.copy2(self.simulator, self.unmutated_simulator)

    def install(self, into):
        """Build what is installed, and install it into a folder that is made anew."""
        self.make(self.installed)
        shutil.rmtree(into, ignore_errors=True)
        run("meson", "install", "-C", self.build, "--no-rebuild", "--quiet", "--destdir", into)

    def apply(self, mutant, *more):
        # Within another repository git would take that for the one to patch, and touch nothing.
        env = {**os.environ, "GIT_CEILING_DIRECTORIES": os.path.dirname(self.folder)}
        run("git", "apply", *more, mutant.path, cwd=self.folder, env=env)

    def reverse(self, mutant):
        self.apply(mutant, "--reverse")
