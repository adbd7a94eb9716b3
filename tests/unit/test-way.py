#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The way to the store: proxies, what is trusted, names and ports, IPv6 alone. The store is a stub that takes nothing but
a right signature (botocore's signer) and has no item. Usage: test-way.py PROBE [WRAPPER...], say
`valgrind -q --leak-check=full` as wrapper; as root, for a network of its own."""

import base64
import contextlib
import http.server
import json
import os
import pathlib
import re
import select
import socket
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "nodes"))
try:
    from rig import sigv4
except ImportError as missing:
    print(f"skipped: {missing} (Debian: python3-botocore)")
    sys.exit(77)

REGION = "eu-central-1"
KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
NAME = "store.example"  # known to nobody: only a proxy, or an /etc/hosts of one's own, leads there
PASSWORD = "p@ss:wörd"
WORD = "Tr0ub4dor"
SLOW_S = 60  # nothing here takes so long unless it hangs
HEAD_MAX = 8192


class Request:
    """As rig.sigv4 wants to see it."""

    def __init__(self, handler):
        self.method, self.path = handler.command, handler.path
        self.headers = {name.lower(): value for name, value in handler.headers.items()}
        self.body = handler.rfile.read(int(handler.headers["Content-Length"]))


class StoreHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):  # pylint: disable=invalid-name
        request, status, body = Request(self), 200, b"{}"
        self.server.hosts.append(request.headers["host"])
        try:
            sigv4.verify(request, {KEY: {"secret": SECRET, "token": None}}, time.time())
        except sigv4.Refused as refused:
            status, body = 400, json.dumps({"__type": refused.code, "message": str(refused)}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def __init__(self, address, handler):
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, 0), handler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)  # without HTTPServer's look-up of a name

    def handle_error(self, *_):
        pass  # clients that hang up are what is being tested

    def close(self):
        self.shutdown()
        self.server_close()


class Store(Server):
    """`certificate`: a file with key and certificate; None: without TLS."""

    def __init__(self, certificate=None, address="127.0.0.1", tls_1_1=False):
        super().__init__(address, StoreHandler)
        self.hosts = []
        if certificate:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(certificate)
            if tls_1_1:
                tls.minimum_version = tls.maximum_version = ssl.TLSVersion.TLSv1_1
                tls.set_ciphers("DEFAULT@SECLEVEL=0")
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def url(self, host="127.0.0.1"):
        return f"https://{host}:{self.port}"


class ProxyHandler(socketserver.StreamRequestHandler):
    """CONNECT and nothing else; whatever host is asked for, the way leads to the store of the test."""

    def handle(self):
        head = b""
        while not head.endswith(b"\r\n\r\n") and len(head) < HEAD_MAX:
            line = self.rfile.readline(HEAD_MAX)
            if not line:
                return
            head += line
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        match = re.fullmatch(r"CONNECT (\S+:\d+) HTTP/1\.1", first)
        self.server.asked.append(match and match[1])
        if not match or headers.get("host") != match[1]:
            self.say("400 Bad Request")
        elif self.server.user and headers.get("proxy-authorization") != self.server.user:
            self.say("407 Proxy Authentication Required", 'Proxy-Authenticate: Basic realm="test"\r\n')
        elif self.server.mode == "forbids":
            self.say("403 Forbidden")
        elif self.server.mode == "garbled":
            self.wfile.write(b"\x15\x03\x01\x00\x02\x02\x16\r\n\r\n")
        elif self.server.mode == "silent":
            self.rfile.read()
        else:
            self.relay()

    def say(self, status, more=""):
        self.wfile.write(f"HTTP/1.1 {status}\r\n{more}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())

    def relay(self):
        with socket.create_connection(("127.0.0.1", self.server.store_port)) as store:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            ends = {self.connection: store, store: self.connection}
            while True:
                for end in select.select(list(ends), [], [])[0]:
                    data = end.recv(65536)
                    if not data:
                        return
                    ends[end].sendall(data)


class Proxy(Server):
    def __init__(self, store, mode="passes", user=None):
        super().__init__("127.0.0.1", ProxyHandler)
        self.asked, self.store_port, self.mode = [], store.port, mode
        self.user = user and "Basic " + base64.b64encode(user.encode()).decode()
        self.name = f"127.0.0.1:{self.port}"


class Authority:
    """Who signs certificates; all is made anew in a folder."""

    def __init__(self, folder):
        self.folder = folder
        self.path = f"{folder}/authority.pem"
        self._openssl("req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=authority of the test", "-newkey", "ec",
                      "-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", f"{folder}/authority.key", "-out", self.path)

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)

    def certify(self, name, names, days=2, itself=False):
        """A file with a key and its certificate for `names`."""
        key, request, path = (f"{self.folder}/{name}.{kind}" for kind in ("key", "csr", "pem"))
        signer = ["-signkey", key] if itself else ["-CA", self.path, "-CAkey", f"{self.folder}/authority.key"]
        pathlib.Path(f"{self.folder}/names").write_text(f"subjectAltName={names}\n", encoding="ascii")
        self._openssl("req", "-new", "-nodes", "-subj", "/CN=store", "-newkey", "ec", "-pkeyopt",
                      "ec_paramgen_curve:P-256", "-keyout", key, "-out", request)
        self._openssl("x509", "-req", "-in", request, *signer, "-days", str(days), "-extfile", f"{self.folder}/names",
                      "-out", path)
        pathlib.Path(path).write_bytes(pathlib.Path(path).read_bytes() + pathlib.Path(key).read_bytes())
        return path


def read_once(url, timeout_ms=5000, profile=(), **environment):
    """What the probe says to one read: its outcome and the error. `profile`: with a ca_bundle in it, or empty."""
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "AWS_ACCESS_KEY_ID": KEY,
                   "AWS_SECRET_ACCESS_KEY": SECRET, **environment}
    with subprocess.Popen([*WRAPPER, PROBE, url, REGION, "locks", "validator", *profile], env=environment, text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as probe:
        probe.stdin.write(f"read {timeout_ms}\n")
        probe.stdin.flush()
        fields = probe.stdout.readline().rstrip("\n").split("\t")
        probe.stdin.close()  # ends it
        if probe.wait(SLOW_S) != 0:
            raise AssertionError(f"the probe ended with {probe.returncode}")
    return fields[0], fields[-1]


class WayTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.authority = Authority(cls.folder)
        cls.certificate = cls.authority.certify("store", f"IP:127.0.0.1,IP:::1,DNS:{NAME}")
        cls.trusting = {"AWS_CA_BUNDLE": cls.authority.path}

    def keep(self, server):
        self.addCleanup(server.close)
        return server

    def store(self, *arguments, **keywords):
        return self.keep(Store(*(arguments or (self.certificate,)), **keywords))

    def check(self, said, outcome, *says):
        self.assertEqual(said[0], outcome, said[1])
        for words in says:
            self.assertIn(words, said[1])
        for secret in (SECRET, PASSWORD, WORD, "p%40ss"):
            self.assertNotIn(secret, said[1])

    # Proxies.

    def test_proxy(self):
        store = self.store()
        proxy = self.keep(Proxy(store))
        self.check(read_once(store.url(NAME), HTTPS_PROXY=f"http://{proxy.name}", **self.trusting), "ok")
        self.assertEqual(proxy.asked, [f"{NAME}:{store.port}"])
        self.assertEqual(store.hosts, [f"{NAME}:{store.port}"])

    def test_proxy_with_password(self):
        store = self.store()
        proxy = self.keep(Proxy(store, user=f"user:{PASSWORD}"))
        right = f"http://user:p%40ss%3Aw%C3%B6rd@{proxy.name}/"
        self.check(read_once(store.url(NAME), https_proxy=right, **self.trusting), "ok")
        for wrong in (f"http://{proxy.name}", f"http://user:p%40ss@{proxy.name}"):
            self.check(read_once(store.url(NAME), https_proxy=wrong, **self.trusting), "retry",
                       f"{NAME}:{store.port}", "407", f"the proxy {proxy.name} of https_proxy")
        self.assertEqual(len(store.hosts), 1)

    def test_proxy_in_the_way(self):
        store = self.store()
        for mode, says in (("forbids", "403"), ("garbled", ""), ("silent", "in time")):
            with self.subTest(mode):
                proxy = self.keep(Proxy(store, mode))
                self.check(read_once(store.url(NAME), 1000 if mode == "silent" else 5000, HTTPS_PROXY=f"http://user:{WORD}@{proxy.name}", **self.trusting),
                           "retry", f"{NAME}:{store.port}", says, f"the proxy {proxy.name} of HTTPS_PROXY")
                self.assertEqual(len(proxy.asked), 1)
        self.assertEqual(store.hosts, [])

    def test_proxy_that_is_not_there(self):
        store = self.store()
        with socket.create_server(("127.0.0.1", 0)) as s:
            dead = f"127.0.0.1:{s.getsockname()[1]}"
        self.check(read_once(store.url(NAME), HTTPS_PROXY=f"http://user:{WORD}@{dead}", **self.trusting), "retry",
                   "cannot be reached", f"the proxy {dead} of HTTPS_PROXY")
        self.check(read_once(store.url(NAME), HTTPS_PROXY=f"http://user:{WORD}@proxy.invalid:3128", **self.trusting), "retry",
                   "cannot be reached", "the proxy proxy.invalid:3128 of HTTPS_PROXY")

    def test_proxy_that_is_none(self):
        """libcurl's words about it would quote the password."""
        said = subprocess.run([PROBE, "https://127.0.0.1", REGION, "locks", "validator"], stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, check=False, env={"HTTPS_PROXY": f"http://user:{WORD}@127.0.0.1:port"})
        self.assertIn("Invalid argument", said.stderr)
        self.assertNotIn(WORD, said.stderr + said.stdout)

    def test_proxy_that_looks_into_it(self):
        """It presents a certificate of its own, as such proxies do."""
        other = self.store(self.authority.certify("proxy", f"DNS:{NAME}", itself=True))
        proxy = self.keep(Proxy(other))
        self.check(read_once(other.url(NAME), HTTPS_PROXY=f"http://{proxy.name}", **self.trusting), "retry",
                   "cannot be trusted", f"the proxy {proxy.name} of HTTPS_PROXY")

    def test_past_the_proxy(self):
        """test-proxy.c has the list's grammar; this is that libcurl goes by it, too."""
        store, six = self.store(), self.store(address="::1")
        proxy = self.keep(Proxy(store))
        for host, server, no_proxy in (
                ("127.0.0.1", store, "127.0.0.1"), ("127.0.0.1", store, "127.0.0.0/8"), ("127.0.0.1", store, "*"),
                ("127.0.0.1", store, f"a.example,127.0.0.1:{store.port}"), ("[::1]", six, "::1"),
                ("[::1]", six, f"[::1]:{six.port}")):
            with self.subTest(no_proxy):
                self.check(read_once(server.url(host), HTTPS_PROXY=f"http://{proxy.name}", NO_PROXY=no_proxy,
                                     **self.trusting), "ok")
        self.assertEqual(proxy.asked, [])
        self.check(read_once(store.url(), HTTPS_PROXY=f"http://{proxy.name}", no_proxy=f"127.0.0.1:1,{NAME}",
                             **self.trusting), "ok")
        self.assertEqual(proxy.asked, [f"127.0.0.1:{store.port}"])

    def test_plain_http_has_no_proxy(self):
        store = self.keep(Store())
        proxy = self.keep(Proxy(store))
        url = f"http://{proxy.name}"
        self.check(read_once(f"http://127.0.0.1:{store.port}", HTTPS_PROXY=url, https_proxy=url, http_proxy=url, HTTP_PROXY=url,
                             ALL_PROXY=url, all_proxy=url), "ok")
        self.assertEqual(proxy.asked, [])

    # What is trusted.

    def test_bundles(self):
        store = self.store()
        empty, text, folder = f"{self.folder}/empty", f"{self.folder}/text", f"{self.folder}/folder"
        pathlib.Path(empty).touch()
        pathlib.Path(text).write_text("-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n", encoding="ascii")
        os.mkdir(folder)
        other = Authority(folder).path
        self.check(read_once(store.url(), **self.trusting), "ok")
        for bundle, says in ((f"{self.folder}/none", "can't be read: No such file or directory"),
                             (folder, "can't be read: Is a directory"), ("/dev/null", "can't be read: Invalid argument"),
                             (empty, "holds no certificate in PEM form"), (text, "holds no certificate in PEM form")):
            with self.subTest(bundle):
                self.check(read_once(store.url(), AWS_CA_BUNDLE=bundle), "retry",
                           f"127.0.0.1:{store.port} cannot be trusted: AWS_CA_BUNDLE names {bundle}, which {says}")
        self.check(read_once(store.url(), AWS_CA_BUNDLE=other), "retry", "cannot be trusted",
                   "unable to get local issuer certificate", "AWS_CA_BUNDLE")
        self.check(read_once(store.url()), "retry", "cannot be trusted", "AWS_CA_BUNDLE")
        self.check(read_once(store.url(), profile=[empty]), "retry", f"cannot be trusted: ca_bundle of the profile names {empty}")
        self.check(read_once(store.url(), profile=[empty], **self.trusting), "ok")
        self.check(read_once(store.url(), profile=[self.authority.path]), "ok")
        self.assertEqual(len(store.hosts), 3)

    def test_certificates(self):
        for name, names, keywords, says in (
                ("other-name", "DNS:other.example", {}, "has to name the endpoint"),
                ("other-address", "IP:127.0.0.2", {}, "has to name the endpoint"),
                ("expired", "IP:127.0.0.1", {"days": -1}, "expired; the server's certificate has to be renewed"),
                ("self-signed", "IP:127.0.0.1", {"itself": True}, "self-signed certificate; AWS_CA_BUNDLE")):
            with self.subTest(name):
                store = self.store(self.authority.certify(name, names, **keywords))
                self.check(read_once(store.url(), **self.trusting), "retry", "cannot be trusted", says)
                self.assertEqual(store.hosts, [])

    def test_old_tls(self):
        store = self.store(tls_1_1=True)
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.load_verify_locations(self.authority.path)
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.set_ciphers("DEFAULT@SECLEVEL=0")
        with socket.create_connection(("127.0.0.1", store.port)) as s, old.wrap_socket(s, server_hostname="127.0.0.1") as tls:
            self.assertEqual(tls.version(), "TLSv1.1")
        self.check(read_once(store.url(), **self.trusting), "retry", f"127.0.0.1:{store.port}")
        self.assertEqual(store.hosts, [])

    # Names, ports and addresses. The signature covers Host.

    def test_host_and_port(self):
        store, six = self.store(), self.store(address="::1")
        self.check(read_once(store.url(), **self.trusting), "ok")
        self.check(read_once(six.url("[::1]"), **self.trusting), "ok")
        self.assertEqual((store.hosts, six.hosts), ([f"127.0.0.1:{store.port}"], [f"[::1]:{six.port}"]))

    def test_ipv6_alone(self):
        """In a network where there is no IPv4, with a name that has an address of IPv6 only; past a proxy as well."""
        said = subprocess.run(["unshare", "--net", "--mount", "--propagation", "private", sys.executable, __file__,
                               "--inside", self.folder, self.certificate, self.authority.path, PROBE, *WRAPPER],
                              stdout=subprocess.PIPE, timeout=2 * SLOW_S, check=True, text=True)
        for name, answer in json.loads(said.stdout).items():
            with self.subTest(name):
                self.check(answer, "ok")


def inside(folder, certificate, authority):
    """In namespaces of our own: the answers to reads of [::1] and of the name."""
    hosts = pathlib.Path(f"{folder}/hosts")
    hosts.write_text(f"::1 {NAME}\n", encoding="ascii")
    subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "-4", "address", "flush", "dev", "lo"], check=True)
    store = Store(certificate, "::1")
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", store.port), 1):
        sys.exit("there is IPv4")
    answers = {host: read_once(store.url(host), AWS_CA_BUNDLE=authority) for host in ("[::1]", NAME)}
    for no_proxy in (NAME, ".example", f"{NAME}:{store.port}"):
        answers[no_proxy] = read_once(store.url(NAME), AWS_CA_BUNDLE=authority, NO_PROXY=no_proxy,
                                      HTTPS_PROXY="http://192.0.2.1:3128")
    print(json.dumps(answers))


if sys.argv[1] == "--inside":
    PROBE, WRAPPER = sys.argv[5], sys.argv[6:]
    inside(*sys.argv[2:5])
else:
    PROBE, WRAPPER = sys.argv[1], sys.argv[2:]
    unittest.main(argv=sys.argv[:1], verbosity=2, warnings="ignore")  # of TLS 1.1, which is the point
