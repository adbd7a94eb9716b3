# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host with cloudlock: lock-peer is its cloudlockd; the guard, PID 1 and the lease file are played here, as slow as
they may be: the target is asked to end at stop_at, and dies at kill_at on the earlier of both clocks."""

import hashlib
import subprocess

from .clock import MINUTE, SECOND
from .host import REACTION_US, Host
from .front import Stuck

# UnitPhase of src/lock/lock.h
INACTIVE, ACTIVE, DEACTIVATING, FAILED = 0, 2, 3, 4
REQUEST_US_MAX, REQUEST_LEASE_DIVISOR = 10 * SECOND, 8
STAND_DOWN_US = 10 * MINUTE
TICK_US_MIN = 1000
PID1_US = (1_000, 50_000)  # how long a call takes


class Cloudlock(Host):
    def __init__(self, world, name, settings, my_id, rig):
        super().__init__(world, name, settings)
        machine = hashlib.sha256(name.encode()).hexdigest()
        self.holder, self._machine = f"{my_id}#{machine[:8]}", machine[:32]
        self._boot = 0
        self._process = subprocess.Popen(
            [rig.program, world.front.url, world.region, world.table, world.label], text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={"AWS_ACCESS_KEY_ID": self.key, "AWS_SECRET_ACCESS_KEY": rig.secret, "LC_ALL": "C.UTF-8"})
        self._patience_us = min(REQUEST_US_MAX, settings.lease_us // REQUEST_LEASE_DIVISOR)
        self._due = 0
        self._down_us = None      # how long it stays away once it is through in order
        self.state, self.reason = "", ""
        self._lease = None        # stop and kill, on BOOTTIME and RAW each, and the fence
        self._guard = self._guard_stopping = self._failed = False

    def close(self):
        self._process.kill()
        self._process.communicate()

    # -- cloudlockd

    def start(self):
        self.run += 1
        self.up, self._down_us = True, None
        s, boot = self.settings, hashlib.sha256(f"{self.name}{self._boot}".encode()).hexdigest()[:32]
        self._command("begin", self.holder, self._machine, boot, s.gap_us, s.lease_us, s.renew_us, s.poll_us,
                      self.world.rng.getrandbits(63), *(self._lease or ()))
        self._after(PID1_US, self._command, "table")

    def _end_daemon(self):
        if self.up:
            self.run += 1
            self.up = False
            self._ask("end")

    def _ask(self, command, *arguments):
        """The lines that it answers."""
        words = [command, *self.clocks.all(), *arguments]
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        lines = []
        while not lines or not lines[-1].startswith("."):
            line = self._process.stdout.readline()
            if not line:
                raise Stuck(f"lock-peer ended after {' '.join(map(str, words))}")
            lines.append(line.rstrip("\n"))
        return lines

    def _command(self, command, *arguments):
        *actions, last = self._ask(command, *arguments)
        _, state, deadline, _released, self.reason = last.split(" ", 4)
        if state != self.state:
            self.world.note(self, f"{state} {self.reason}".rstrip())
        self.state = state
        run = self.run
        for action in actions:
            if self.run == run:
                self._perform(*action.split(" "))
        if self.up and self.run == run:
            self._arm(int(deadline))

    def _arm(self, deadline_us):
        time = self.world.time
        self._due += 1
        if deadline_us < 1 << 62:
            when = max(self.clocks.true_time(boot_us=deadline_us), time.now + TICK_US_MIN)
            time.at(when, self._tick, self.run, self._due)

    def _tick(self, run, due):
        if run == self.run and due == self._due:
            self._command("tick")

    def _after(self, range_us, what, *arguments):
        """If cloudlockd is still the same then."""
        run = self.run
        self.world.time.after(self.world.rng.randint(*range_us), lambda: what(*arguments) if self.run == run else None)

    def _perform(self, action, *numbers):
        if action in ("read", "write"):
            request = self.world.front.wait(lambda: self.world.front.take(self.key))
            self.world.network.carry(self, request, self._patience_us, lambda: self._command("answer"))
        elif action == "lease":
            self._write_lease([int(number) for number in numbers])
        elif action == "revoke":
            self._lease = None
            self._guard_looks()
        elif action == "start-guard":
            self._after(PID1_US, self._start_guard)
        elif action == "stop-units":
            self._pid1(self._stop_units)
        elif action == "look":
            self._after(PID1_US, self._tell_units, self.clocks.boot_us)
        elif action == "exit":
            self._end_daemon()
            self.come_back(self._down_us)

    # -- PID 1

    def _pid1(self, what):
        boot = self._boot
        self.world.time.after(self.world.rng.randint(*PID1_US), lambda: what() if self._boot == boot else None)

    def _tell_units(self, asked_us):
        guard = (DEACTIVATING if self._guard_stopping else ACTIVE) if self._guard else INACTIVE
        target = (DEACTIVATING if self.stopping else ACTIVE) if self.target else FAILED if self._failed else INACTIVE
        self._command("units", asked_us, guard, target, int(not self.target), int(self._guard_stopping),
                      int(self.target), 0, self.settings.budget_us)

    def _units_changed(self):
        if self.up:
            self._after(PID1_US, lambda: self._tell_units(self.clocks.boot_us))

    def _start_guard(self):
        if self._guard:
            return
        if not self._lease or self._passed(0):
            self._command("guard-failed")
            return
        self._guard, self._guard_stopping, self._failed = True, False, False
        self.start_target()
        self._guard_reads()
        self._after(PID1_US, self._command, "guard-started")
        self._units_changed()

    def _stop_units(self):
        if not self._guard or self._guard_stopping:
            return
        self._guard_stopping = True
        if not self.target:
            self._guard_gone()
            return
        run = self.target_run
        self.ask_target_to_end(self.world.rng.choice(REACTION_US))
        self.world.time.after(self.settings.budget_us, lambda: self.end_target() if self.target_run == run else None)

    def target_gone(self):
        if self._guard_stopping:
            self._guard_gone()
        self._units_changed()

    def _guard_gone(self):
        self._guard = self._guard_stopping = False
        self._units_changed()

    # -- the guard

    def _passed(self, which):
        """stop_at (0) or kill_at (2), on either clock."""
        return self.clocks.boot_us >= self._lease[which] or self.clocks.raw_us >= self._lease[which + 1]

    def _write_lease(self, lease):
        self._lease = lease
        self._guard_reads()

    def _guard_reads(self):
        if self._guard:
            self._guard_looks()
        if self._lease:
            for which in (0, 2):
                boot_us, raw_us = self._lease[which:which + 2]
                self.world.time.at(self.clocks.true_time(boot_us, raw_us), self._guard_looks)

    def _guard_looks(self):
        if not self._guard:
            return
        if not self._lease or self._passed(2):
            self.world.note(self, "the guard kills" if self.target else "the guard is through")
            self._guard_stopping = True
            if self.target:
                self.end_target()
            else:
                self._guard_gone()
        elif self._passed(0):
            self._stop_units()

    # -- what befalls it

    def kill(self):
        """All of it, at once."""
        self._end_daemon()
        self._boot += 1
        self._guard = self._guard_stopping = self._failed = False
        self._lease = None
        self.end_target()

    def power_cut(self, down_us):
        self.kill()
        self.clocks.reboot()
        self.come_back(down_us)

    def stop(self, down_us):
        if self.up and self._down_us is None:
            self._down_us = down_us
            self._command("stop")

    def crash(self, down_us):
        """Its target goes on."""
        if self.up:
            self._end_daemon()
            self.come_back(self._down_us or down_us)

    def target_fails(self):
        self._failed = True
        self.end_target()
        self.world.judge.excuse(STAND_DOWN_US)

    def clock_off(self, off_us, for_us):
        true_off_us, self.clocks.wall_off_us = self.clocks.wall_off_us, off_us
        self.fair_weather = True
        self.world.time.after(for_us, self._clock_right, true_off_us)
        self._clock_jumps()

    def _clock_right(self, off_us):
        self.clocks.wall_off_us, self.fair_weather = off_us, False
        self._clock_jumps()

    def _clock_jumps(self):
        if self.up:
            self._command("clock-jump")

    @property
    def bound_us(self):
        """How long after a lock is over its target runs: rule (b) with a slow clock, a poll, the gap."""
        return 2 * MINUTE + 3 * self.settings.poll_us + self.settings.gap_us * 1001 // 1000 + 2 * REQUEST_US_MAX
