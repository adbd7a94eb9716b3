# SPDX-License-Identifier: LGPL-2.1-or-later
"""The stores. They listen where nobody else is: in a network namespace of their own (see ../run)."""

import contextlib
import json
import os
import socket
import subprocess
import time

from rig import front as rig_front
from rig import store as rig_store

from .front import WAIT_S, Stuck

NAMES = rig_store.NAMES
TABLE = rig_front.TABLE
REGION = "eu-central-1"


class Store:
    """One of them, on its way up from here on."""

    def __init__(self, name, port):
        self.name, self.port = name, port
        command = [str(port) if word == str(rig_store.PORT) else word for word in rig_store.command(name)]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                         env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"})

    def wait(self):
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.02)
        raise Stuck(f"{self.name} does not come up")

    def create_table(self, front):
        status, _, body = front.post("CreateTable", json.dumps(rig_front.CREATE_TABLE).encode())
        if status != 200:
            raise Stuck(f"{self.name} made no table: {body}")
        while b'"ACTIVE"' not in front.post("DescribeTable", json.dumps({"TableName": TABLE}).encode())[2]:
            time.sleep(0.02)

    def close(self):
        self._process.kill()
        self._process.wait()
