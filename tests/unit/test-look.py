#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""cloudlockctl's verbs that show something, against made-up daemons. Usage: test-look.py CLOUDLOCKCTL. As root."""

import contextlib
import fcntl
import json
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import stand_in
from stand_in import HOST2, NODE1, NODE2, NOW_US, RUNNING, SLOW_S, STANDBY, CommandTest, run

ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"


class Lines:
    """A watch whose output is no terminal."""

    def __init__(self, *words):
        self.process = subprocess.Popen([stand_in.program(), "watch", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True)

    def next(self):
        return self.process.stdout.readline().rstrip("\n")

    def end(self, how=signal.SIGINT):
        self.process.send_signal(how)
        out, err = self.process.communicate(timeout=SLOW_S)
        return self.process.returncode, out, err


class Terminal:
    """A program on a terminal of its own, of 80 columns and 24 lines."""

    def __init__(self, *words, **environment):
        command, environment = [stand_in.program(), *words], {**os.environ, "TERM": "xterm", **environment}
        self.seen = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                self.resize(0, 80)
                os.execve(command[0], command, environment)
            finally:
                os._exit(127)

    @staticmethod
    def resize(fd, columns):
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def wait_for(self, text):
        """Until it was written behind what was waited for before; returns what came up to there."""
        deadline = time.monotonic() + SLOW_S
        while text not in self.seen:
            ready, _, _ = select.select([self.fd], [], [], deadline - time.monotonic())
            if not ready:
                raise RuntimeError(f"{text!r} is not in {self.seen!r}")
            self.seen += os.read(self.fd, 65536).decode()
        before, _, self.seen = self.seen.partition(text)
        return before

    def type(self, text):
        os.write(self.fd, text.encode())

    def end(self):
        """What it wrote until it ended, and its exit status."""
        with contextlib.suppress(OSError):
            while data := os.read(self.fd, 65536):
                self.seen += data.decode()
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return self.seen, os.waitstatus_to_exitcode(status)


class WatchTest(CommandTest):
    def test_lines(self):
        daemon = self.daemon(STANDBY)
        lines = Lines()
        first = lines.next()
        self.assertRegex(first, r"^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC validator: standby: node2 holds validator$")
        # What ticks is no news, and what is said in the same words is none either.
        ticks = {**STANDBY, "nextAt": NOW_US, "status": "ticks"}
        daemon.play([ticks, {**ticks, "kept": True}, RUNNING])
        self.assertTrue(lines.next().endswith(" validator: " + RUNNING["status"]))
        daemon.go_away()
        self.assertTrue(lines.next().endswith(" validator: cloudlockd does not answer (Connection reset by peer); asking again"))
        daemon.listen()
        self.assertTrue(lines.next().endswith(" validator: " + RUNNING["status"]))
        self.assertEqual(lines.end(), (0, "", ""))

    def test_not_running_yet(self):
        path = pathlib.Path("/etc/cloudlock/validator.conf")
        path.touch()
        self.addCleanup(path.unlink)
        lines = Lines("validator")
        self.assertTrue(lines.next().endswith(" validator: cloudlockd does not run; waiting for it"))
        self.daemon(STANDBY)
        self.assertTrue(lines.next().endswith(STANDBY["status"]))
        self.assertEqual(lines.end(signal.SIGTERM), (0, "", ""))

    def test_started_later(self):
        """A new instance appears by itself, and one that is gone stays; who named some gets those."""
        self.daemon(STANDBY)
        path = pathlib.Path("/etc/cloudlock/another.conf")
        self.addCleanup(lambda: path.unlink(missing_ok=True))
        lines, named = Lines(), Lines("validator")
        for watch in (lines, named):
            self.assertTrue(watch.next().endswith(" validator: " + STANDBY["status"]))
        path.touch()
        self.assertTrue(lines.next().endswith(" another: cloudlockd does not run; waiting for it"))
        path.unlink()
        self.daemon({**STANDBY, "instance": "third"})
        self.assertTrue(lines.next().endswith(" third: " + STANDBY["status"]))
        self.running["validator"].update(RUNNING)
        for watch in (lines, named):
            self.assertTrue(watch.next().endswith(" validator: " + RUNNING["status"]))
            self.assertEqual(watch.end(), (0, "", ""))

    def test_before_the_first_answer(self):
        """It is not known yet whether a daemon runs there."""
        self.daemon(STANDBY).stream = lambda *_: None
        terminal = Terminal("watch")
        shown = terminal.wait_for("validator")
        shown += terminal.wait_for("Locks on")
        self.assertNotIn("not running", shown)
        terminal.type("\x03")
        self.assertEqual(terminal.end()[1], 0)

    def test_records(self):
        """A JSON object a line: whatever changed, and where it came from."""
        daemon = self.daemon(STANDBY)
        for option in ("--json", "--json=pretty"):
            lines = Lines(option, "validator")
            record = json.loads(lines.next())
            self.assertAlmostEqual(record.pop("time") / 1e6, time.time(), delta=SLOW_S)
            self.assertEqual(record, {**STANDBY, "daemonRunning": True})
            daemon.update({**STANDBY, "nextAt": NOW_US})
            self.assertEqual(json.loads(lines.next())["nextAt"], NOW_US)
            daemon.go_away()
            record = json.loads(lines.next())
            del record["time"]
            self.assertEqual(record, {"instance": "validator", "daemonRunning": False})
            self.assertEqual(lines.end(), (0, "", ""))
            daemon.status = STANDBY
            daemon.listen()

    def test_terminal(self):
        daemon = self.daemon(STANDBY)
        terminal = Terminal("watch")
        self.assertEqual(terminal.wait_for(ENTER), "")
        terminal.wait_for("validator standby")
        daemon.update(RUNNING)
        terminal.wait_for("\x1b[0;1;32mrunning\x1b[0m")
        terminal.wait_for("Last changes")
        terminal.wait_for("standby: node2 holds validator")
        terminal.resize(terminal.fd, 40)
        terminal.wait_for("Locks on")
        while len(re.sub("\x1b\\[[0-9;?]*[a-zA-Z]", "", terminal.wait_for("\r\n"))) > 40:
            pass
        terminal.type("\x03")
        terminal.wait_for(LEAVE)
        rest, status = terminal.end()
        self.assertEqual(status, 0)
        self.assertIn("validator \x1b[0;1;32mrunning\x1b[0m", rest)  # what was seen last stays
        self.assertNotIn(ENTER, rest)

    def test_suspended(self):
        """Ctrl-Z gives the terminal back for as long; it is drawn anew afterwards."""
        self.daemon(STANDBY)
        terminal = Terminal("watch")
        terminal.wait_for("validator standby")
        terminal.type("\x1a")
        terminal.wait_for(LEAVE)
        self.assertTrue(os.WIFSTOPPED(os.waitpid(terminal.pid, os.WUNTRACED)[1]))
        os.kill(terminal.pid, signal.SIGCONT)
        terminal.wait_for(ENTER)
        terminal.wait_for("validator standby")
        terminal.type("\x03")
        terminal.wait_for(LEAVE)
        self.assertEqual(terminal.end()[1], 0)

    def test_dumb_terminal(self):
        self.daemon(STANDBY)
        terminal = Terminal("watch", TERM="dumb")
        self.assertNotIn("\x1b", terminal.wait_for(STANDBY["status"]))
        terminal.type("\x03")
        self.assertEqual(terminal.end()[1], 0)

    def test_nothing_to_watch(self):
        done = run("watch")
        self.assertEqual((done.returncode, done.stdout), (4, ""))
        self.assertEqual(run("watch", "nosuch").returncode, 4)
        self.assertEqual(run("watch", "../x").returncode, 4)


class ListTest(CommandTest):
    def setUp(self):
        super().setUp()
        self.daemon({**STANDBY, "expires": int(time.time() + 86400) * 1_000_000})
        path = pathlib.Path("/etc/cloudlock/another.conf")
        path.touch()
        self.addCleanup(path.unlink)

    def test_list(self):
        done = run("list")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"\AINSTANCE  STATE       HOLDER LEASE +LEFT TARGET +ACTIVE\n"
                         r"another   not running - +- +- - +-\n"
                         r"validator standby     node2  30min 23h \d+min validator.service inactive\n\n2 locks listed.\n\Z")

    def test_no_legend(self):
        names = [line.split()[0] for line in run("list", "--no-legend").stdout.splitlines()]
        self.assertEqual(names, ["another", "validator"])
        self.assertEqual(len(run("list", "validator", "--no-legend").stdout.splitlines()), 1)

    def test_json(self):
        for option, lines in (("--json=short", 1), ("--json=pretty", 0)):
            said = run("list", option).stdout
            one, other = json.loads(said)
            self.assertEqual(one, {"instance": "another", "daemonRunning": False})
            self.assertEqual((other["instance"], other["daemonRunning"], other["holder"]), ("validator", True, NODE2))
            self.assertEqual(said.count("\n") == 1, bool(lines))

    def test_what_cannot_be_written(self):
        for words in (("list",), ("list", "--json"), ("status",), ("status", "--json"), ("--help",)):
            with self.subTest(words), open("/dev/full", "w", encoding="ascii") as full:
                done = subprocess.run([stand_in.program(), *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False,
                                      timeout=SLOW_S)
                self.assertEqual((done.returncode, done.stderr),
                                 (3 if "status" in words else 1,
                                  "Not all of the output could be written: No space left on device\n"))

    def test_json_by_where_it_goes(self):
        """On a terminal for people, elsewhere for programs."""
        self.assertEqual(run("list", "--json").stdout.count("\n"), 1)
        said, status = Terminal("list", "--json").end()
        self.assertEqual(status, 0)
        self.assertGreater(said.count("\n"), 10)

    def test_colours(self):
        """Which outweighs which: SYSTEMD_COLORS, NO_COLOR, TERM, and whether it is a terminal."""
        self.daemon(RUNNING)
        for environment, wanted in (({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False),
                                    ({"NO_COLOR": "1", "SYSTEMD_COLORS": "16"}, True), ({"SYSTEMD_COLORS": "no"}, False),
                                    ({"SYSTEMD_COLORS": "nonsense"}, True), ({"SYSTEMD_COLORS": "auto-256"}, True)):
            said, _ = Terminal("list", **environment).end()
            self.assertEqual("\x1b[0;1;32mrunning" in said, wanted, environment)
        for value, wanted in (("1", True), ("auto-16", False), ("0", False)):
            said = run("list", env={**os.environ, "SYSTEMD_COLORS": value}).stdout
            self.assertEqual("\x1b[0;1;32mrunning" in said, wanted, value)

    def test_width(self):
        """As wide as the terminal is, COLUMNS says, or the text is long."""
        def widest(text):
            return max(len(line) for line in text.splitlines())

        self.daemon({**STANDBY, "targets": [{"unit": 100 * "x" + ".service", "activeState": "inactive"}]})
        self.assertEqual(widest(Terminal("list").end()[0]), 80)
        self.assertEqual(widest(Terminal("list", COLUMNS="120").end()[0]), 120)
        self.assertGreater(widest(Terminal("list", "--full").end()[0]), 130)
        self.assertGreater(widest(run("list").stdout), 130)

    def test_broken(self):
        """One that does not answer is left out, and the exit status says so."""
        daemon = self.daemon(STANDBY)
        daemon.status = []
        done = run("list")
        self.assertEqual(done.returncode, 1)
        self.assertIn("1 lock listed.", done.stdout)
        self.assertIn("validator: no proper answer from cloudlockd", done.stderr)

    def test_hung(self):
        """One that takes the call, and says nothing: what that means, and where to look."""
        daemon = self.daemon(STANDBY)
        daemon.answer = lambda *_: None
        done = run("list")
        self.assertEqual(done.returncode, 1)
        self.assertIn("validator: cloudlockd does not answer: systemctl status cloudlock@validator.service.", done.stderr)


class HistoryTest(CommandTest):
    CHANGES = [{"since": NOW_US - 7_200_000_000, "until": NOW_US - 3_600_000_000, "holder": NODE1, "how": "released"},
               {"since": NOW_US - 3_600_000_000, "holder": NODE2, "host": HOST2, "how": "acquired"}]

    def setUp(self):
        super().setUp()
        self.daemon(STANDBY).answers["History"] = {"changes": self.CHANGES}

    def test_table(self):
        done = run("history", "validator")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = done.stdout.splitlines()
        self.assertRegex(lines[1], r"^2025-11-23 18:00:01 2025-11-23 19:00:01 +1h node1  released$")
        self.assertTrue(lines[2].startswith("2025-11-23 19:00:01 - ") and lines[2].endswith(" node2  holds it"))
        self.assertRegex(lines[5], r"^node2 ·*█+$")
        self.assertEqual(lines[-1], "2 tenures seen by this host.")
        self.assertEqual(len(run("history", "--no-legend").stdout.splitlines()), 2)

    def test_json(self):
        self.assertEqual(json.loads(run("history", "--json").stdout), [{"instance": "validator", "changes": self.CHANGES}])

    def test_nothing_yet(self):
        self.running["validator"].answers["History"] = {"changes": []}
        self.assertEqual(run("history").stdout, "0 tenures seen by this host.\n")

    def test_broken(self):
        self.running["validator"].answers["History"] = {"changes": [7, {}, {"since": -1, "holder": "x"}, {"since": 1}]}
        self.assertEqual(run("history").stdout, "0 tenures seen by this host.\n")
        self.running["validator"].answers["History"] = {"changes": "x"}
        done = run("history")
        self.assertEqual((done.returncode, done.stderr), (1, "validator: cloudlockd's answer has no changes in it.\n"))


stand_in.main()
