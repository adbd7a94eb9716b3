# SPDX-License-Identifier: LGPL-2.1-or-later
"""The guard alone, under leases written by hand: the target ends with the lease, whatever else fails."""

import os
import signal
import time

from rig import rootfs
from rig.host import boot_all
from rig.product import Lock, beats, check_dead_by
from rig.silent_server import ASK, SilentServer
from rig.system import wait_for, write

GUARD = "/usr/libexec/cloudlock/cloudlock-guard"
# From stop_at to kill_at; the target needs a second of it, or ignores SIGTERM and all of it.
STOP_S = 3
# From kill_at on the guard kills each 50 to 100 ms; it is a real-time process, what it kills is none.
KILL_LATE_S = 1
# From kill_at to the end of the lease (time-limits.h: KILL_MARGIN_US).
KILL_MARGIN_S = 5
# Exit statuses of the guard's; and systemd's where a unit can't be given a credential.
NO_LEASE, UNBOUND, NO_CREDENTIAL = 3, 4, 243
# A lease that a test can't outlast, so that what ends the target is something else.
LONG_S = 120
# Of the systemd here and in Debian 13, the first that leaves a control group frozen when it stops its unit.
THAWS_NOT_SINCE = 257


def guarded(cluster, *beat_options, service=""):
    host, = boot_all([cluster.add_host()])
    return Lock(host).set_up(*beat_options, service=service, stop_timeout=f"{STOP_S}s")


def write_lease(lock, seconds, kill_after_s=STOP_S, **changes):
    """A lease whose stop_at is `seconds` from now; returns kill_at on CLOCK_MONOTONIC."""
    boot, mono, raw = (time.clock_gettime_ns(clock) // 1000 for clock in (
        time.CLOCK_BOOTTIME, time.CLOCK_MONOTONIC, time.CLOCK_MONOTONIC_RAW))
    stop, kill = round(seconds * 1e6), round((seconds + kill_after_s) * 1e6)
    elapsed_raw = raw + boot - mono
    values = {
        "boot_id": lock.host.run("cat", "/proc/sys/kernel/random/boot_id").strip().replace("-", ""),
        "lock": "0123456789abcdef", "stop_boottime_us": boot + stop, "stop_raw_us": elapsed_raw + stop,
        "kill_boottime_us": boot + kill, "kill_raw_us": elapsed_raw + kill, "fence": 7,
        "holder": f"{lock.host.name}#00000000", **changes}
    path = lock.host.path(lock.lease_path)
    write(f"{path}.new", "".join(f"{name}={value}\n" for name, value in values.items()))
    os.rename(f"{path}.new", path)
    return (mono + kill) / 1e6


def started(cluster, *beat_options, seconds=5, kill_after_s=STOP_S, service=""):
    """A target that runs under a lease; returns the lock and kill_at."""
    lock = guarded(cluster, *beat_options, service=service)
    # A busy machine may take seconds to start it; the lease that the test is about comes after.
    write_lease(lock, LONG_S)
    lock.host.systemctl("start", lock.guard)
    wait_for("beats", lambda: beats(lock.host) > 10)
    if seconds == LONG_S:
        return lock, None
    kill_s = write_lease(lock, seconds, kill_after_s)
    # A guard that is stopped before it has seen this one is still watched by the pace of the first.
    wait_for("the guard to see the second lease", lambda: "min" not in lock.host.show(lock.guard, "WatchdogUSec"))
    return lock, kill_s


def is_gone(lock):
    return not lock.host.unit_pids(lock.target)


def check_ends(lock, kill_s):
    """The target is dead long before the lease is over; how long after kill_at is reported."""
    over_s = kill_s + KILL_LATE_S
    wait_for("the target's end, or the lease's",
             lambda: time.monotonic() > kill_s and is_gone(lock) or time.monotonic() > over_s + 0.5, LONG_S)
    verdict = lock.host.cluster.verdict().check([lock.host], min_beats=10)
    check_dead_by(lock, over_s, f"{KILL_LATE_S} s after kill_at")
    lock.host.cluster.note(f"last beat {verdict.last_beat_s(lock.host) - kill_s:+.2f} s from kill_at")


def check_ends_soon(lock, began_s):
    """The target ends while the lease is good; how soon is reported."""
    wait_for("the target's end", lambda: is_gone(lock), LONG_S / 2)
    last_s = lock.host.cluster.verdict().check([lock.host], min_beats=10).last_beat_s(lock.host)
    lock.host.cluster.note(f"last beat {last_s - began_s:.2f} s after the cause")


def check_settles(lock):
    wait_for("guard and target to be down",
             lambda: not lock.is_target_active() and lock.host.state(lock.guard) in ("inactive", "failed"))
    assert is_gone(lock), "what is down has processes"


def check_status(lock, unit, status):
    """How a unit that fails to start has ended, as cloudlock-operation(7) has it."""
    assert lock.host.systemctl("start", unit, check=False).code != 0, f"{unit} started"
    assert lock.host.show(unit, "ExecMainStatus") == str(status), (unit, status, lock.host.show(unit, "ExecMainStatus"))


def check_other_refusals(lock):
    """With a lease that is good."""
    os.unlink(lock.host.path(lock.lease_path))
    write_lease(lock, LONG_S)
    lock.host.put_file(f"/etc/systemd/system/{lock.target}.d/late.conf", "[Service]\nCPUSchedulingPriority=50\n")
    lock.host.systemctl("daemon-reload")
    check_status(lock, lock.guard, UNBOUND)
    check_settles(lock)
    lock.host.put_file(lock.config_path, "cloudlock_nonsense=1\n", 0o600)
    for unit in (lock.guard, lock.daemon):
        check_status(lock, unit, os.EX_CONFIG)
    lock.host.remove_file(lock.config_path)
    for unit in (lock.guard, lock.daemon):
        check_status(lock, unit, NO_CREDENTIAL)


def test_guard_refuses_without_lease(cluster):
    lock = guarded(cluster)
    assert lock.host.systemctl("start", lock.target, check=False).code != 0, "the target started without a lease file"
    assert lock.host.state(lock.guard) == "inactive", "the guard failed, which counts as a loss of the lock"
    for prepare in (lambda: write_lease(lock, -10),
                    lambda: write_lease(lock, 10, boot_id="0" * 32), lambda: write_lease(lock, 10, fence="x"),
                    lambda: write_lease(lock, 10, kill_after_s=-1),
                    lambda: (os.unlink(lock.host.path(lock.lease_path)), os.mkfifo(lock.host.path(lock.lease_path)))):
        prepare()
        check_status(lock, lock.guard, NO_LEASE)
        assert lock.host.systemctl("start", lock.target, check=False).code != 0, "the target started"
        assert not lock.is_target_active()
    check_other_refusals(lock)
    assert beats(lock.host) == 0


def test_guard_absent_fails_the_condition(cluster):
    """A good lease is not enough: a target's condition asks for a guard that is there as well."""
    lock = guarded(cluster)
    write_lease(lock, LONG_S)

    def condition():
        return lock.host.run(GUARD, "--condition", lock.instance, check=False).code

    assert condition() == 1, "the condition holds without a guard"
    lock.host.systemctl("--job-mode=ignore-dependencies", "start", lock.target, check=False)
    assert not lock.is_target_active() and beats(lock.host) == 0
    lock.host.systemctl("start", lock.guard)
    assert condition() == 0, "the condition does not hold with lease and guard"


def test_guard_ends_target_in_order(cluster):
    asked_s = 20  # for a polite end, on a busy machine too
    lock, kill_s = started(cluster, kill_after_s=asked_s)
    assert cluster.verdict().of(lock.host)[0].fence == 7
    check_settles(lock)
    last = cluster.verdict().last_beat_s(lock.host)
    assert kill_s - asked_s - 0.1 <= last <= kill_s, f"the last beat is {kill_s - last:.2f} s before the kill"
    cluster.note(f"last beat {last - kill_s + asked_s:.2f} s after stop_at")
    assert lock.host.show(lock.target, "Result") == "success", "it was not asked politely"


def test_guard_kills_what_ignores_sigterm(cluster):
    lock, kill_s = started(cluster, "--ignore-term", "--child", service="TimeoutStopSec=infinity")
    check_ends(lock, kill_s)
    check_settles(lock)


def test_guard_ends_what_restarts(cluster):
    lock, kill_s = started(cluster, "--ignore-term", "--exit-after=0.2", "--status=1",
                           service="Restart=always\nRestartSec=0\n[Unit]\nStartLimitIntervalSec=0\n")
    # Between two runs there is a moment without one.
    check_settles(lock)
    check_ends(lock, kill_s)


def test_guard_kills_when_lease_vanishes(cluster):
    lock, _ = started(cluster, "--ignore-term", "--child", seconds=LONG_S, service="TimeoutStopSec=infinity")
    now_s = time.monotonic()
    lock.host.remove_file(lock.lease_path)
    check_ends_soon(lock, now_s)
    check_settles(lock)


def test_guard_stops_when_asked_by_lease(cluster):
    lock, _ = started(cluster, "--ignore-term", seconds=LONG_S, service="TimeoutStopSec=infinity")
    check_ends(lock, write_lease(lock, -0.1, kill_after_s=STOP_S))
    check_settles(lock)


def test_guard_stop_cannot_be_cancelled(cluster):
    """A start by hand does not take the place of the guard's stop."""
    lock, _ = started(cluster, "--ignore-term", seconds=LONG_S, service="TimeoutStopSec=infinity")
    write_lease(lock, -0.1, kill_after_s=LONG_S)
    wait_for("the target to be asked", lambda: lock.host.state(lock.target) == "deactivating")
    for words in (("start", lock.target), ("--job-mode=ignore-dependencies", "start", lock.target)):
        said = lock.host.systemctl("--no-block", *words, check=False)
        assert said.code != 0 and "destructive" in said.stderr, f"systemctl {' '.join(words)} cancelled the stop"
    check_ends(lock, write_lease(lock, -0.2, kill_after_s=1))
    check_settles(lock)


def test_guard_follows_a_later_lease(cluster):
    lock, kill_s = started(cluster, "--ignore-term", "--child", seconds=15)
    identity = lock.identity()
    later_s = write_lease(lock, 25)
    wait_for("the first lease to be over", lambda: time.monotonic() > kill_s + 0.5)
    assert lock.identity() == identity and lock.is_target_active(), "it ended with the first of two leases"
    check_ends(lock, later_s)


def test_guard_killed_alone(cluster):
    """The target is asked to stop at once, and killed when the lease is over."""
    lock, kill_s = started(cluster, "--ignore-term", "--child", seconds=12, service="TimeoutStopSec=infinity")
    lock.host.kill(lock.guard)
    wait_for("the target to be asked", lambda: lock.host.state(lock.target) == "deactivating")
    check_ends(lock, kill_s)
    check_settles(lock)


def test_guard_killed_alone_polite_target(cluster):
    lock, _ = started(cluster, seconds=LONG_S)
    now_s = time.monotonic()
    lock.host.kill(lock.guard)
    check_ends_soon(lock, now_s)
    check_settles(lock)


def test_guard_stopped_alone(cluster):
    lock, kill_s = started(cluster, "--ignore-term", "--child", seconds=8, service="TimeoutStopSec=infinity")
    lock.host.kill(lock.guard, signal.SIGSTOP)
    check_ends(lock, kill_s)
    check_settles(lock)


def test_guard_without_pid1(cluster):
    lock, kill_s = started(cluster, "--ignore-term", "--child", service="TimeoutStopSec=infinity")
    lock.host.stop_pid1()
    check_ends(lock, kill_s)
    lock.host.cont_pid1()
    check_settles(lock)


def test_guard_late_exec(cluster):
    """PID 1 hangs between the target's condition and its program past the lease: that does not get to run when it goes on.
    The control groups are frozen meanwhile, and no longer. Neither does ExecStop= or ExecStopPost=, but where systemd thaws
    the group for them the guard can only be quick: what they did on a busy machine is reported."""
    leave_a_trace = "".join(f"{name}=/bin/sh -c 'while :; do echo >>/root/{name}; done'\n" for name in ("ExecStop", "ExecStopPost"))
    # Long enough to be seen on a busy machine, and over before the lease is.
    lock = guarded(cluster, "--ignore-term", service="ExecStartPre=/bin/sleep 4\n" + leave_a_trace)
    # Where the target would be if its name were a controller's; systemd doesn't remove it.
    lasting = f"/sys/fs/cgroup/system.slice/_{lock.target}"
    lock.host.run("mkdir", lasting)
    kill_s = write_lease(lock, 10)
    lock.host.systemctl("start", "--no-block", lock.guard)
    wait_for("the last moment before the program", lambda: lock.host.show(lock.target, "SubState") == "start-pre")
    lock.host.stop_pid1()
    wait_for("the lease to be over", lambda: time.monotonic() > kill_s + KILL_MARGIN_S)
    frozen = lock.host.run("cat", f"/sys/fs/cgroup/system.slice/{lock.target}/cgroup.freeze", f"{lasting}/cgroup.freeze")
    assert frozen.split() == ["1", "1"], "what is started now is not frozen"
    went_on_s = time.monotonic()
    lock.host.cont_pid1()
    check_settles(lock)
    assert lock.host.run("cat", f"{lasting}/cgroup.freeze").strip() == "0", "the guard has left it frozen"
    assert int(lock.host.show(lock.target, "ExecMainStartTimestampMonotonic")) / 1e6 > went_on_s, "PID 1 did not start it late"
    assert beats(lock.host) == 0, "the program ran after the lease"
    for name in lock.host.run("ls", "/root").split():
        assert rootfs.systemd_version(cluster.tree) < THAWS_NOT_SINCE, f"{name} ran after the lease"
        cluster.note(f"{name} began after the lease, and was killed in round {len(lock.host.read_file(f'/root/{name}'))}")


def test_guard_without_dbus(cluster):
    lock, kill_s = started(cluster, seconds=8)
    lock.host.systemctl("stop", "dbus.socket", "dbus.service", check=False)
    check_ends(lock, kill_s)
    check_settles(lock)


def test_guard_stuck_is_told(cluster):
    """A process that the kernel can't kill: the guard says so once, goes on, and ends when the process does."""
    lock, _ = started(cluster, seconds=LONG_S, service=ASK)
    with SilentServer(lock.host) as server:
        server.wait_asked()
        kill_s = write_lease(lock, -0.1, kill_after_s=1)
        wait_for("the guard to say so", lambda: "some are still there" in lock.host.journal("-u", lock.guard))
        assert time.monotonic() > kill_s + KILL_MARGIN_S, "it calls stuck what has had no time to die"
        assert lock.host.state(lock.guard) == "deactivating" and not is_gone(lock), "the process was killed: no test"
    check_settles(lock)
    check_dead_by(lock, kill_s + KILL_LATE_S, "kill_at")
    said = lock.host.journal("-u", lock.guard)
    assert said.count("some are still there") == 1, said


def test_guard_frozen_target(cluster):
    """Processes that are frozen when their time comes do not thaw into a life after the lease."""
    lock, kill_s = started(cluster, "--ignore-term", "--child", seconds=8)
    lock.host.systemctl("freeze", lock.target)
    wait_for("the lease to be over", lambda: time.monotonic() > kill_s + 1)
    lock.host.systemctl("thaw", lock.target, check=False)
    check_ends(lock, kill_s)


def test_guard_in_a_storm_of_reloads(cluster):
    lock, kill_s = started(cluster, "--ignore-term", "--child", service="TimeoutStopSec=infinity")
    while time.monotonic() < kill_s + 1:
        lock.host.systemctl("daemon-reexec", check=False)
        lock.host.systemctl("daemon-reload", check=False)
    check_ends(lock, kill_s)
    check_settles(lock)


def test_guard_lets_a_killed_target_run_again(cluster):
    """What cgroup.kill did to the target's cgroup does not cling to its next start."""
    lock, kill_s = started(cluster, "--ignore-term", "--child", service="TimeoutStopSec=infinity")
    check_ends(lock, kill_s)
    check_settles(lock)
    before = beats(lock.host)
    write_lease(lock, LONG_S)
    lock.host.systemctl("start", lock.guard)
    wait_for("beats of the second run", lambda: beats(lock.host) > before + 100)
    check_ends(lock, write_lease(lock, 1))
