# SPDX-License-Identifier: LGPL-2.1-or-later
"""The holder, or a part of it, fails: its target is dead before anybody else's starts."""

import os
import signal
import time

from rig.product import LEASE_S, beats, check_dead_by, check_taken_at_once, pair, takeover_view_s, wait_takeover
from rig.runner import needs
from rig.silent_server import ASK, SilentServer
from rig.system import WAIT_S, Skip, wait_for

# Without an answer of systemd's cloudlockd renews for so long after the lease (time-limits.h: UNITS_AGE_US_MAX).
BLIND_S = 60
DBUS = ("dbus.socket", "dbus.service")


def finish(cluster, one, other):
    """Both have run, never together, and the fence went up."""
    wait_for(f"enough beats of {other.host.name}", lambda: beats(other.host) >= 50)
    verdict = cluster.verdict().check([one.host, other.host])
    assert verdict.fences_in_order(), verdict.runs
    cluster.note(f"{verdict.smallest_handover_s():.2f} s between the hosts' beats")


def lease_end_s(lock):
    """When the lease of the last renewal that the store got is over: CLOCK_MONOTONIC seconds.

    The holder counts from before it sent that, the record's expire_time lies later still.
    """
    return lock.writes()[-1].mono_ns / 1e9 + LEASE_S


def record_end_s(cluster, lock):
    """The record's own expire_time, on CLOCK_MONOTONIC."""
    return cluster.front.get(lock.instance)["expire_time"] / 1e3 - time.time() + time.monotonic()


def fail_then_take_over(cluster, one, other, fault):
    """A fault that ends the holder's renewals; the other host takes over when it may, no sooner, and within this lease."""
    one.wait_renewal()
    fault()
    ends_s = record_end_s(cluster, one)
    took = wait_takeover(one, other)
    check_dead_by(one, lease_end_s(one), "its lease was over")
    check_dead_by(one, ends_s, "its record was over")
    may_s, did_s = takeover_view_s(one, other), took.mono_ns / 1e9
    assert did_s >= may_s, f"taken over {may_s - did_s:.3f} s before the holder's lease was over"
    assert did_s < may_s + LEASE_S, f"taken over {did_s - may_s:.3f} s after the lease was over"
    cluster.note(f"taken over {did_s - may_s:.2f} s after it could be")
    finish(cluster, one, other)


def test_power_off(cluster):
    one, other = pair(cluster)
    fail_then_take_over(cluster, one, other, one.host.power_off)


def test_cut_off(cluster):
    one, other = pair(cluster)
    fail_then_take_over(cluster, one, other, one.host.cut)
    one.host.join()
    one.wait_state("standby")
    assert not one.is_target_active()
    cluster.verdict().check([one.host, other.host])


def test_cut_off_silently(cluster):
    """The carrier stays, packets vanish."""
    one, other = pair(cluster)
    fail_then_take_over(cluster, one, other, lambda: one.host.cut(silently=True))


def test_cut_off_with_target_that_ignores_sigterm(cluster):
    one, other = pair(cluster, "--ignore-term", "--child")
    fail_then_take_over(cluster, one, other, one.host.cut)


def test_cut_off_and_guard_killed(cluster):
    one, other = pair(cluster, "--ignore-term", "--child")

    def fault():
        one.host.cut()
        one.host.kill(one.guard)

    fail_then_take_over(cluster, one, other, fault)


def test_cut_off_and_guard_stopped(cluster):
    one, other = pair(cluster, "--ignore-term", "--child")

    def fault():
        one.host.cut()
        one.host.kill(one.guard, signal.SIGSTOP)

    fail_then_take_over(cluster, one, other, fault)


def test_cut_off_and_pid1_stopped(cluster):
    one, other = pair(cluster, "--ignore-term", "--child")

    def fault():
        one.host.cut()
        one.host.stop_pid1()

    fail_then_take_over(cluster, one, other, fault)


def test_frozen_host_whose_guard_is_killed(cluster):
    """Nothing is promised of a machine that stands still; but its target ends as soon as PID 1 sees that the guard is gone."""
    one, other = pair(cluster, "--ignore-term", "--child")
    guard = one.host.outer_pid(one.host.main_pid(one.guard))
    one.host.freeze()
    os.kill(guard, signal.SIGKILL)
    wait_takeover(one, other)
    thawed_ns = time.monotonic_ns()
    one.host.thaw()
    wait_for("the target to be gone", lambda: not one.host.unit_pids(one.target))
    last_ns = max(beat for run in cluster.verdict().of(one.host) for beat in run.times)
    cluster.note(f"its target ran for {max(0, last_ns - thawed_ns) / 1e9:.2f} s after the thaw")
    one.wait_state("standby")


def is_leaving(host):
    """Its PID 1 is at its end: a real machine's processor would be reset by now."""
    try:
        return not os.readlink(f"/proc/{host.leader}/exe")
    except OSError:
        return True


def test_cut_off_with_target_that_cannot_be_killed(cluster):
    """cloudlock_on_stuck=reboot: at the end of the lease the machine reboots, and waits for no stop and no unmount."""
    one, other = pair(cluster, "--ignore-term", service=ASK + "TimeoutStopSec=infinity\n", on_stuck="reboot", stop_timeout="2s")
    with SilentServer(one.host) as server:
        server.wait_asked()
        one.wait_renewal()
        one.host.cut()
        over_s = lease_end_s(one)
        wait_for(f"{one.host.name} to reboot", lambda: is_leaving(one.host))
        cluster.note(f"rebooted {time.monotonic() - over_s:+.2f} s from the end of the lease")
        assert "the machine is rebooted at once" in one.host.journal("-u", one.guard)
    one.host.wait_off()
    other.wait_running(timeout=LEASE_S + WAIT_S)
    check_dead_by(one, over_s, "its lease was over")
    finish(cluster, one, other)


def test_cut_off_and_daemon_stopped(cluster):
    one, other = pair(cluster)

    def fault():
        one.host.kill(one.daemon, signal.SIGSTOP)
        one.host.cut()

    fail_then_take_over(cluster, one, other, fault)


@needs(idle=True)
def test_daemon_killed_without_dbus(cluster):
    """cloudlockd comes back and can't ask systemd: it keeps the lock for BLIND_S, and then leaves it to a host that can run."""
    one, other = pair(cluster)
    one.wait_renewal()
    # It goes on with a running target, whose lease it then no longer lengthens.
    one.host.systemctl("mask", "--runtime", *DBUS)
    one.host.systemctl("stop", *DBUS, check=False)
    one.host.kill(one.daemon)
    killed_s, lease_s = time.monotonic(), lease_end_s(one)
    one.wait_renewal()
    wait_for("the guard to end the target", lambda: not one.is_target_active(), LEASE_S + WAIT_S)
    took = wait_takeover(one, other, LEASE_S + BLIND_S + LEASE_S + WAIT_S)
    check_dead_by(one, lease_s, "the lease was over that it had at the kill")
    assert took.mono_ns / 1e9 >= takeover_view_s(one, other), "taken over before the lease was over"
    cluster.note(f"kept for {one.writes()[-1].mono_ns / 1e9 - killed_s:.1f} s, taken over {took.mono_ns / 1e9 - killed_s:.1f} s "
                 "after the kill")
    finish(cluster, one, other)
    one.host.systemctl("unmask", "--runtime", *DBUS)
    one.host.systemctl("start", *DBUS)
    one.wait_state("standby")
    cluster.verdict().check([one.host, other.host])


def test_daemon_stopped(cluster):
    """cloudlockd hangs: its watchdog brings it back, or the lease ends; both are safe."""
    one, _ = pair(cluster)
    one.host.kill(one.daemon, signal.SIGSTOP)
    ends_s = lease_end_s(one)
    wait_for("somebody to go on", lambda: cluster.requests(op="UpdateItem")[-1].mono_ns / 1e9 > ends_s - 10, LEASE_S + WAIT_S)
    wait_for("the lease to be over", lambda: time.monotonic() > ends_s)
    cluster.verdict().check([one.host])


def guard_fails(cluster, which):
    """The guard alone is killed or stopped: the target ends within the lease that it had."""
    one, other = pair(cluster, "--ignore-term", "--child")
    first = one.identity()
    one.wait_renewal()
    ends_s = record_end_s(cluster, one)
    lease_s = lease_end_s(one)
    one.host.kill(one.guard, which)
    wait_for("the target to end", lambda: one.identity() != first, LEASE_S + WAIT_S)
    old = [run for run in cluster.verdict().of(one.host) if run.pid in pids_of(cluster, one, first)]
    assert max(run.last for run in old) / 1e9 < min(ends_s, lease_s), "the target outlived its lease"
    wait_for("the target to run again, anywhere", lambda: one.state() == "running" or other.state() == "running",
             2 * LEASE_S + WAIT_S)
    cluster.verdict().check([one.host])


def pids_of(cluster, lock, identity):
    """The processes of one run of the target: those that began together with its main process."""
    main, = [run for run in cluster.verdict().of(lock.host) if run.pid == int(identity[0])][:1]
    return {run.pid for run in cluster.verdict().of(lock.host) if abs(run.first - main.first) < 1e9}


def test_guard_killed(cluster):
    guard_fails(cluster, signal.SIGKILL)


def test_guard_stopped(cluster):
    guard_fails(cluster, signal.SIGSTOP)


def test_pid1_stopped(cluster):
    """PID 1 hangs, all else works: whatever the holder makes of it, never two."""
    one, _ = pair(cluster)
    one.host.stop_pid1()
    ends_s = lease_end_s(one)
    wait_for("the lease of that time to be over", lambda: time.monotonic() > ends_s + 2)
    one.host.cont_pid1()
    cluster.verdict().check([one.host])
    wait_for("an answer of PID 1", lambda: one.host.systemctl("is-system-running", check=False))


def test_configuration_deleted(cluster):
    """Without its configuration cloudlockd can't come back: the lease still ends the target."""
    one, other = pair(cluster)

    def fault():
        one.host.remove_file(one.config_path)
        one.host.kill(one.daemon)

    fail_then_take_over(cluster, one, other, fault)


def test_configuration_deleted_then_cut_off(cluster):
    one, other = pair(cluster)
    one.host.remove_file(one.config_path)
    fail_then_take_over(cluster, one, other, one.host.cut)


def test_holder_reboots(cluster):
    """Its own name in the table, but another boot: the lease of before still has to run out."""
    one, other = pair(cluster)
    one.wait_renewal()
    one.host.power_off()
    ends_s = lease_end_s(one)
    one.host.boot()
    since = cluster.front.last_number()
    one.start()
    wait_for("a takeover", lambda: one.writes(since) or other.writes(since), LEASE_S + WAIT_S)
    took = (one.writes(since) + other.writes(since))[0]
    assert took.mono_ns / 1e9 >= ends_s, f"{took.host} took the lock while the lease of the boot before was good"
    wait_for("the target to run again, anywhere", lambda: "running" in (one.state(), other.state()), LEASE_S + WAIT_S)
    cluster.verdict().check([one.host])


def test_shutdown_hands_over(cluster):
    """An orderly shutdown stops the target, releases, and the other host goes on at its next look."""
    one, other = pair(cluster)
    since = cluster.front.last_number()
    one.host.shut_down()
    release = one.writes(since)[-1]
    assert release.written.get("expire_time") == 0, f"not released at shutdown: {release.written}"
    check_taken_at_once(other, release)
    other.wait_running()
    finish(cluster, one, other)


def test_soft_reboot_hands_over(cluster):
    """The same where userspace alone begins anew: boot id and /run stay, and what is left there harms nobody."""
    if not os.path.exists(f"{cluster.tree}/usr/lib/systemd/system/soft-reboot.target"):
        raise Skip("the hosts' systemd knows no soft-reboot")
    one, other = pair(cluster)
    since = cluster.front.last_number()
    one.host.soft_reboot()
    assert not one.is_target_active() and not one.host.unit_pids(one.target), "the target outlived the soft-reboot"
    release = one.writes(since)[-1]
    assert release.written.get("expire_time") == 0, f"not released at the soft-reboot: {release.written}"
    assert one.host.has_file("/run/cloudlock/demo/journal"), "/run began anew as well"
    # Not enabled: it would be back before anybody else has looked, and take what is its own.
    check_taken_at_once(other, release)
    one.start()
    one.wait_state("standby")
    other.wait_running()
    finish(cluster, one, other)


def test_failing_target_moves(cluster):
    """A target that ends in failure is given up to the other host."""
    one, other = pair(cluster)
    since = cluster.front.last_number()
    one.host.kill(one.target, signal.SIGKILL)
    took = wait_for("the takeover", lambda: other.writes(since))[0]
    assert any(one_write.written.get("expire_time") == 0 for one_write in one.writes(since))
    other.wait_running()
    assert took.written["fence"] > cluster.verdict().of(one.host)[0].fence
    one.wait_state("standing-down")
    finish(cluster, one, other)
