# SPDX-License-Identifier: LGPL-2.1-or-later
"""Commands, deadlines and the two ways in which a test ends early."""

import os
import subprocess
import threading
import time

POLL_S = 0.1
# What is waited for comes much sooner, but for a machine that has other things to do.
WAIT_S = 60
# A host whose PID 1 is stopped answers nothing: no command may wait for ever.
COMMAND_TIMEOUT_S = 120


# Set when the whole run is to end: whoever waits gives up.
ending = threading.Event()


class Failure(AssertionError):
    """The product, or the rig, did not do what the test expects."""


class Skip(Exception):
    """The test cannot run here; the reason is the text."""


class CommandFailed(Failure):
    def __init__(self, command, code, output):
        self.code, self.output = code, output
        shown = " ".join(str(word) for word in command)
        super().__init__(f"{shown!r} exited with {code}: {output.strip()[-2000:]}")


class Output(str):
    """What a command printed on stdout, with its exit code and stderr at hand."""

    def __new__(cls, done):
        self = super().__new__(cls, done.stdout)
        self.code, self.stderr = done.returncode, done.stderr
        return self


def run(*command, check=True, timeout=COMMAND_TIMEOUT_S, stdin="", env=None, cwd=None,
        shown=None):
    """Run a command to its end and return its Output; failures name it as `shown`, where given."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, input=stdin, text=True, errors="replace", timeout=timeout,
                              capture_output=True, env=env, cwd=cwd)
    except subprocess.TimeoutExpired as late:
        raise CommandFailed(shown or words, "no end", f"still running after {timeout} s") from late
    if check and done.returncode != 0:
        raise CommandFailed(shown or words, done.returncode, done.stderr + done.stdout)
    return Output(done)


def wait_for(what, condition, timeout=WAIT_S, every=POLL_S, stubborn=False):
    """Poll until `condition` returns something true, and return that; Failure at the deadline.

    Gives up when the whole run is to end, unless `stubborn`: cleaning up is.
    """
    deadline = time.monotonic() + timeout
    while True:
        began = time.monotonic()
        value = condition()
        if value:
            return value
        if ending.is_set() and not stubborn:
            raise Failure(f"ended from outside while waiting for {what}")
        if time.monotonic() >= deadline:
            raise Failure(f"waited {timeout} s in vain for {what}")
        # What takes long to ask is asked less often: the questions must not become the load that they wait behind.
        time.sleep(max(every, 2 * (time.monotonic() - began)))


def write(path, text, mode=0o644):
    """Write a whole file, its folders too."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())
    os.chmod(path, mode)


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()
