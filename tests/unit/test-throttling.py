#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A holder whose table refuses nearly everything: it asks less and less often, at random moments, and renews all the
same before its target would have to stop. The shipped core and store over real sockets, in a time that is made up
here. Usage: test-throttling.py LOCK-PEER"""

import email.utils
import http.server
import json
import subprocess
import sys
import threading
import unittest
import zlib

SECOND, MINUTE = 1_000_000, 60_000_000
EPOCH_S = 1_763_928_000  # store time when CLOCK_BOOTTIME is 0
ANSWER_US = 20_000       # what a request takes
BACKOFF_US_MIN, BACKOFF_US_MAX = SECOND // 5, 20 * SECOND  # src/base/time-limits.h
INACTIVE, ACTIVE = 0, 2  # UnitPhase of src/lock/lock.h
ROUNDS = 3
SLOW_S = 60  # nothing here takes so long unless it hangs

THROTTLED = b'{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"Rate exceeded"}'
DENIED = b'{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"not authorized"}'
RELEASED = {"label": {"S": "validator"}, "holder": {"S": "before#00000000"}, "version": {"S": "released"},
            "expire_time": {"N": "0"}, "start_time": {"N": str((EPOCH_S - 3600) * 1000)}, "lease_ms": {"N": "600000"},
            "host": {"S": 32 * "0"}, "boot": {"S": 32 * "0"}, "fence": {"N": "1"}}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def date_time_string(self, timestamp=None):
        return email.utils.formatdate(EPOCH_S + self.server.now_us / SECOND, usegmt=True)

    def do_POST(self):  # pylint: disable=invalid-name
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        status, answer = self.server.serve(operation, body)
        self.server.served.release()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("x-amz-crc32", str(zlib.crc32(answer)))
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


class Table(http.server.ThreadingHTTPServer):
    """One item, and when what was asked of it."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.item, self.now_us = dict(RELEASED), 0
        self.refusal, self.refuse_until_us, self.refused_us = b"", 0, []
        self.served = threading.Semaphore(0)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def serve(self, operation, body):
        if self.now_us < self.refuse_until_us:
            self.refused_us.append(self.now_us)
            return 400, self.refusal
        if operation == "GetItem":
            return 200, json.dumps({"Item": self.item}).encode()
        values = body["ExpressionAttributeValues"]
        expected = [value for name, value in values.items() if name[1:2] == "e" and name[2:].isdigit()]
        if self.item["version"] not in expected:
            return 400, b'{"__type":"x#ConditionalCheckFailedException"}'
        self.item = {"label": self.item["label"],
                     **{name[1:]: values[f":{name[1:]}"] for name in body["ExpressionAttributeNames"]
                        if f":{name[1:]}" in values}}
        return 200, b"{}"

    def close(self):
        self.shutdown()
        self.server_close()


class Holder:
    """lock-peer, and the units that it believes to have."""

    def __init__(self, table, lease_us, renew_us):
        self.table, self.now_us = table, 1000 * SECOND
        self.process = subprocess.Popen(
            [PEER, table.url, "eu-central-1", "locks", "validator"], text=True, bufsize=1, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, env={"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret"})
        self.state, self.deadline_us, self.stop_us = "", 0, 0
        self.pending = self.runs = False  # pending: the store has decided, and its answer is on its way
        self.stops = 0
        self.ask("begin", "self#11111111", 32 * "1", 32 * "a", 2 * SECOND, lease_us, renew_us, 10 * SECOND, 42)
        self.ask("table")

    def ask(self, command, *arguments):
        self.table.now_us = self.now_us
        clocks = (self.now_us, self.now_us, self.now_us, EPOCH_S * SECOND + self.now_us)
        sent_before = self.pending
        print(command, *clocks, *arguments, file=self.process.stdin)
        while not (line := self.process.stdout.readline()).startswith("."):
            action, *numbers = line.split() or ["nothing: lock-peer has ended"]
            self.perform(action, numbers)
        _, self.state, deadline, *_ = line.split()
        self.deadline_us = int(deadline)
        # Real time must not decide at which moment of ours a request is served.
        if self.pending and not sent_before and not self.table.served.acquire(timeout=SLOW_S):
            raise AssertionError("a request did not reach the table")

    def perform(self, action, numbers):
        if action in ("read", "write"):
            self.pending = True
        elif action == "lease":
            self.stop_us = int(numbers[0])
        elif action == "start-guard":
            self.runs = True
        elif action == "stop-units":
            self.stops += 1
        elif action not in ("look", "revoke"):
            raise AssertionError(f"lock-peer does {action}")

    def go_on(self):
        """To the next moment at which something is due."""
        if self.pending:
            self.now_us += ANSWER_US
            self.pending = False
            self.ask("answer")
            return
        self.now_us = max(self.now_us + 1000, self.deadline_us)
        phase = ACTIVE if self.runs else INACTIVE
        self.ask("units", self.now_us, phase, phase, int(not self.runs), 0, int(self.runs), 0, SECOND)
        if self.runs and self.state == "starting":
            self.ask("guard-started")

    def go_on_until(self, condition):
        for _ in range(10_000):
            if condition():
                return
            self.go_on()
        raise AssertionError(f"it goes on for ever, {self.state}")

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


class ThrottlingTest(unittest.TestCase):
    def run_one(self, refusal, lease_us, renew_us, last_us):
        """Everything is refused until `last_us` before the target would have to stop; then a renewal may pass."""
        table = Table()
        self.addCleanup(table.close)
        holder = Holder(table, lease_us, renew_us)
        self.addCleanup(holder.close)
        holder.go_on_until(lambda: holder.state == "running")
        holder.stops = 0
        waits_us = []
        for _ in range(ROUNDS):
            holder.go_on_until(lambda: not holder.pending)
            stop_us, version = holder.stop_us, table.item["version"]
            table.refusal, table.refuse_until_us, table.refused_us = refusal, stop_us - last_us, []
            holder.go_on_until(lambda: self.undisturbed(holder) and holder.stop_us > stop_us)
            waits_us.append([b - a for a, b in zip(table.refused_us, table.refused_us[1:])])
            self.assertNotEqual(table.item["version"], version)
        self.assertEqual(holder.stops, 0)
        return waits_us

    def undisturbed(self, holder):
        self.assertEqual(holder.state, "running")
        self.assertLess(holder.now_us, holder.stop_us, "the target was stopped before a renewal passed")
        return True

    def check_jitter(self, waits_us, limit_us):
        """Doubling widths, and anything from next to nothing to the whole width."""
        late_us = [wait for one in waits_us for wait in one[8:]]
        for one in waits_us:
            for number, wait in enumerate(one):
                width_us = min(BACKOFF_US_MIN << number, limit_us)
                self.assertLessEqual(wait, BACKOFF_US_MIN // 2 + width_us + 2 * ANSWER_US)
        self.assertGreater(len(late_us), 30)
        self.assertLess(min(late_us), limit_us / 4)
        self.assertGreater(max(late_us), limit_us * 3 / 4)
        self.assertGreater(len(set(late_us)), len(late_us) * 9 / 10)

    def test_throttled(self):
        self.check_jitter(self.run_one(THROTTLED, 10 * MINUTE, MINUTE, 25 * SECOND), BACKOFF_US_MAX)

    def test_denied(self):
        self.check_jitter(self.run_one(DENIED, 10 * MINUTE, MINUTE, 25 * SECOND), BACKOFF_US_MAX)

    def test_short_lease(self):
        for refusal in (THROTTLED, DENIED):
            waits_us = self.run_one(refusal, 20 * SECOND, 3 * SECOND, 4 * SECOND)
            self.assertLess(max(wait for one in waits_us for wait in one), 3 * SECOND + BACKOFF_US_MIN)


PEER = sys.argv[1]
unittest.main(argv=sys.argv[:1], verbosity=2)
