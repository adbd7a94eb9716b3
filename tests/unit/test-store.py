#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The store over real sockets: a real dynalite behind a front that verifies each signature with botocore and can
spoil the transport. Usage: test-store.py PROBE [WRAPPER...], say `valgrind -q --leak-check=full` as wrapper."""

import base64
import contextlib
import gzip
import http.client
import http.server
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import zlib

NODES = pathlib.Path(__file__).resolve().parent.parent / "nodes"
DYNALITE = NODES / "store/node_modules/dynalite"
sys.path.insert(0, str(NODES))
try:
    from rig import sigv4
except ImportError as missing:
    print(f"skipped: {missing} (Debian: python3-botocore)")
    sys.exit(77)

REGION, TABLE, LABEL, TOKEN = "eu-central-1", "locks", "validator", "FwoGZXIvYXdzEBEaD" + 12 * "TOKEN+/" + "=="
KEY = {"AKIDEXAMPLE": {"secret": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "token": TOKEN}}
VERSIONS = [f"{i}0000000-0000-4000-8000-000000000000" for i in range(10)]
SLOW_S = 60  # nothing here takes so long unless it hangs
STILL_MS_MAX = 3000  # a loop that is blocked stands still until its peer is given up


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


class Dynalite:
    def __init__(self):
        self.port = free_port()
        # Its own command listens on all interfaces.
        script = f"require({json.dumps(str(DYNALITE))})({{createTableMs: 0}}).listen({self.port}, '127.0.0.1')"
        self.process = subprocess.Popen(["node", "-e", script])
        deadline = time.monotonic() + SLOW_S
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            if time.monotonic() > deadline:
                raise RuntimeError("dynalite does not come up")
            time.sleep(0.05)

    def post(self, target, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SLOW_S)
        with contextlib.closing(connection):
            connection.request("POST", "/", body, {
                "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": target, "X-Amz-Date": "20260101T000000Z",
                "Authorization": f"AWS4-HMAC-SHA256 Credential=t/20260101/{REGION}/dynamodb/aws4_request, "
                                 f"SignedHeaders=host, Signature={64 * '0'}"})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()

    def call(self, operation, **body):
        status, _, answer = self.post(f"DynamoDB_20120810.{operation}", json.dumps(body).encode())
        if status != 200:
            raise RuntimeError(answer)
        return json.loads(answer)

    def create_table(self, name, key="label"):
        self.call("CreateTable", TableName=name, BillingMode="PAY_PER_REQUEST",
                  KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
                  AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}])
        while self.call("DescribeTable", TableName=name)["Table"]["TableStatus"] != "ACTIVE":
            time.sleep(0.02)

    def close(self):
        self.process.terminate()
        self.process.wait()


class Request:
    """As rig.sigv4 wants to see it."""

    def __init__(self, handler):
        self.method, self.path = handler.command, handler.path
        self.headers = {name.lower(): value for name, value in handler.headers.items()}
        self.body = handler.rfile.read(int(handler.headers["Content-Length"]))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def setup(self):
        super().setup()
        self.server.connections += 1

    def date_time_string(self, timestamp=None):
        return super().date_time_string((timestamp or time.time()) + self.server.shift_s)

    def do_POST(self):  # pylint: disable=invalid-name
        request = Request(self)
        self.server.requests.append(request)
        try:
            sigv4.verify(request, KEY, time.time() + self.server.shift_s)
        except sigv4.Refused as refused:
            self.server.refused.append(str(refused))
            self.answer(400, json.dumps({"__type": refused.code, "message": str(refused)}).encode())
            return
        getattr(self, self.server.mode)(request)

    def answer(self, status, body, *headers, length=None):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def forward(self, request):
        status, headers, body = self.server.dynalite.post(request.headers["x-amz-target"], request.body)
        return status, body, ("x-amz-crc32", headers["x-amz-crc32"])

    # The modes.

    def sound(self, request):
        self.answer(*self.forward(request))

    def looks_denied(self, request):
        if request.headers["x-amz-target"].endswith("GetItem"):
            self.sound(request)
        else:
            self.answer(400, b'{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"no"}')

    def expiring(self, request):
        if request.headers["x-amz-target"].endswith("DescribeTimeToLive"):
            self.answer(200, b'{"TimeToLiveDescription":{"TimeToLiveStatus":"ENABLED","AttributeName":"expire_time"}}')
        else:
            self.sound(request)

    def global_of_2017(self, request):
        operation = request.headers["x-amz-target"].rpartition(".")[2]
        if operation == "DescribeTable":
            _, body, _ = self.forward(request)
            described = json.loads(body)
            described["Table"]["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
            self.answer(200, json.dumps(described).encode())
        elif operation == "DescribeGlobalTable":
            self.answer(200, b'{"GlobalTableDescription":{"ReplicationGroup":[{"RegionName":"us-east-1"}]}}')
        else:
            self.sound(request)

    def hung(self, _request):
        self.server.released.wait(SLOW_S)
        self.close_connection = True

    def dropped(self, _request):
        self.close_connection = True

    def closed_when_idle(self, request):
        self.sound(request)
        self.close_connection = True

    def applied_and_lost(self, request):
        self.forward(request)
        self.answer(500, b'{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError"}')

    def damaged(self, request):
        status, body, _ = self.forward(request)
        self.answer(status, body, ("x-amz-crc32", str(zlib.crc32(body) ^ 1)))

    def large(self, _request):
        self.answer(200, b'{"Item":{"label":"' + 65536 * b"x")

    def endless(self, _request):
        self.answer(200, b'{"Item":{"label":"' + 200000 * b"x", length=10**12)

    def many_headers(self, _request):
        self.answer(200, b"{}", *[(f"x-{i}", 900 * "x") for i in range(60)])

    def cut(self, _request):
        self.answer(200, b'{"Item":', length=100)
        self.close_connection = True

    def redirect(self, _request):
        self.answer(307, b"{}", ("Location", f"http://127.0.0.1:{self.server.server_address[1]}/elsewhere"))

    def canned(self, _request):
        self.answer(*self.server.canned)

    def ten_megabytes(self, _request):
        self.send_response(200)
        self.send_header("Content-Length", str(10 << 20))
        self.end_headers()
        for _ in range(160):
            self.wfile.write(65536 * b" ")
        self.close_connection = True

    def two_dates(self, _request):
        self.answer(200, b"{}", ("Date", "Sun, 06 Nov 1994 08:49:37 GMT"))

    def continued(self, request):
        self.wfile.write(b"HTTP/1.1 100 Continue\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n")
        self.sound(request)

    def garbled(self, _request):
        self.wfile.write(b"\x15\x03\x01\x00\x02\x02\x16\r\n\r\n")
        self.close_connection = True


class Front(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, dynalite, certificate=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.dynalite, self.mode, self.shift_s, self.released = dynalite, "sound", 0, threading.Event()
        self.requests, self.refused, self.connections, self.closed = [], [], 0, 0
        self.canned = (200, b"{}")
        scheme = "http"
        if certificate:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(certificate)
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
            scheme = "https"
        self.url = f"{scheme}://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def handle_error(self, *_):
        pass  # clients that hang up are what is being tested

    def shutdown_request(self, request):
        super().shutdown_request(request)
        self.closed += 1

    def close(self):
        self.released.set()
        self.shutdown()
        self.server_close()


class Answer:
    def __init__(self, line):
        fields = line.rstrip("\n").split("\t")
        self.outcome, self.date, record, self.version, self.holder, fence, still_ms, self.error = fields
        self.date, self.has_record, self.fence, self.still_ms = int(self.date), record == "1", int(fence), int(still_ms)


class Probe:
    def __init__(self, url, table=TABLE, label=LABEL, keys=True, **environment):
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": "/nonexistent",
                       "AWS_EC2_METADATA_DISABLED": "true", **environment}
        if keys:
            environment = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": KEY["AKIDEXAMPLE"]["secret"],
                           "AWS_SESSION_TOKEN": TOKEN, **environment}
        self.process = subprocess.Popen([*WRAPPER, PROBE, url, REGION, table, label], env=environment, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def line(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()

    def ask(self, command, timeout_ms=5000):
        answer = Answer(self.line(f"{command} {timeout_ms}"))
        if WRAPPER == [] and answer.still_ms > STILL_MS_MAX:
            raise AssertionError(f"the loop stood still for {answer.still_ms} ms")
        return answer

    def close(self):
        self.process.stdin.close()
        rest = self.process.stdout.read()
        self.process.stdout.close()
        if self.process.wait(SLOW_S) != 0 or rest:
            raise AssertionError(f"the probe ended with {self.process.returncode} and {rest!r}")


class StoreTest(unittest.TestCase):
    def setUp(self):
        self.front = Front(self.dynalite)
        self.addCleanup(self.front.close)
        self.addCleanup(self.dynalite.call, "DeleteItem", TableName=TABLE, Key={"label": {"S": LABEL}})

    def probe(self, url=None, **arguments):
        probe = Probe(url or self.front.url, **arguments)
        self.addCleanup(probe.close)
        return probe

    def check(self, answer, outcome, says=""):
        self.assertEqual(answer.outcome, outcome, answer.error)
        self.assertIn(says, answer.error)
        self.assertNotIn(TOKEN, answer.error)
        self.assertNotIn(KEY["AKIDEXAMPLE"]["secret"], answer.error)
        return answer

    def check_date(self, ask, shift_s=0):
        """The front's time while it was asked; in whole seconds, as Date has them."""
        begin = time.time() + shift_s
        answer = ask()
        self.assertTrue(begin - 1 <= answer.date <= time.time() + shift_s, answer.date - begin)
        return answer

    def test_life_of_a_record(self):
        probe = self.probe()
        answer = self.check_date(lambda: self.check(probe.ask("read"), "ok"))
        self.assertFalse(answer.has_record)
        self.check(probe.ask(f"create {VERSIONS[0]}"), "ok")
        answer = self.check(probe.ask("read"), "ok")
        self.assertEqual((answer.version, answer.holder, answer.fence),
                         (VERSIONS[0], "node1#0badcafe", 1763928001123))
        self.check(probe.ask(f"create {VERSIONS[1]}"), "condition-failed", "another version")
        self.check(probe.ask(f"update {VERSIONS[1]} {VERSIONS[2]}"), "condition-failed")
        self.check(probe.ask(f"update {VERSIONS[1]} {VERSIONS[2]},{VERSIONS[0]}"), "ok")
        self.assertEqual(probe.ask("read").version, VERSIONS[1])
        item = self.dynalite.call("GetItem", TableName=TABLE, Key={"label": {"S": LABEL}})["Item"]
        self.assertEqual(sorted(item), sorted(["label", "holder", "expire_time", "start_time", "version", "lease_ms",
                                               "host", "boot", "fence"]))
        self.assertEqual(self.front.refused, [])

    def test_others_items(self):
        probe = self.probe()
        item = {"label": {"S": LABEL}, "holder": {"S": "node2"}, "version": {"S": "v"},
                "expire_time": {"N": "1763929846000"}, "start_time": {"N": "1763928001000"}}
        self.dynalite.call("PutItem", TableName=TABLE, Item=item)
        self.assertEqual(self.check(probe.ask("read"), "ok").holder, "node2")
        self.dynalite.call("PutItem", TableName=TABLE, Item={**item, "expire_time": {"N": "1.5"}})
        self.check(probe.ask("read"), "unclear", f"the item {LABEL} of table {TABLE}")

    def item(self):
        return self.dynalite.call("GetItem", TableName=TABLE, Key={"label": {"S": LABEL}}).get("Item")

    def test_handover(self):
        probe = self.probe()
        self.check(probe.ask(f"create {VERSIONS[0]}"), "ok")
        self.check(probe.ask(f"hand-over {VERSIONS[1]} {VERSIONS[0]}"), "ok")
        self.assertEqual(self.item()["successor"], {"S": "node2"})
        self.check(probe.ask(f"update {VERSIONS[2]} {VERSIONS[1]}"), "ok")
        self.assertNotIn("successor", self.item())

    def test_delete(self):
        probe, holder = self.probe(), "node1#0badcafe"
        self.check(probe.ask(f"delete {VERSIONS[0]} {holder}"), "condition-failed")
        self.check(probe.ask(f"create {VERSIONS[0]}"), "ok")
        for words in (f"{VERSIONS[1]} {holder}", f"{VERSIONS[0]} node1", "- -", f"- {holder}"):
            self.check(probe.ask(f"delete {words}"), "condition-failed")
        self.assertTrue(self.item())
        self.front.mode = "applied_and_lost"
        self.check(probe.ask(f"delete {VERSIONS[0]} {holder}"), "retry")
        self.front.mode = "sound"
        self.assertFalse(self.check(probe.ask("read"), "ok").has_record)
        self.check(probe.ask(f"create {VERSIONS[0]}"), "ok")
        self.check(probe.ask(f"delete {VERSIONS[0]} -"), "ok")
        self.assertIsNone(self.item())

    def test_delete_what_is_no_lock_record(self):
        probe = self.probe()
        self.check(probe.ask("delete - -"), "condition-failed")
        for rest in ({}, {"version": {"N": "5"}}, {"version": {"M": {}}, "holder": {"S": "node2"}},
                     {"version": {"NULL": True}, "holder": {"N": "1"}}):
            with self.subTest(rest):
                self.dynalite.call("PutItem", TableName=TABLE, Item={"label": {"S": LABEL}, **rest})
                answer = self.check(probe.ask("read"), "unclear")
                self.assertEqual((answer.version, answer.holder), ("", rest.get("holder", {}).get("S", "")))
                self.check(probe.ask("delete - another"), "condition-failed")
                self.check(probe.ask(f"delete - {answer.holder or '-'}"), "ok")
                self.assertIsNone(self.item())

    def test_missing_table(self):
        self.check(self.probe(table="nowhere").ask("read"), "person", "table nowhere in eu-central-1 does not exist")

    def test_no_keys(self):
        self.check(self.probe(keys=False).ask("read"), "person", "there are no AWS keys")
        probe = self.probe(keys=False, AWS_ACCESS_KEY_ID="AKIDEXAMPLE")
        self.check(probe.ask("read"), "person", "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not")
        self.check(self.probe(AWS_SESSION_TOKEN="a\r\nX-Evil: 1").ask("read"), "person", "control character")
        self.check(probe.ask("last"), "person")
        self.assertEqual(self.front.requests, [])

    def test_wrong_keys(self):
        self.check(self.probe(AWS_ACCESS_KEY_ID="AKIDOTHER").ask("read"), "person", "the AWS keys")
        self.check(self.probe(AWS_SECRET_ACCESS_KEY="wrong").ask("read"), "person", "does not belong to the key")

    def test_wrong_clock_heals(self):
        """20 minutes off, either way: AWS's answer is about the clock; what comes after it is signed right, and brings the
        Date by which the core sees how far off it is. The same when the difference changes while the store is in use."""
        probe = self.probe()
        for shift_s, fresh in ((1200, False), (-1200, False), (0, False), (1200, True), (-1200, True)):
            with self.subTest(shift_s=shift_s, fresh=fresh):
                self.front.shift_s = shift_s
                probe = self.probe() if fresh else probe
                self.check(probe.ask("read"), "retry", "clock")
                self.check_date(lambda: self.check(probe.ask("read"), "ok"), shift_s)
                self.check(probe.ask(f"update {VERSIONS[1]} {VERSIONS[0]}"), "condition-failed")
                self.assertEqual(len(self.front.refused), 1)
                self.front.refused.clear()

    def test_reads_share_a_connection(self):
        probe = self.probe()
        for _ in range(5):
            self.check(probe.ask("read"), "ok")
        self.assertEqual(self.front.connections, 1)

    def test_idle_connection_closed(self):
        self.front.mode = "closed_when_idle"
        probe = self.probe()
        for i in range(3):
            self.check(probe.ask("read"), "ok")
            while self.front.closed < self.front.connections:
                time.sleep(0.01)
            self.check(probe.ask(f"update {VERSIONS[1]} {VERSIONS[0]}" if i else f"create {VERSIONS[0]}"), "ok"
                       if i < 2 else "condition-failed")

    def test_write_is_sent_once(self):
        probe = self.probe()
        self.check(probe.ask("read"), "ok")
        self.front.mode = "dropped"
        self.check(probe.ask(f"create {VERSIONS[0]}"), "retry", "127.0.0.1")
        self.assertEqual(len(self.front.requests), 2)

    def test_lost_answer(self):
        probe = self.probe()
        self.front.mode = "applied_and_lost"
        self.check(probe.ask(f"create {VERSIONS[0]}"), "retry", "internal error")
        self.front.mode = "sound"
        self.check(probe.ask(f"create {VERSIONS[0]}"), "condition-failed")
        self.assertEqual(probe.ask("read").version, VERSIONS[0])

    def test_spoiled_answers(self):
        for mode, says in (("damaged", "x-amz-crc32"), ("large", "too large"), ("endless", "too large"),
                           ("ten_megabytes", "too large"),
                           ("many_headers", "too large"), ("cut", "127.0.0.1"), ("redirect", "HTTP status 307"),
                           ("garbled", "127.0.0.1")):
            with self.subTest(mode):
                probe = self.probe()
                self.front.mode, before = mode, len(self.front.requests)
                self.check(probe.ask("read"), "retry", says)
                self.assertEqual(len(self.front.requests), before + 1)
                self.front.mode = "sound"
                self.check(probe.ask("read"), "ok")

    def test_hostile_answers(self):
        """As hostile-answers.h, and what only a socket can show; none is taken for the answer to a write either."""
        item = b'{"Item":{"label":{"S":"validator"},"holder":{"S":"h"},"version":{"S":%s},"expire_time":{"N":%s},' \
               b'"start_time":{"N":"1"}}}'
        cases = (
            ("empty", b"", (), "retry", "is empty"),
            ("html", b"<html></html>", (("Content-Type", "text/html"),), "retry", "is a page for people"),
            ("type", b"{}", (("Content-Type", "text/plain"),), "retry", "is no JSON by its Content-Type"),
            ("gzip", gzip.compress(b"{}"), (("Content-Encoding", "gzip"),), "retry", "is compressed"),
            ("gzip, unsaid", gzip.compress(b"{}"), (), "retry", "is compressed"),
            ("nul", b"{\0}", (), "retry", "bytes in it that are no text"),
            ("utf-8", b'{"Item":"\xff"}', (), "retry", "bytes in it that are no text"),
            ("cut", (item % (b'"v"', b'"1"'))[:-2], (), "retry", "is cut off"),
            ("deep", b'{"Item":' + 500 * b"[" + 500 * b"]" + b"}", (), "retry", "nested too deeply"),
            ("twice", b'{"Item":{},"Item":{}}', (), "retry", "says something twice"),
            ("other item", b'{"Item":{"label":{"S":"another"}}}', (), "retry", "another item"),
            ("other operation", b'{"Attributes":{}}', (), "retry", "something else than GetItem"),
            ("crc32", b"{}", (("x-amz-crc32", "1"),), "retry", "x-amz-crc32"),
            ("no version", item % (b'""', b'"1"'), (), "unclear", "its version is empty"),
            ("long version", item % (b'"' + 65 * b"v" + b'"', b'"1"'), (), "unclear", "its version is too long"),
            ("1e400", item % (b'"v"', b'"1e400"'), (), "unclear", "its expire_time is no whole number"),
            ("40 digits", item % (b'"v"', b'"' + 40 * b"9" + b'"'), (), "unclear", "its expire_time is too large"))
        probe = self.probe()
        self.front.mode = "canned"
        for name, body, headers, outcome, says in cases:
            with self.subTest(name):
                self.front.canned = (200, body, *headers)
                self.check(probe.ask("read"), outcome, says)
                self.check(probe.ask(f"create {VERSIONS[0]}"), "retry")
        for status, body, says in ((301, b"{}", "redirects are not followed"), (403, b"no", "HTTP status 403"),
                                   (204, b"", "HTTP status 204"), (503, b"", "HTTP status 503")):
            with self.subTest(status):
                self.front.canned = (status, body)
                self.check(probe.ask("read"), "retry", says)
                self.check(probe.ask(f"create {VERSIONS[0]}"), "retry", says)

    def test_an_error_with_the_request_in_it(self):
        probe = self.probe()
        self.front.mode = "canned"
        for text in (TOKEN, base64.b64encode(TOKEN.encode()).decode(), TOKEN.encode().hex()):
            message = f"x-amz-security-token:{text} is not allowed"
            self.front.canned = (400, json.dumps({"__type": "x#AccessDeniedException", "message": message}).encode())
            answer = self.check(probe.ask("read"), "person", "x-amz-security-token:[...] is not allowed")
            self.assertNotIn(text[:16], answer.error)

    def test_dates(self):
        probe = self.probe()
        self.front.mode = "two_dates"
        self.assertEqual(self.check(probe.ask("read"), "ok").date, 0)
        self.front.mode = "continued"
        self.check_date(lambda: self.check(probe.ask("read"), "ok"))

    def test_no_answer_in_time(self):
        probe = self.probe()
        self.front.mode = "hung"
        begin = time.monotonic()
        self.check(probe.ask("read", 700), "retry", "in time")
        self.assertTrue(0.6 < time.monotonic() - begin < SLOW_S / 2)  # the front hangs for all of that
        self.check(probe.ask(f"create {VERSIONS[0]}", 0), "retry", "in time")
        self.front.mode = "sound"
        self.check(probe.ask("read"), "ok")

    def test_accepted_by_nobody(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
            self.check(self.probe(url).ask("read", 500), "retry", "in time")
            tls = self.probe(url.replace("http", "https"))
            self.check(tls.ask("read", 500), "retry", "in time")

    def test_connection_refused(self):
        self.check(self.probe(f"http://127.0.0.1:{free_port()}").ask("read"), "retry", "cannot be reached")

    def test_cancelling(self):
        probe = self.probe()
        self.check(probe.ask("supersede"), "ok")
        self.front.mode = "hung"
        self.assertEqual(probe.line("cancel 5000"), "cancelled\n")
        self.front.mode = "sound"
        self.check(probe.ask("read"), "ok")
        self.check(probe.ask("last"), "ok")

    def operations(self):
        return [request.headers["x-amz-target"].rpartition(".")[2] for request in self.front.requests]

    def test_looking_at_the_table(self):
        self.check(self.probe().ask("look"), "ok")
        self.assertEqual(self.operations(), ["DescribeTable", "DescribeTimeToLive"])
        self.assertEqual(self.front.refused, [])
        self.check(self.probe(table="nowhere").ask("look"), "retry", "nowhere in eu-central-1 does not exist")
        self.dynalite.create_table("by-id", "id")
        self.check(self.probe(table="by-id").ask("look"), "refused", "another key than label (String)")
        self.check(self.probe(keys=False).ask("look"), "retry", "there are no AWS keys")
        self.check(self.probe(keys=False).ask("last-look"), "retry")

    def test_tables_that_will_not_do(self):
        probe = self.probe()
        for mode, outcome, says in (("looks_denied", "not-allowed", "dynamodb:DescribeTable"), ("damaged", "retry", "crc32"),
                                    ("expiring", "refused", "expire_time"), ("cut", "retry", "127.0.0.1"),
                                    ("global_of_2017", "refused", "global table"), ("sound", "ok", "")):
            with self.subTest(mode):
                self.front.mode = mode
                self.check(probe.ask("look"), outcome, says)
        self.check(probe.ask("last-look"), "ok")

    def test_look_beside_a_read(self):
        probe = self.probe()
        self.check(probe.ask("both"), "ok")
        self.check(Answer(probe.process.stdout.readline()), "ok")
        self.assertEqual(sorted(self.operations()), ["DescribeTable", "DescribeTimeToLive", "GetItem"])
        self.front.mode = "hung"
        self.check(probe.ask("look", 700), "retry", "in time")

    def test_proxy_is_for_https_only(self):
        nowhere = f"http://127.0.0.1:{free_port()}"
        proxy = {"http_proxy": nowhere, "https_proxy": nowhere, "ALL_PROXY": nowhere}
        self.check(self.probe(**proxy).ask("read"), "ok")
        self.check(self.probe("https://dynamodb.invalid", **proxy).ask("read"), "retry", "127.0.0.1")

    def test_unknown_name(self):
        self.check(self.probe("https://dynamodb.invalid").ask("read"), "retry", "dynamodb.invalid")

    def test_tls(self):
        with tempfile.TemporaryDirectory() as directory:
            path = f"{directory}/both.pem"
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                            "-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1",
                            "-keyout", path, "-out", f"{directory}/certificate.pem"], check=True, capture_output=True)
            certificate = pathlib.Path(f"{directory}/certificate.pem")
            pathlib.Path(path).write_bytes(pathlib.Path(path).read_bytes() + certificate.read_bytes())
            front = Front(self.dynalite, path)
            self.addCleanup(front.close)
            trusting = {"AWS_CA_BUNDLE": str(certificate)}
            self.check(self.probe(front.url, **trusting).ask("read"), "ok")
            self.assertEqual(len(front.requests), 1)
            self.check(self.probe(front.url).ask("read"), "retry", "cannot be trusted")
            self.check(self.probe(front.url.replace("127.0.0.1", "localhost"), **trusting).ask("read"), "retry",
                       "cannot be trusted")
            self.check(self.probe(front.url, AWS_CA_BUNDLE=f"{directory}/missing").ask("read"), "retry",
                       "AWS_CA_BUNDLE")
            self.check(self.probe(self.front.url.replace("http", "https"), **trusting).ask("read"), "retry")
            self.assertEqual((len(front.requests), len(self.front.requests)), (1, 0))

    def test_refused_endpoints(self):
        for url in ("http://192.0.2.1:8000", "https://127.0.0.1/path"):
            process = subprocess.run([PROBE, url, REGION, TABLE, LABEL], stdin=subprocess.DEVNULL, capture_output=True,
                                     text=True, check=False)
            self.assertIn("Invalid argument", process.stderr)


if not shutil.which("node") or not DYNALITE.exists():
    print(f"skipped: {DYNALITE} or node is missing (npm ci --prefix tests/nodes/store)")
    sys.exit(77)
PROBE, WRAPPER = sys.argv[1], sys.argv[2:]
StoreTest.dynalite = Dynalite()
try:
    StoreTest.dynalite.create_table(TABLE)
    unittest.main(argv=sys.argv[:1], verbosity=2)
finally:
    StoreTest.dynalite.close()
