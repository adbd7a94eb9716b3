#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two requests of the store's, one after the other, in which a call fails: whichever it is, one of them is answered, or the
program ends and says so, for then it can be started anew. Usage: test-torture-store.py STORE-PROBE-FAULTY [--syscalls]

With --syscalls it is system calls that fail, by strace, the libraries' among them, and the dynamic linker's.
"""

import contextlib
import http.server
import os
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.append(f"{os.path.dirname(os.path.abspath(__file__))}/../torture")
# pylint: disable=wrong-import-position
from empty_table import EmptyTable
from torture_calls import Calls

SLOW_S, TIMEOUT_MS = 60, 1000
# The probe's own, by which it hears of commands.
OWN = "read ("
# Not brk() and mmap(): without them glibc 2.36 itself crashes before main(), in curl(1) as well.
SYSCALLS = {"openat": "EMFILE", "socket": "EMFILE", "connect": "ENETUNREACH", "sendto": "EPIPE", "recvfrom": "ECONNRESET",
            "getsockname": "ENOBUFS", "getsockopt": "ENOBUFS", "setsockopt": "ENOBUFS", "fcntl": "EMFILE",
            "epoll_create1": "EMFILE", "epoll_ctl": "ENOMEM", "timerfd_create": "EMFILE", "timerfd_settime": "EINVAL",
            "eventfd2": "EMFILE", "pipe2": "EMFILE", "socketpair": "EMFILE", "clone3": "EAGAIN", "poll": "ENOMEM",
            "dup": "EMFILE"}
SYSCALLS_OF_EACH = 6
PROBE = os.path.abspath(sys.argv[1])


class StoreTest(unittest.TestCase):
    wrapper = ()

    def setUp(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), EmptyTable)
        self.server.daemon_threads = True
        self.addCleanup(self.server.server_close)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.calls = Calls(f"{folder.name}/calls")

    def two_reads(self, *fail_at):
        """What came of them ("": the program had ended), its exit status, and what it complained of."""
        self.calls.arm(*fail_at)
        environment = {"PATH": os.environ["PATH"], "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
                       "TORTURE": self.calls.path,
                       **{name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}}
        endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"
        with subprocess.Popen([*self.wrapper, PROBE, endpoint, "eu-central-1", "locks", "validator"], text=True,
                              env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            timer = threading.Timer(SLOW_S, process.kill)
            timer.start()
            outcomes = []
            for command in ("read", "last"):
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.write(f"{command} {TIMEOUT_MS}\n")
                    process.stdin.flush()
                outcomes.append(process.stdout.readline().partition("\t")[0])
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            process.wait()
            timer.cancel()
            return outcomes, process.returncode, process.stderr.read()

    def test_each_place(self):
        self.assertEqual(self.two_reads(), (["ok", "ok"], 0, ""))
        made, failed = self.calls.made(), 0
        first = {place: number for number, place in reversed(list(enumerate(made, 1)))}
        last = {place: number for number, place in enumerate(made, 1)}
        for number in sorted({*first.values(), *last.values()}):
            outcomes, status, complained = self.two_reads(number)
            if self.calls.failing().startswith(OWN):
                continue
            failed += self.calls.failed()
            with self.subTest(failed=self.calls.failing(), outcomes=outcomes, status=status, complained=complained):
                if status != 0:
                    self.assertEqual(status, 1)
                    self.assertTrue(complained.strip(), "it ended without a word")
                else:
                    self.assertIn("ok", outcomes)
        self.assertGreater(failed, 50)

    @unittest.skipUnless("--syscalls" in sys.argv, "by hand")
    def test_syscalls(self):
        tried, log = 0, f"{os.path.dirname(self.calls.path)}/trace"
        for name, error in SYSCALLS.items():
            for number in range(1, SYSCALLS_OF_EACH + 1):
                self.wrapper = ("strace", "-f", "-qq", "-o", log, f"-etrace={name}",
                                f"-einject={name}:error={error}:when={number}")
                outcomes, status, complained = self.two_reads()
                with open(log, encoding="utf-8", errors="replace") as file:
                    if "(INJECTED)" not in file.read():
                        break
                tried += 1
                with self.subTest(f"{name}, {number}", outcomes=outcomes, status=status, complained=complained):
                    self.assertGreaterEqual(status, 0)
                    self.assertTrue("ok" in outcomes if status == 0 else complained.strip())
        print(f"{tried} system calls failed")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
