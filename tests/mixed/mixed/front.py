# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where the hosts' requests arrive, one a connection, each host known by its access key.

No time passes while something is on the wire: a request is taken whole, lies here until its answer is due, and is
answered, or its connection closed. Whoever waits for a host waits here.
"""

import datetime
import email.utils
import http.client
import os
import selectors
import socket
import time

from rig import sigv4

WAIT_S = 60  # of real time, for something that is on its way: nothing takes so long unless it hangs
IDLE_S = 2   # the stores close connections that are idle for 5 s and more
STAMP = "%Y%m%dT%H%M%SZ"
# What the stores want to see; they check no more than its form.
STORE_AUTHORIZATION = ("AWS4-HMAC-SHA256 Credential=mixed/20260101/{region}/dynamodb/aws4_request, "
                       "SignedHeaders=host, Signature=" + 64 * "0")
REASONS = {200: "OK", 400: "Bad Request", 500: "Internal Server Error"}


class Stuck(Exception):
    """Something real did not happen in time: no verdict."""


class Request:
    """As rig.sigv4 wants to see it; `connection` is None once it was answered or given up."""

    def __init__(self, connection, head, body):
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.path, _ = lines[0].split(" ")
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        self.body, self.connection = body, connection
        self.key = sigv4.AUTHORIZATION.match(self.headers["authorization"]).group(1)
        self.operation = self.headers["x-amz-target"].rpartition(".")[2]


class Connection:
    def __init__(self, accepted):
        self.socket, self.data = accepted, b""

    def read(self):
        """The request, once it is there whole; False: the other side has gone."""
        piece = self.socket.recv(65536)
        if not piece:
            return False
        self.data += piece
        head, found, body = self.data.partition(b"\r\n\r\n")
        if not found:
            return None
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        return Request(self, head, body) if len(body) == length else None


class Front:
    def __init__(self, secret, region):
        self._secret, self._region = secret, region
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._woken, self._waker = os.pipe()
        self._selector.register(self._woken, selectors.EVENT_READ, lambda: os.read(self._woken, 4096))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.store, self._asked_at = None, 0
        self._arrived = {}
        self.verified = 0

    def ask(self, port):
        """From now on the store is the one on this port."""
        self.store, self._asked_at = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S), 0

    # -- waiting

    def watch(self, file, handler):
        self._selector.register(file, selectors.EVENT_READ, handler)

    def forget(self, file):
        self._selector.unregister(file)

    def wake(self):
        """From a thread: what is waited for may be there."""
        os.write(self._waker, b"x")

    def wait(self, condition):
        """What `condition` returns, once that is true."""
        while not (found := condition()):
            ready = self._selector.select(WAIT_S)
            if not ready:
                raise Stuck(f"waited {WAIT_S} s for a host")
            for key, _ in ready:
                key.data()
        return found

    def take(self, key):
        """The request that this host has sent, or None."""
        return self._arrived.pop(key, None)

    def _accept(self):
        connection = Connection(self._listener.accept()[0])
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector.register(connection.socket, selectors.EVENT_READ, lambda: self._read(connection))

    def _read(self, connection):
        try:
            request = connection.read()
        except ConnectionError:
            request = False
        if request is None:
            return
        self._selector.unregister(connection.socket)
        if request is False:
            connection.socket.close()
            return
        self._verify(request)
        self._arrived[request.key] = request

    # -- verifying, asking, answering

    def _verify(self, request):
        """Botocore's word on the signature. Signers go by a real clock, and so its age is no matter here."""
        signed = datetime.datetime.strptime(request.headers["x-amz-date"], STAMP).replace(tzinfo=datetime.timezone.utc)
        sigv4.verify(request, {request.key: {"secret": self._secret}}, signed.timestamp())
        self.verified += 1

    def apply(self, request):
        """What the store says to it: status, headers, body."""
        return self.post(request.operation, request.body)

    def post(self, operation, body):
        if time.monotonic() > self._asked_at + IDLE_S:
            self.store.close()
        self.store.request("POST", "/", body=body, headers={
            "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"DynamoDB_20120810.{operation}",
            "X-Amz-Date": "20260101T000000Z", "Authorization": STORE_AUTHORIZATION.format(region=self._region)})
        answer = self.store.getresponse()
        self._asked_at = time.monotonic()
        crc32 = answer.headers.get("x-amz-crc32")
        return answer.status, {"x-amz-crc32": crc32} if crc32 else {}, answer.read()

    def answer(self, request, answer, date_us):
        """Sends it, with the store's time in `Date`, unless the connection is closed already."""
        if not request.connection:
            return
        status, headers, body = answer
        headers = {"Content-Type": "application/x-amz-json-1.0", "Content-Length": len(body), "Connection": "close",
                   "Date": email.utils.formatdate(date_us // 1_000_000, usegmt=True), **headers}
        head = f"HTTP/1.1 {status} {REASONS[status]}\r\n" + "".join(f"{n}: {v}\r\n" for n, v in headers.items())
        try:
            request.connection.socket.sendall(head.encode() + b"\r\n" + body)
        except ConnectionError:
            pass  # it was given up meanwhile
        self.hang_up(request)

    @staticmethod
    def hang_up(request):
        if request.connection:
            request.connection.socket.close()
        request.connection = None

    def close(self):
        self._selector.close()
        self._listener.close()
        os.close(self._woken)
        os.close(self._waker)
