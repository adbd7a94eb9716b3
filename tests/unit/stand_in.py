# SPDX-License-Identifier: LGPL-2.1-or-later
"""A made-up cloudlockd for tests of cloudlockctl, in a mount namespace with a /run and an /etc of its own."""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

SLOW_S = 60  # nothing here takes so long unless it hangs
NODE1, NODE2 = "node1#1a2b3c4d", "node2#00c0ffee"
HOST2 = 32 * "2"
NOW_US = 1_763_928_001_000_000
STANDBY = {
    "instance": "validator", "label": "validator", "table": "locks", "region": "eu-central-1", "myId": "node1",
    "holderId": NODE1, "state": "standby", "status": "standby: node2 holds validator", "held": False, "holder": NODE2,
    "holderHost": HOST2, "since": NOW_US, "expires": NOW_US + 1_800_000_000, "version": "v1", "leaseUSec": 1_800_000_000,
    "gapUSec": 1_800_000_000, "renewUSec": 120_000_000, "pollUSec": 10_000_000, "storeFailing": False,
    "duplicateId": False, "paused": False, "kept": False, "targets": [{"unit": "validator.service", "activeState": "inactive"}]}
RUNNING = {
    **STANDBY, "state": "running", "status": "running validator.service, fence 5", "held": True, "holder": NODE1,
    "holderHost": 32 * "1", "fence": 5, "lastRenewal": NOW_US, "targets": [{"unit": "validator.service", "activeState": "active"}]}


def without(status, /, *names, **changes):
    return {name: value for name, value in {**status, **changes}.items() if name not in names}


class Daemon:
    """Answers as cloudlockd does: Status() with `more` at each change, the rest from `answers`. What it was asked is in
    `calls`; what it does when a change is asked for is in `acts`."""

    def __init__(self, status, run="/run"):
        self.status, self.calls, self.acts, self.answers, self.error = status, [], {}, {}, None
        self.answers_once = False  # as a daemon that knows no `more`
        self.changed = threading.Condition()
        self.version, self.sent = 0, None
        self.path = pathlib.Path(run, "cloudlock", status["instance"], "control")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.connections = []
        self.listener = None
        self.listen()

    def listen(self):
        self.path.unlink(missing_ok=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen()
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def accept(self, listener):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                self.connections.append(connection)
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        data = b""
        with contextlib.suppress(OSError), connection:
            while chunk := connection.recv(65536):
                data += chunk
                *calls, data = data.split(b"\0")
                for call in calls:
                    self.answer(connection, json.loads(call))

    def answer(self, connection, call):
        method, parameters = call["method"].removeprefix("org.cloudlock1.Lock."), call.get("parameters", {})
        if method == "Status":
            self.stream(connection, call.get("more", False) and not self.answers_once)
            return
        self.calls.append((method, parameters))
        if self.error:
            self.send(connection, {"error": self.error[0], "parameters": self.error[1]})
            return
        with self.changed:
            self.sent = None
        threading.Thread(target=self.play, args=(self.acts.get(method, []),), daemon=True).start()
        self.send(connection, {"parameters": self.answers.get(method, {})})

    def play(self, statuses):
        """One after the other, each when the one before was seen."""
        for status in statuses:
            with self.changed:
                self.changed.wait_for(lambda: self.sent == self.version)
            self.update(status)

    def stream(self, connection, more):
        with self.changed:
            while True:
                seen = self.version
                self.send(connection, {"parameters": self.status, **({"continues": True} if more else {})})
                self.sent = seen
                self.changed.notify_all()
                if not more:
                    return
                self.changed.wait_for(lambda: self.version != seen)

    def update(self, status):
        with self.changed:
            self.status = status
            self.version += 1
            self.changed.notify_all()

    @staticmethod
    def send(connection, message):
        connection.sendall(json.dumps(message).encode() + b"\0")

    def go_away(self):
        """As a daemon that ends: nobody listens any more, and who is connected notices."""
        for end in (self.listener, *self.connections):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.path.unlink()


def run(*words, **options):
    return subprocess.run([program(), *words], capture_output=True, text=True, timeout=SLOW_S, check=False,
                          stdin=subprocess.DEVNULL, **options)


class CommandTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.running = {}
        self.addCleanup(lambda: [daemon.go_away() for daemon in self.running.values()])

    def daemon(self, status, **acts):
        """One of an instance at a time."""
        if status["instance"] in self.running:
            self.running[status["instance"]].go_away()
        daemon = self.running[status["instance"]] = Daemon(status)
        daemon.acts = acts
        return daemon

    def check(self, done, status, *said):
        self.assertEqual([line.removeprefix("validator: ") for line in done.stderr.splitlines()], list(said))
        self.assertEqual((done.returncode, done.stdout), (status, ""))


def program():
    return os.path.abspath(sys.argv[1])


def main():
    """Runs the tests of the script, which is given the path of cloudlockctl. As root."""
    if sys.argv[-1] != "inside":
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, *sys.argv, "inside"])
    scratch = tempfile.mkdtemp()
    try:
        for where in (scratch, "/run"):
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", where], check=True)
        for name in ("upper", "work"):
            os.mkdir(f"{scratch}/{name}")
        subprocess.run(["mount", "-t", "overlay", "-o", f"lowerdir=/etc,upperdir={scratch}/upper,workdir={scratch}/work",
                        "overlay", "/etc"], check=True)
        pathlib.Path("/etc/cloudlock").mkdir(exist_ok=True)
        for left in pathlib.Path("/etc/cloudlock").glob("*.conf"):
            left.unlink()
        os.environ.update(LC_ALL="C.UTF-8")
        unittest.main(argv=sys.argv[:1], verbosity=2)
    finally:
        subprocess.run(["umount", "-l", scratch], check=True)
        os.rmdir(scratch)
