#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Names, addresses and certificates over real sockets: store-probe in namespaces of its own, with a nameserver, a
/etc and a store that are this test's. Usage: test-http.py PROBE. As root."""

import contextlib
import http.server
import os
import pathlib
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from empty_table import EmptyTable

SLOW_S = 60  # nothing here takes so long unless it hangs
CONNECT_S = 4  # time-limits.h
# A request that goes by its own time ends before one that waits for the name or for an address.
PATIENCE_S = 3.5
STILL_MS_MAX = 3000  # a loop that is blocked stands still until a name or an address is given up
RESOLVER_S = 30  # until glibc asks again
TRIES = 5  # a busy machine is not slow each time
LIVE, DEAD, DEAD_TOO, DEAD_IPV6 = "127.0.0.2", "127.0.0.1", "127.0.0.3", "::1"  # glibc sorts them: the dead come first
VERSION = "00000000-0000-4000-8000-000000000000"
SERVFAIL, NXDOMAIN = 2, 3


class Nameserver:
    """On 127.0.0.1, over UDP and TCP. `zone` is by name: addresses, a failure's code, or what it waits for."""

    def __init__(self):
        self.zone, self.truncates, self.asked = {}, set(), []
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 53))
        self.tcp = socket.create_server(("127.0.0.1", 53))
        threading.Thread(target=self.serve_udp, daemon=True).start()
        threading.Thread(target=self.serve_tcp, daemon=True).start()

    def serve_udp(self):
        while True:
            question, client = self.udp.recvfrom(4096)
            threading.Thread(target=self.answer_udp, args=(question, client), daemon=True).start()

    def answer_udp(self, question, client):
        self.udp.sendto(self.answer(question, True), client)

    def serve_tcp(self):
        while True:
            connection, _ = self.tcp.accept()
            threading.Thread(target=self.answer_tcp, args=(connection,), daemon=True).start()

    def answer_tcp(self, connection):
        with connection, connection.makefile("rb") as stream:
            while head := stream.read(2):
                answer = self.answer(stream.read(struct.unpack("!H", head)[0]), False)
                connection.sendall(struct.pack("!H", len(answer)) + answer)

    def answer(self, question, is_udp):
        name, kind, end = parse(question)
        self.asked.append(name)
        known = self.zone.get(name, NXDOMAIN)
        if isinstance(known, threading.Event):
            known.wait(SLOW_S)
            known = self.zone.get(name, NXDOMAIN)
        truncated = is_udp and name in self.truncates
        addresses = [] if isinstance(known, int) or truncated else known
        records = [socket.inet_pton(family, address) for address in addresses
                   if (family := socket.AF_INET6 if ":" in address else socket.AF_INET) and
                   kind == (28 if family == socket.AF_INET6 else 1)]
        flags = 0x8180 | (0x0200 if truncated else 0) | (known if isinstance(known, int) else 0)
        return (question[:2] + struct.pack("!HHHHH", flags, 1, len(records), 0, 0) + question[12:end] +
                b"".join(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 5, len(one)) + one for one in records))


def parse(question):
    """Name, type, and where the question ends."""
    labels, at = [], 12
    while length := question[at]:
        labels.append(question[at + 1:at + 1 + length].decode())
        at += 1 + length
    return ".".join(labels), struct.unpack("!H", question[at + 1:at + 3])[0], at + 5


class Front(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, certificate):
        super().__init__((LIVE, 0), EmptyTable)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
        self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass  # clients that don't trust it hang up


@contextlib.contextmanager
def black_hole(address, port):
    """A socket that takes no connection and refuses none, for its queue is full: SYNs vanish."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with contextlib.ExitStack() as held:
        listener = held.enter_context(socket.socket(family))
        listener.bind((address, port))
        listener.listen(0)
        while True:
            one = held.enter_context(socket.socket(family))
            one.settimeout(0.2)
            try:
                one.connect((address, port))
            except OSError:
                break
        yield


class Answer:
    def __init__(self, line, took_s):
        fields = line.rstrip("\n").split("\t")
        self.outcome, self.still_ms, self.error, self.took_s = fields[0], int(fields[6]), fields[7], took_s


def soonest_s(ask):
    """The shortest time that something takes."""
    return min(ask().took_s for _ in range(TRIES))


class Probe:
    def __init__(self, url, **environment):
        self.process = subprocess.Popen(
            [PROBE, url, "eu-central-1", "locks", "validator"], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
                 "AWS_SECRET_ACCESS_KEY": "secret", **{name: value for name, value in environment.items() if value}})

    def ask(self, command, timeout_ms=5000):
        begin = time.monotonic()
        self.process.stdin.write(f"{command} {timeout_ms}\n")
        self.process.stdin.flush()
        answer = Answer(self.process.stdout.readline(), time.monotonic() - begin)
        if answer.still_ms > STILL_MS_MAX:
            raise AssertionError(f"the loop stood still for {answer.still_ms} ms")
        return answer

    def threads(self):
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def close(self):
        """Ends it; returns how long that took."""
        begin = time.monotonic()
        self.process.stdin.close()
        rest = self.process.stdout.read()
        self.process.stdout.close()
        if self.process.wait(SLOW_S) != 0 or rest:
            raise AssertionError(f"the probe ended with {self.process.returncode} and {rest!r}")
        return time.monotonic() - begin


class HttpTest(unittest.TestCase):
    def setUp(self):
        NAMES.zone, NAMES.truncates = {}, set()
        NAMES.asked.clear()
        write_resolv_conf("127.0.0.1", f"timeout:{RESOLVER_S}")

    def probe(self, name, **environment):
        probe = Probe(f"https://{name}:{FRONT.port}", **{"AWS_CA_BUNDLE": f"{KEYS}/ca.pem", **environment})
        self.addCleanup(probe.process.stdin.close)
        return probe

    def check(self, answer, outcome, says=""):
        self.assertEqual(answer.outcome, outcome, answer.error)
        self.assertIn(says, answer.error)
        return answer

    # Names.

    def hang(self, name):
        """No answer for the name until what this returns is called."""
        waiting = NAMES.zone[name] = threading.Event()

        def come_back():
            NAMES.zone[name] = [LIVE]
            waiting.set()
        self.addCleanup(come_back)
        return come_back

    def test_nameserver_hangs_and_comes_back(self):
        come_back = self.hang("store.test")
        probe = self.probe("store.test")
        for _ in range(5):
            answer = self.check(probe.ask("read", 200), "retry", "store.test")
            self.assertIn("no nameserver has answered for", answer.error)
            self.assertTrue(0.15 < answer.took_s < PATIENCE_S, answer.took_s)
        self.assertEqual(probe.threads(), 2)
        self.assertLessEqual(len(NAMES.asked), 2, "A and AAAA, once")
        come_back()
        self.check(probe.ask("read"), "ok")
        probe.close()

    def test_late_answer_counts(self):
        """It takes longer than any request may, and so would never do for a request that looks up by itself."""
        come_back = self.hang("store.test")
        probe = self.probe("store.test")
        self.check(probe.ask("read", 300), "retry", "no nameserver")
        come_back()
        while probe.threads() > 1:
            time.sleep(0.005)
        NAMES.zone["store.test"] = NXDOMAIN
        self.check(probe.ask("read"), "ok")
        probe.close()

    def test_ending_while_it_hangs(self):
        self.hang("store.test")
        probe = self.probe("store.test")
        self.check(probe.ask("last", 200), "retry", "no nameserver")
        self.assertLess(probe.close(), RESOLVER_S / 2)
        probe = self.probe("store.test")
        probe.process.stdin.write("read 5000\n")
        probe.process.stdin.flush()
        self.assertLess(probe.close(), RESOLVER_S / 2)

    def test_failures_of_names(self):
        for code in (SERVFAIL, NXDOMAIN):
            NAMES.zone["store.test"] = code
            probe = self.probe("store.test")
            self.check(probe.ask("read"), "retry", "looking up its name failed")
            NAMES.zone["store.test"] = [LIVE]
            self.check(probe.ask("read"), "ok")
            probe.close()

    def test_truncated_answer(self):
        NAMES.zone["store.test"] = [LIVE]
        NAMES.truncates.add("store.test")
        probe = self.probe("store.test")
        self.check(probe.ask("read"), "ok")
        probe.close()

    def test_other_nameserver(self):
        """A changed resolv.conf counts from the next lookup on."""
        NAMES.zone["store.test"] = [LIVE]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.9", 53))
            write_resolv_conf("127.0.0.9", "timeout:1")
            probe = self.probe("store.test")
            self.check(probe.ask("read", 200), "retry", "no nameserver")
            write_resolv_conf("127.0.0.1", "timeout:1")
            self.check(probe.ask("read", 2000), "retry", "looking up its name failed")
            self.check(probe.ask("read"), "ok")
        probe.close()

    def test_name_of_the_proxy(self):
        self.hang("proxy.test")
        NAMES.zone["store.test"] = [LIVE]
        proxy = {"HTTPS_PROXY": "http://user:password@proxy.test:3128"}
        probe = self.probe("store.test", **proxy)
        answer = self.check(probe.ask("read", 200), "retry", "proxy.test: no nameserver has answered")
        self.assertNotIn("password", answer.error)
        self.assertNotIn("store.test", NAMES.asked)
        probe.close()
        for no_proxy in ("store.test", "example.com, .test", "*"):
            probe = self.probe("store.test", NO_PROXY=no_proxy, **proxy)
            self.check(probe.ask("read"), "ok")
            probe.close()

    # Addresses.

    def test_first_address_refuses(self):
        NAMES.zone["store.test"] = [DEAD, DEAD_TOO, LIVE]
        probe = self.probe("store.test")
        self.assertLess(self.check(probe.ask("read"), "ok").took_s, PATIENCE_S)
        probe.close()

    def test_first_addresses_are_black_holes(self):
        NAMES.zone["store.test"] = [DEAD, DEAD_TOO, LIVE]
        with black_hole(DEAD, FRONT.port), black_hole(DEAD_TOO, FRONT.port):
            probe = self.probe("store.test")
            answer = self.check(probe.ask(f"create {VERSION}"), "ok")
            self.assertGreater(answer.took_s, 1.5, "the dead were not tried first")
            again_s = soonest_s(lambda: self.check(probe.ask(f"create {VERSION}"), "ok"))
            self.assertLess(again_s, 1.5, "it has not learnt which address is good")
            probe.close()

    def test_all_addresses_are_black_holes(self):
        NAMES.zone["store.test"] = [DEAD, DEAD_TOO]
        with black_hole(DEAD, FRONT.port), black_hole(DEAD_TOO, FRONT.port):
            probe = self.probe("store.test")
            answer = self.check(probe.ask("read", 500), "retry", "in time")
            self.assertTrue(0.4 < answer.took_s < PATIENCE_S, answer.took_s)
            probe.close()

    def test_dead_ipv6(self):
        NAMES.zone["store.test"] = [DEAD_IPV6, LIVE]
        with black_hole(DEAD_IPV6, FRONT.port):
            def fresh():
                probe = self.probe("store.test")
                answer = self.check(probe.ask(f"create {VERSION}"), "ok")
                self.assertGreater(answer.took_s, 0.19, "IPv6 was not tried first")
                probe.close()
                return answer
            # An address of the other kind is not tried before half of the time is over, unless both are at once.
            self.assertLess(soonest_s(fresh), CONNECT_S / 2)

    # Certificates.

    def test_system_certificates(self):
        """By their hashes, and in the bundle alone; what is taken away counts no more for the next connection."""
        NAMES.zone["store.test"] = [LIVE]
        probe = self.probe("store.test", AWS_CA_BUNDLE=None)
        bundle = pathlib.Path(CERTIFICATES, "ca-certificates.crt")
        before, own = bundle.read_text(), pathlib.Path(KEYS, "ca.pem").read_text()
        subject = subprocess.run(["openssl", "x509", "-noout", "-hash", "-in", f"{KEYS}/ca.pem"], check=True,
                                 capture_output=True, text=True).stdout.strip()
        hashed = pathlib.Path(CERTIFICATES, f"{subject}.0")
        self.check(probe.ask(f"create {VERSION}"), "retry", "cannot be trusted")
        hashed.write_text(own)
        self.check(probe.ask(f"create {VERSION}"), "ok")
        hashed.unlink()
        self.check(probe.ask(f"create {VERSION}"), "retry", "cannot be trusted")
        bundle.write_text(before + own)
        self.check(probe.ask(f"create {VERSION}"), "ok")
        self.check(probe.ask(f"create {VERSION}"), "ok")
        bundle.write_text(before)
        self.check(probe.ask(f"create {VERSION}"), "retry", "cannot be trusted")
        hashed.write_text(own)
        self.check(probe.ask(f"create {VERSION}"), "ok")
        probe.close()
        # A bundle that is named counts alone, and as it is now.
        named = pathlib.Path(KEYS, "named.pem")
        named.write_text(pathlib.Path(KEYS, "other.pem").read_text())
        probe = self.probe("store.test", AWS_CA_BUNDLE=str(named))
        self.check(probe.ask(f"create {VERSION}"), "retry", "cannot be trusted")
        named.write_text(own)
        self.check(probe.ask(f"create {VERSION}"), "ok")
        probe.close()
        hashed.unlink()

    def test_name_of_the_certificate(self):
        NAMES.zone["other.example"] = [LIVE]
        probe = self.probe("other.example")
        for _ in range(2):
            self.check(probe.ask(f"create {VERSION}"), "retry", "cannot be trusted")
        probe.close()


def write_resolv_conf(nameserver, options):
    path = pathlib.Path("/etc/resolv.conf")
    # Under another name first: a lookup never sees half of it.
    pathlib.Path("/etc/resolv.conf.new").write_text(f"nameserver {nameserver}\noptions attempts:1 {options}\n")
    os.rename("/etc/resolv.conf.new", path)


def own_namespaces():
    """Begin anew where /etc and the network are ours alone."""
    os.execvp("unshare", ["unshare", "--mount", "--net", sys.executable, *sys.argv, "inside"])


def mount_etc(scratch):
    """What is written to /etc goes to the scratch folder; what was in it is still there."""
    for name in ("upper", "work"):
        os.mkdir(f"{scratch}/{name}")
    subprocess.run(["mount", "-t", "overlay", "-o", f"lowerdir=/etc,upperdir={scratch}/upper,workdir={scratch}/work",
                    "overlay", "/etc"], check=True)
    pathlib.Path("/etc/nsswitch.conf").write_text("hosts: files dns\n")
    pathlib.Path("/etc/hosts").write_text("127.0.0.1 localhost\n")
    if os.path.lexists("/etc/resolv.conf"):
        os.unlink("/etc/resolv.conf")
    for path in ("/etc/gai.conf", "/etc/host.conf"):
        pathlib.Path(path).write_text("")


def make_keys(folder):
    for name, subject, names in (("ca", "/CN=test", None), ("other", "/CN=other", None), ("store", "/CN=store", "DNS:store.test")):
        of_whom = ["-addext", f"subjectAltName={names}", "-CA", f"{folder}/ca.pem", "-CAkey", f"{folder}/ca.key"] if names else []
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                        "2", "-subj", subject, *of_whom, "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem"],
                       check=True, capture_output=True)
    with open(f"{folder}/both.pem", "w", encoding="ascii") as both:
        both.write(pathlib.Path(f"{folder}/store.key").read_text() + pathlib.Path(f"{folder}/store.pem").read_text())


if sys.argv[-1] != "inside":
    own_namespaces()
PROBE, CERTIFICATES, KEYS = sys.argv[1], "/etc/ssl/certs", tempfile.mkdtemp()
subprocess.run(["mount", "-t", "tmpfs", "test-http", KEYS], check=True)
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
mount_etc(KEYS)
make_keys(KEYS)
NAMES, FRONT = Nameserver(), Front(f"{KEYS}/both.pem")
try:
    unittest.main(argv=sys.argv[:1], verbosity=2)
finally:
    subprocess.run(["umount", "--lazy", KEYS], check=True)
    shutil.rmtree(KEYS)
