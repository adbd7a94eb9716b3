# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs in a machine: carries out the commands that come in by a port, also when PID 1 does not. A line of JSON each way."""

import json
import subprocess
import threading

PORT = "/dev/virtio-ports/agent"
writing = threading.Lock()


def carry_out(asked, port):
    done = subprocess.run(asked["command"], input=asked["stdin"], text=True, errors="replace", capture_output=True,
                          check=False)
    answer = {"id": asked["id"], "code": done.returncode, "stdout": done.stdout, "stderr": done.stderr}
    with writing:
        port.write(json.dumps(answer).encode() + b"\n")


def main():
    with open(PORT, "r+b", buffering=0) as port:
        pending = b""
        while True:
            pending += port.read(65536) or b""
            *lines, pending = pending.split(b"\n")
            for line in lines:
                # A thread each: one that hangs holds up nobody.
                threading.Thread(target=carry_out, args=(json.loads(line), port), daemon=True).start()


if __name__ == "__main__":
    main()
