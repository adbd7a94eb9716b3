# SPDX-License-Identifier: LGPL-2.1-or-later
"""What cloudlockd itself says of its configuration beside a record of the original, and whether it refuses.

It runs as it is shipped, but without a bus, with a /run of its own, and by the true time.
"""

import contextlib
import json
import os
import subprocess
import tempfile
import time

from rig import front as rig_front

from . import stores
from .front import Stuck

INSTANCE, KEY, HOLDER = "advice", "AKIDADVICE", "old-java"
EX_CONFIG = 78
WARNS = "The record of old-java is the original program's"
# The lines of a file, and what has to be said, in which order; what must not be; and the exit status, if it ends.
CASES = (
    ("moving over", "", ("standby", WARNS, "set cloudlock_mixed_fleet=yes"), "refus", None),
    ("a mixed fleet", "cloudlock_mixed_fleet=yes\ncloudlock_restart_gap=2min\n",
     ("cloudlock_mixed_fleet: every host's gap, also where the original runs, must be 2min or longer", "standby"),
     WARNS, None),
    ("a gap that is too short", "cloudlock_restart_gap=119s\n",
     ("old-java is the original program: beside it cloudlock_restart_gap has to be 2min or more, on every host", WARNS),
     "standby", None),
    ("a mixed fleet with a gap that is too short", "cloudlock_mixed_fleet=yes\ncloudlock_restart_gap=119s\n",
     ("a gap of 119s does not keep two targets apart; expected 2min or more on every host",), "standby", EX_CONFIG),
)


def _put_record(front):
    now_ms = int(time.time() * 1000)
    item = {"label": INSTANCE, "holder": HOLDER, "version": "0e0f1d0a-0000-4000-8000-000000000000",
            "start_time": now_ms - 3_600_000, "expire_time": now_ms + 1_800_000}
    request = {"TableName": stores.TABLE, "Item": rig_front.typed(item)}
    status, _, body = front.post("PutItem", json.dumps(request).encode())
    if status != 200:
        raise Stuck(f"the store took no record: {body}")


class Daemon:
    def __init__(self, rig, program, folder, lines):
        self._front, self.said = rig.front, ""
        with open(f"{folder}/config", "w", encoding="utf-8") as file:
            file.write(f"cloudlock_aws_key_id={KEY}\ncloudlock_aws_secret={rig.secret}\n"
                       f"cloudlock_dynamodb_table={stores.TABLE}\ncloudlock_aws_region={stores.REGION}\n"
                       f"cloudlock_dynamodb_endpoint={rig.front.url}\n{lines}")
        inside = 'mount -t tmpfs tmpfs /run && mkdir -p "/run/cloudlock/$0" && exec "$@" "$0"'
        self._process = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", inside, INSTANCE, program], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "CREDENTIALS_DIRECTORY": folder})
        self._ended = False
        rig.front.watch(self._process.stderr, self._read)

    def _read(self):
        piece = os.read(self._process.stderr.fileno(), 65536).decode()
        self.said += piece
        self._ended = not piece

    def _serve(self):
        request = self._front.take(KEY)
        if request:
            self._front.answer(request, self._front.apply(request), time.time_ns() // 1000)

    def wait(self, words, ends):
        """Until it has ended or, should it go on, has said all of this; whether it has."""
        def over():
            self._serve()
            return self._ended or (not ends and all(word in self.said for word in words))

        self._front.wait(over)
        return all(word in self.said for word in words)

    def end(self):
        """Asks it to end, and waits until it has: what it was about to say is said then. Its exit status, if that was
        its own will."""
        asked = not self._ended
        if asked:
            self._process.terminate()
        self._front.wait(lambda: self._serve() or self._ended)
        self._front.forget(self._process.stderr)
        with contextlib.closing(self._process.stderr):
            status = self._process.wait()
        return None if asked else status


def check(rig, program):
    """What cloudlockd did not say as it has to, one text a case."""
    failures = []
    _put_record(rig.front)
    for name, lines, words, never, status in CASES:
        with tempfile.TemporaryDirectory(prefix="cloudlock-mixed-") as folder:
            daemon = Daemon(rig, program, folder, lines)
            good = daemon.wait(words, status is not None)
            ended = daemon.end()
        if not good or never in daemon.said or ended != status:
            failures.append(f"{name}: cloudlockd (status {ended}) said:\n{daemon.said}")
    return failures
