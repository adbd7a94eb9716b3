# SPDX-License-Identifier: LGPL-2.1-or-later
"""A file server that does not answer: who asks it sleeps in the kernel, and can't be killed.

It speaks the protocol of /dev/fuse, takes each question and never answers it. The kernel then waits for the answer
uninterruptibly (state D), until the connection ends.
"""

import ctypes
import os
import struct
import subprocess
import sys
import threading

from .system import Failure, wait_for

MOUNTED = "/run/silent-server"  # on the host
# For a target's [Service]: a process that asks as soon as there is somebody to ask, beside the one that beats.
ASK = f"ExecStartPost=/bin/sh -c '(until cat {MOUNTED}/file; do sleep 0.2; done) 2>/dev/null & exit 0'\n"
ASKED = b"asked\n"
# linux/fuse.h
IN_HEADER, OUT_HEADER, INIT_ANSWER = struct.Struct("=IIQQIIII"), struct.Struct("=IiQ"), struct.Struct("=IIIIHHIIHHIIHH")
FUSE_INIT, VERSION = 26, (7, 31)
REQUEST_MAX = 1 << 17
LIBC = ctypes.CDLL(None, use_errno=True)


class SilentServer:
    """Mounted on a host from `with` to its end."""

    def __init__(self, host):
        self._host, self._process = host, None

    def __enter__(self):
        os.makedirs(self._host.path(MOUNTED), exist_ok=True)
        self._process = subprocess.Popen(  # pylint: disable=consider-using-with
            [sys.executable, "-m", "rig.silent_server", str(self._host.leader)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            cwd=os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        if not self._process.stdout.readline():
            raise Failure("the silent file server can't be mounted")
        os.set_blocking(self._process.stdout.fileno(), False)
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        """All who wait are answered by an error."""
        self._process.stdin.close()
        self._process.wait()

    def wait_asked(self):
        wait_for("somebody to ask the silent file server", lambda: self._process.stdout.readline() == ASKED)


def _system_call(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _mount_on(leader):
    device = os.open("/dev/fuse", os.O_RDWR)
    with open(f"/proc/{leader}/ns/mnt", "rb") as namespace:
        _system_call(LIBC.setns(namespace.fileno(), 0))
    _system_call(LIBC.mount(b"silent", MOUNTED.encode(), b"fuse", 0,
                            f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other".encode()))
    return device


def _say(word):
    sys.stdout.buffer.write(word)
    sys.stdout.buffer.flush()


def _serve(device):
    while True:
        request = os.read(device, REQUEST_MAX)
        _, opcode, unique = IN_HEADER.unpack_from(request)[:3]
        if opcode == FUSE_INIT:
            answer = INIT_ANSWER.pack(*VERSION, 0, 0, 0, 0, REQUEST_MAX // 2, 1, 0, 0, 0, 0, 0, 0)
            answer = answer.ljust(64, b"\0")
            os.write(device, OUT_HEADER.pack(OUT_HEADER.size + len(answer), 0, unique) + answer)
            _say(b"mounted\n")
        else:
            _say(ASKED)


def main():
    threading.Thread(target=_serve, args=(_mount_on(int(sys.argv[1])),), daemon=True).start()
    sys.stdin.buffer.read()
    os._exit(0)  # with the connection; the thread that reads from it would keep the interpreter


if __name__ == "__main__":
    main()
