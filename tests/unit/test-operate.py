#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""cloudlockctl's verbs that change something, against a made-up daemon and the real one's socket.
Usage: test-operate.py CLOUDLOCKCTL CONTROL-HOST. As root."""

import pathlib
import shutil
import signal
import subprocess
import sys

import stand_in
from stand_in import HOST2, NODE1, NODE2, NOW_US, RUNNING, SLOW_S, STANDBY, CommandTest, run, without

STOPPING = {**RUNNING, "state": "stopping", "status": "stopping validator.service before releasing"}
DOWN = without(STANDBY, "holder", "holderHost", "version", state="standing-down", status="standing down")


class OperateTest(CommandTest):
    def test_release(self):
        daemon = self.daemon(STOPPING, Release=[{**STOPPING, "nextAt": NOW_US}, {**DOWN, "standDownUntil": NOW_US}])
        self.check(run("release", "validator", "--for=1h 30min"), 0, STOPPING["status"],
                   "Released; this host does not take it before 2025-11-23 20:00:01 UTC.")
        self.assertEqual(daemon.calls, [("Release", {"forUSec": 5_400_000_000, "allowInteractiveAuthentication": False})])

    def test_release_until_resumed(self):
        daemon = self.daemon(STOPPING, Release=[DOWN])
        self.check(run("--for", "infinity", "release", "validator"), 0, STOPPING["status"],
                   "Released; this host does not take it until 'cloudlockctl resume'.")
        self.assertEqual(daemon.calls[0][1]["forUSec"], 2 ** 64 - 1)

    def test_no_block(self):
        daemon = self.daemon(RUNNING)
        self.check(run("release", "validator", "--no-block"), 0)
        self.assertEqual(daemon.calls, [("Release", {"allowInteractiveAuthentication": False})])

    def test_handover(self):
        daemon = self.daemon(STOPPING, Handover=[{**DOWN, "successor": "node2"}, {**STANDBY, "successor": "node2"}])
        self.check(run("handover", "validator", "--to=node2"), 0, STOPPING["status"], DOWN["status"],
                   f"Handed over; {NODE2} holds it.")
        self.assertEqual(daemon.calls[0], ("Handover", {"to": "node2", "allowInteractiveAuthentication": False}))

    def test_handover_taken_back(self):
        self.daemon(STOPPING, Handover=[DOWN, {**DOWN, "state": "acquiring", "status": "acquiring validator"}, RUNNING])
        self.check(run("handover", "validator"), 1, STOPPING["status"], DOWN["status"], "acquiring validator",
                   "Nobody took it in time; this host took it back.")

    def test_handover_to_somebody_else(self):
        self.daemon(STOPPING, Handover=[STANDBY])
        self.check(run("handover", "validator", "--to=node3"), 1, STOPPING["status"], f"{NODE2} took it instead of node3.")

    def test_flags(self):
        paused, kept = {**STANDBY, "paused": True}, {**RUNNING, "kept": True}
        for verb, before, after, said in (
                ("pause", STANDBY, paused, "Paused: this host stays standby, also after a restart, until 'cloudlockctl resume'."),
                ("resume", paused, STANDBY, "Resumed: this host takes the lock again when it may."),
                ("keep", RUNNING, kept, "Kept: the target may stop and start while this host holds the lock. End it with "
                 "'cloudlockctl unkeep'."),
                ("unkeep", kept, RUNNING, "From now on the target's end is a failure again.")):
            with self.subTest(verb):
                daemon = self.daemon(before, **{verb.capitalize(): [after]})
                self.check(run(verb, "validator"), 0, before["status"], said)
                self.assertEqual(daemon.calls, [(verb.capitalize(), {"allowInteractiveAuthentication": False})])

    def test_renew(self):
        later = {**RUNNING, "lastRenewal": NOW_US + 1, "expires": NOW_US + 1_860_000_000}
        self.daemon(RUNNING, Renew=[{**RUNNING, "nextAt": NOW_US}, later])
        self.check(run("renew", "validator"), 0, RUNNING["status"], "Renewed; it expires at 2025-11-23 20:31:01 UTC.")

    def test_renew_lost(self):
        self.daemon(RUNNING, Renew=[{**STANDBY, "state": "lost"}])
        self.check(run("renew", "validator"), 1, RUNNING["status"], "The lock is not held here any more.")

    def test_refused(self):
        daemon = self.daemon(STANDBY)
        daemon.error = "org.cloudlock1.Lock.NotHeld", {"message": "node2 holds it,\x1b[2J not this host"}
        self.check(run("release", "validator"), 1, "node2 holds it,?[2J not this host")
        daemon.error = "org.varlink.service.PermissionDenied", {}
        self.check(run("pause", "validator"), 1, "You are not allowed to pause this lock. Run it as root (sudo cloudlockctl "
                   "pause validator), or have polkit", "allow you the action org.cloudlock1.manage.")
        daemon.error = "org.cloudlock1.Lock.InteractiveAuthenticationRequired", {"message": "m"}
        self.assertIn("org.cloudlock1.manage", run("pause", "validator").stderr)
        daemon.error = "org.varlink.service.MethodNotFound", {"method": "m"}
        self.assertIn("an older one. Restart it", run("pause", "validator").stderr)
        daemon.error = "org.cloudlock1.Lock.Brandnew", {}
        self.check(run("pause", "validator"), 1, "org.cloudlock1.Lock.Brandnew")

    def test_nobody_there(self):
        self.check(run("pause", "validator"), 4, "there is no such instance: /etc/cloudlock/validator.conf is missing.")
        self.check(run("pause", "../x"), 4, "'../x' is no name of an instance.")
        path = pathlib.Path("/etc/cloudlock/validator.conf")
        path.touch()
        self.addCleanup(path.unlink)
        self.check(run("pause", "validator"), 3, "cloudlockd does not run: systemctl start cloudlock@validator.service")

    def test_interrupted(self):
        """Ctrl-C ends the following alone, and the terminal's interrupt reaches nothing else."""
        self.daemon(STOPPING)
        process = subprocess.Popen([stand_in.program(), "release", "validator"], stderr=subprocess.PIPE, text=True)
        self.assertEqual(process.stderr.readline(), f"validator: {STOPPING['status']}\n")
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=SLOW_S)
        self.assertEqual(said, "\nvalidator: Not followed any more; what was asked for goes on. 'cloudlockctl watch' shows it.\n")
        self.assertEqual(process.returncode, 128 + signal.SIGINT)

    def test_daemon_restarts(self):
        """What was asked for is followed over a restart of the daemon; and one that knows no `more` is asked again."""
        daemon = self.daemon(STOPPING)
        process = subprocess.Popen([stand_in.program(), "release", "validator"], stderr=subprocess.PIPE, text=True)
        self.assertEqual(process.stderr.readline(), f"validator: {STOPPING['status']}\n")
        daemon.go_away()
        self.assertEqual(process.stderr.readline(),
                         "validator: cloudlockd does not answer (Connection reset by peer); asking again\n")
        daemon.answers_once = True
        daemon.listen()
        with daemon.changed:
            daemon.sent = None
        daemon.play([DOWN])
        _, said = process.communicate(timeout=SLOW_S)
        self.assertEqual(said.splitlines()[-1],
                         "validator: Released; this host does not take it until 'cloudlockctl resume'.")
        self.assertEqual(process.returncode, 0)

    def test_metrics(self):
        daemon = self.daemon(STANDBY)
        daemon.answers["Metrics"] = {"text": "cloudlock_held 0\n# EOF\n"}
        done = run("metrics", "validator")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "cloudlock_held 0\n# EOF\n", ""))


class UnlockTest(CommandTest):
    GONE = without(STANDBY, "holder", "holderHost", "version", status="standby: nobody holds validator")

    def test_shows_first(self):
        daemon = self.daemon(STANDBY)
        done = run("force-unlock", "validator")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"Holder: {NODE2}\n      Host: {HOST2}\n     Since: 2025-11-23 20:00:01 UTC; ", done.stderr)
        self.assertIn("starts nothing for 30min", done.stderr)
        self.assertTrue(done.stderr.endswith(f"cloudlockctl force-unlock validator --holder='{NODE2}'\n"))
        self.assertEqual(daemon.calls, [])

    def test_only_who_was_shown(self):
        daemon = self.daemon(STANDBY)
        for holder in ("node2", NODE1, "", NODE2 + "0"):
            done = run("force-unlock", "validator", f"--holder={holder}")
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"Nothing was done: --holder names {holder}, and", done.stderr)
        self.assertEqual(daemon.calls, [])

    def test_unlocks(self):
        for holder in (NODE2, HOST2):
            daemon = self.daemon(STANDBY, ForceUnlock=[self.GONE])
            done = run("force-unlock", "validator", "--holder", holder)
            self.assertEqual((done.returncode, done.stderr.splitlines()[-1]),
                             (0, "validator: Unlocked: the record is deleted."))
            self.assertEqual(daemon.calls, [("ForceUnlock", {"holder": NODE2, "version": "v1",
                                                             "allowInteractiveAuthentication": False})])

    def test_what_is_no_record(self):
        """An item that nobody can read names nobody."""
        daemon = self.daemon({**self.GONE, "state": "fault"}, ForceUnlock=[self.GONE])
        self.assertIn("force-unlock validator --holder=''\n", run("force-unlock", "validator").stderr)
        self.assertEqual(run("force-unlock", "validator", "--holder=").returncode, 0)
        self.assertEqual(daemon.calls[0][1], {"holder": "", "version": "", "allowInteractiveAuthentication": False})

    def test_nothing_to_unlock(self):
        daemon = self.daemon(self.GONE)
        self.check(run("force-unlock", "validator", "--holder="), 1, "Nobody holds the lock.")
        daemon.update(RUNNING)
        self.check(run("force-unlock", "validator", f"--holder={NODE1}"), 1,
                   "This host holds the lock itself: cloudlockctl release validator")
        self.assertEqual(daemon.calls, [])


class RealTest(CommandTest):
    """The daemon's own code on the other side of the socket, around a lock that is a picture."""

    def setUp(self):
        super().setUp()
        folder = pathlib.Path("/run/cloudlock/validator")
        folder.mkdir(parents=True, exist_ok=True)
        self.addCleanup((folder / "control").unlink)
        bus = subprocess.Popen(["dbus-daemon", "--session", "--nofork", "--print-address=1", "--address=unix:path=/run/bus"],
                               stdout=subprocess.PIPE, text=True)
        address = bus.stdout.readline().strip()
        host = subprocess.Popen([sys.argv[2], folder / "control", address], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                text=True)
        host.stdin.write("t")  # what it answers when it listens
        host.stdin.flush()
        host.stdout.readline()
        for process in (host, bus):
            self.addCleanup(process.communicate)
            self.addCleanup(process.terminate)
        self.host = host

    def operation(self):
        return self.host.stdout.readline().rstrip("\n")

    def test_operations(self):
        done = run("pause", "validator")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.operation(), "operation pause by 0 for 0 to '' holder '' version ''")
        self.assertIn("\n    Paused: ", run("status", "validator").stdout)
        self.assertEqual(run("resume", "validator").returncode, 0)
        self.assertEqual(self.operation(), "operation resume by 0 for 0 to '' holder '' version ''")
        self.check(run("release", "validator", "--no-block", "--for=infinity"), 0)
        self.assertEqual(self.operation(), f"operation release by 0 for {2 ** 64 - 1} to '' holder '' version ''")
        self.check(run("handover", "validator", "--no-block", "--to=node2"), 0)
        self.assertEqual(self.operation(), "operation handover by 0 for 0 to 'node2' holder '' version ''")
        for verb in ("keep", "unkeep", "renew"):
            self.check(run(verb, "validator", "--no-block"), 0)
            self.assertTrue(self.operation().startswith(f"operation {verb} by 0 "))
        self.assertTrue(run("metrics", "validator").stdout.endswith("\n# EOF\n"))
        self.assertEqual(run("history", "validator").stdout, "0 tenures seen by this host.\n")

    def test_not_allowed(self):
        program = shutil.copy(stand_in.program(), "/run/cloudlockctl")  # where everybody may go
        for verb, status, said in (("pause", 1, "org.cloudlock1.manage"), ("status", 0, "")):
            done = subprocess.run([program, verb, "validator"], capture_output=True, text=True, timeout=SLOW_S, check=False,
                                  user="nobody", extra_groups=[], stdin=subprocess.DEVNULL)
            self.assertEqual((done.returncode, said in done.stderr), (status, True), done.stderr)


stand_in.main()
