# SPDX-License-Identifier: LGPL-2.1-or-later
"""What leads out of a machine: QEMU's own protocols, the agent's port, and that of the beats. All are Unix sockets."""

import itertools
import json
import re
import socket
import subprocess
import threading
import time

from rig.system import POLL_S, CommandFailed, Failure, Output, wait_for

ANSWER_S = 120
NS_PER_S = 1e9


def connect(path, timeout=10):
    """QEMU makes its sockets soon after it was started."""
    def attempt():
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            made.connect(path)
            return made
        except OSError:
            made.close()
            return None

    return wait_for(f"{path} to be there", attempt, timeout, 0.02)


class Lines(threading.Thread):
    """Hands each line of a socket on as it comes, with the time of this machine's CLOCK_MONOTONIC."""

    def __init__(self, path, take):
        super().__init__(daemon=True)
        self.socket, self.take = connect(path), take
        self.start()

    def run(self):
        pending = b""
        try:
            while data := self.socket.recv(65536):
                now_ns = time.monotonic_ns()
                *lines, pending = (pending + data).split(b"\n")
                for line in lines:
                    self.take(now_ns, line)
        except OSError:
            return

    def send(self, message):
        self.socket.sendall(json.dumps(message).encode() + b"\n")


class Beats:
    """Writes the beats to the file that the judge reads, stamped anew: by a clock that goes on whatever befalls the machine."""

    def __init__(self, path, file):
        self.file = file
        Lines(path, self.take)

    def take(self, now_ns, line):
        stamp, _, rest = line.decode(errors="replace").partition(" ")
        if stamp.isdigit():
            with open(self.file, "a", encoding="ascii") as beats:
                beats.write(f"{now_ns} {rest}\n")


class Answers:
    """Requests with a number, and who waits for their answers."""

    def __init__(self, path):
        self.numbers, self.answered, self.changed = itertools.count(1), {}, threading.Condition()
        self.lines = Lines(path, self.take)

    def take(self, now_ns, line):
        try:
            message = json.loads(line)
        except ValueError:  # what a reset has torn
            return
        self.note(now_ns, message)

    def note(self, _now_ns, message):
        with self.changed:
            self.answered[message.get("id")] = message
            self.changed.notify_all()

    def ask(self, timeout=ANSWER_S, **request):
        """The answer; None: none in time."""
        number = next(self.numbers)
        self.lines.send({"id": number, **request})
        with self.changed:
            self.changed.wait_for(lambda: number in self.answered, timeout)
            return self.answered.pop(number, None)


class Agent(Answers):
    def run(self, command, stdin, timeout, shown, check):
        answer = self.ask(timeout, command=[str(word) for word in command], stdin=stdin)
        if answer is None:
            raise CommandFailed(shown, "no end", f"no answer after {timeout} s")
        done = subprocess.CompletedProcess(command, answer["code"], answer["stdout"], answer["stderr"])
        if check and done.returncode != 0:
            raise CommandFailed(shown, done.returncode, done.stderr + done.stdout)
        return Output(done)


class Qmp(Answers):
    """QEMU's monitor; keeps its events, each with the time at which it came."""

    def __init__(self, path):
        self.events = []
        super().__init__(path)
        self.do("qmp_capabilities")

    def note(self, now_ns, message):
        if "event" in message:
            self.events.append((now_ns / NS_PER_S, message["event"]))
        else:
            super().note(now_ns, message)

    def do(self, what, **arguments):
        answer = self.ask(execute=what, arguments=arguments)
        if answer is None or "error" in answer:
            raise Failure(f"QEMU refused {what}: {answer}")
        return answer["return"]

    def monitor(self, line):
        """A command of the monitor for people; what it prints."""
        return self.do("human-monitor-command", **{"command-line": line})

    def event_s(self, name, since_s):
        """When an event came first after a moment; None: not yet."""
        return next((at_s for at_s, event in self.events if event == name and at_s >= since_s), None)

    def wait_event(self, name, since_s, timeout):
        wait_for(f"QEMU's event {name}", lambda: self.event_s(name, since_s), timeout, POLL_S / 5)
        return self.event_s(name, since_s)


class Debugger:
    """QEMU's stub for gdb: the machine stands still while somebody is connected."""

    IF = 0x200  # in EFLAGS: interrupts are on
    # cli; hlt; and back, should something that can't be masked wake it.
    HANG = "faf4ebfc"

    def __init__(self, path):
        self.path = path

    def hang(self):
        """Halt the only processor for ever, in the kernel, with its interrupts off."""
        wait_for("the processor to be in the kernel", self._hang_in_kernel, every=0.005)

    def _hang_in_kernel(self):
        self.socket = connect(self.path)
        try:
            registers = bytes.fromhex(self._ask("g"))
            rip = int.from_bytes(registers[128:136], "little")
            if registers[140] & 3 == 0:
                written = self._ask(f"M{rip:x},4:{self.HANG}")
                if written != "OK":
                    raise Failure(f"the debugger did not write: {written!r}")
                self._ask("D")
                return True
            self._ask("D")
            return False
        finally:
            self.socket.close()

    def _ask(self, command):
        self.socket.sendall(f"${command}#{sum(command.encode()) % 256:02x}".encode())
        received = ""
        # A T tells that the machine stands still now; nobody asked for it.
        while not (found := re.search(r"\$([^T#][^#]*|)#..", received)):
            data = self.socket.recv(65536)
            if not data:
                raise Failure(f"the debugger hung up at {command}")
            received += data.decode()
        self.socket.sendall(b"+")
        return found.group(1)
