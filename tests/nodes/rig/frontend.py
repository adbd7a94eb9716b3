# SPDX-License-Identifier: LGPL-2.1-or-later
"""The store's front end: a process in the hub that stands where AWS would.

TLS by the rig's authority, every signature verified, the faults of `faults.py`, a log line for
each request; the rest is passed on to dynalite or DynamoDB Local. Neither of them does any of this.

    python3 -m rig.frontend CONFIG.json
"""

import email.utils
import http.client
import http.server
import json
import socket
import socketserver
import ssl
import struct
import sys
import threading
import time
import zlib

from . import faults, sigv4

HANDSHAKE_TIMEOUT_S = 20
IDLE_TIMEOUT_S = 60  # as DynamoDB closes idle connections
STORE_TIMEOUT_S = 30
# What the stores want to see; they check no more than its form.
STORE_AUTHORIZATION = ("AWS4-HMAC-SHA256 Credential=rig/20260101/{region}/dynamodb/aws4_request, "
                       "SignedHeaders=host, Signature=" + 64 * "0")


class Request:
    """One request as it came in, and what is known of it."""

    def __init__(self, host, method, path, headers, body):
        self.host, self.method, self.path, self.headers, self.body = host, method, path, headers, body
        self.op = headers.get("x-amz-target", "").rpartition(".")[2]


class FrontEnd:
    """What all connections share: the configuration, the faults, the counts and the log."""

    def __init__(self, config):
        self.config = config
        self.faults = faults.Faults()
        self.counts = {"verified": 0, "refused": 0, "refusals": {}, "bad_tls": 0}
        self._log = open(config["log"], "a", encoding="utf-8")  # pylint: disable=consider-using-with
        self._lock = threading.Lock()
        self._number = 0

    def host_name(self, address):
        return self.config["hosts"].get(address, address)

    def now(self, host):
        return time.time() + self.faults.clock_shift_s(host)

    def verify(self, request):
        """None when the signature holds, else the answer that refuses it."""
        try:
            sigv4.verify(request, self.config["keys"], self.now(request.host))
        except sigv4.Refused as refused:
            with self._lock:
                self.counts["refused"] += 1
                per_host = self.counts["refusals"]
                per_host[request.host] = per_host.get(request.host, 0) + 1
            return error(400, refused.code, str(refused))
        with self._lock:
            self.counts["verified"] += 1
        return None

    def count_bad_tls(self):
        with self._lock:
            self.counts["bad_tls"] += 1

    def next_number(self):
        with self._lock:
            self._number += 1
            return self._number

    def log(self, **entry):
        with self._lock:
            self._log.write(json.dumps(entry) + "\n")
            self._log.flush()


def error(status, code, message):
    return status, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(
        {"__type": code, "message": message}).encode()


def ask_store(connection, region, op, body):
    """Pass an operation on to the store; returns status, headers, body."""
    connection.request("POST", "/", body=body, headers={
        "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"DynamoDB_20120810.{op}",
        "X-Amz-Date": "20260101T000000Z", "Authorization": STORE_AUTHORIZATION.format(region=region)})
    answer = connection.getresponse()
    kept = {name: value for name, value in answer.getheaders()
            if name.lower() in ("content-type", "x-amz-crc32", "x-amzn-requestid")}
    return answer.status, kept, answer.read()


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection of a host; requests on it follow each other."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_TIMEOUT_S
    disable_nagle_algorithm = True
    front: FrontEnd

    def setup(self):
        super().setup()
        self.host = self.front.host_name(self.client_address[0])
        self.store = http.client.HTTPConnection("127.0.0.1", self.front.config["store_port"],
                                                timeout=STORE_TIMEOUT_S)

    def finish(self):
        self.store.close()
        super().finish()

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        headers = {name.lower(): " ".join(value.split()) for name, value in self.headers.items()}
        request = Request(self.host, self.command, self.path, headers, self.rfile.read(length))
        entry = {"n": self.front.next_number(), "time": time.time(), "mono_ns": time.monotonic_ns(),
                 "host": self.host, "op": request.op, "body": parsed(request.body), "faults": []}
        if self.front.faults.refuses(self.host):
            self.hang_up(entry, "refused")
            return
        refusal = self.front.verify(request)
        entry["verified"] = refusal is None
        if refusal is not None:
            self.answer(entry, refusal)
        else:
            self.serve(request, entry, self.front.faults.take(self.host, request.op))

    do_GET = do_PUT = do_DELETE = do_POST

    def serve(self, request, entry, rules):
        """Pass a verified request on, with the faults that are due."""
        entry["faults"] = sorted(rules)
        if "delay_before" in rules:
            time.sleep(rules["delay_before"]["seconds"])
        if "drop_before" in rules:
            self.hang_up(entry, "dropped")
            return
        for kind, what in (("throttle", faults.THROTTLED), ("fail_before", faults.FAILED),
                           ("deny", faults.DENIED)):
            if kind in rules:
                self.answer(entry, error(*what))
                return
        if "echo" in rules:
            self.answer(entry, error(400, faults.DENIED[1], faults.echo(request)))
            return
        answer = ask_store(self.store, self.front.config["region"], request.op, request.body)
        entry["applied_mono_ns"] = time.monotonic_ns()
        entry["store_status"] = answer[0]
        entry["store_answer"] = parsed(answer[2])
        if "delay_after" in rules:
            time.sleep(rules["delay_after"]["seconds"])
        if "drop" in rules:
            self.hang_up(entry, "applied, dropped")
        elif "fail_after" in rules:
            self.answer(entry, error(*faults.FAILED))
        elif "spoil" in rules:
            self.answer_spoilt(entry, answer, rules["spoil"]["how"])
        else:
            self.answer(entry, answer)

    def answer_spoilt(self, entry, answer, how):
        status, headers, body = answer
        if how in faults.ERRORS:
            self.answer(entry, error(*faults.ERRORS[how], "Spoilt by the rig"))
        elif how in faults.BODIES:
            self.answer(entry, (status, {}, faults.BODIES[how]))
        elif how == "cut":
            self.answer(entry, (status, {**headers, "Content-Length": str(len(body) + 10)}, body))
            self.close_connection = True
        else:
            status, more = {"crc": (status, {"x-amz-crc32": "1"}), "no date": (status, {"Date": "soon"}),
                            "old date": (status, {"Date": "Thu, 01 Jan 1970 00:00:01 GMT"}),
                            "redirect": (302, {"Location": "/elsewhere"})}[how]
            self.answer(entry, (status, {**headers, **more}, body))

    def answer(self, entry, answer):
        status, headers, body = answer
        entry.update(status=status, answer=parsed(body), outcome="answered", answered_mono_ns=time.monotonic_ns())
        self.front.log(**entry)
        headers = {"x-amz-crc32": str(zlib.crc32(body)), "Server": "Server", "Content-Length": str(len(body)),
                   "Date": email.utils.formatdate(self.front.now(self.host), usegmt=True), **headers}
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def hang_up(self, entry, outcome):
        entry.update(status=None, outcome=outcome)
        self.front.log(**entry)
        self.close_connection = True
        reset_on_close(self.connection)

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        """The log of requests is our own."""


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Accepts; the handshake happens in the connection's thread, where it can't hold up others."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, front):
        self.front = front
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(front.config["certificate"], front.config["key"])
        handler = type("FrontHandler", (Handler,), {"front": front})
        super().__init__((front.config["listen"], front.config["port"]), handler)

    def process_request_thread(self, request, client_address):
        if self.front.faults.refuses(self.front.host_name(client_address[0])):
            reset_on_close(request)
            request.close()
            return
        try:
            request.settimeout(HANDSHAKE_TIMEOUT_S)
            secured = self.tls.wrap_socket(request, server_side=True)
        except OSError:
            self.front.count_bad_tls()
            request.close()
            return
        super().process_request_thread(secured, client_address)

    def handle_error(self, request, client_address):
        """A client that went away is no news; anything else is a fault of the rig's."""
        if not isinstance(sys.exc_info()[1], (OSError, ssl.SSLError)):
            super().handle_error(request, client_address)


class Control(socketserver.StreamRequestHandler):
    """The tests' side: one JSON line in, one out."""

    front: FrontEnd

    def handle(self):
        for line in self.rfile:
            asked = json.loads(line)
            try:
                answer = {"ok": self.carry_out(asked.pop("do"), asked)}
            except Exception as failure:  # pylint: disable=broad-exception-caught
                answer = {"error": f"{type(failure).__name__}: {failure}"}
            self.wfile.write(json.dumps(answer).encode() + b"\n")

    def carry_out(self, what, asked):
        front = self.front
        if what == "fault":
            return front.faults.add(asked["rule"])
        if what == "clear":
            return front.faults.remove(asked["id"])
        if what == "used":
            return front.faults.used(asked["id"])
        if what == "counts":
            return front.counts
        if what == "keys":
            front.config["keys"] = asked["keys"]
            return None
        if what == "store":
            return self.ask_store(asked["op"], asked["body"])
        raise ValueError(f"no such request: {what}")

    def ask_store(self, op, body):
        """An operation of the tests' own: past TLS, signatures, faults and log."""
        config = self.front.config
        connection = http.client.HTTPConnection("127.0.0.1", config["store_port"], timeout=STORE_TIMEOUT_S)
        try:
            status, _, answer = ask_store(connection, config["region"], op, json.dumps(body).encode())
        finally:
            connection.close()
        return [status, parsed(answer)]


class ControlServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


def parsed(body):
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")


def reset_on_close(connection):
    """Close with a reset: to the other side the peer has crashed, rather than hung up politely."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def main(path):
    with open(path, encoding="utf-8") as file:
        front = FrontEnd(json.load(file))
    control = ControlServer(front.config["control"], type("FrontControl", (Control,), {"front": front}))
    threading.Thread(target=control.serve_forever, daemon=True).start()
    Server(front).serve_forever(poll_interval=0.1)


if __name__ == "__main__":
    main(sys.argv[1])
