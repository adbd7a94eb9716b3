# SPDX-License-Identifier: LGPL-2.1-or-later
"""cloudlock and the original take the lock from each other in real time: long, and idle. tests/mixed has many cases."""

import time

from rig.host import boot_all
from rig.original import EXPIRATION_S, GAP_S, LOOK_S, RENEW_S, Original
from rig.product import INSTANCE, POLL_S, Lock, beats
from rig.runner import needs
from rig.system import wait_for

CLOCK_S = 39        # off by as much as the original puts up with
MARGIN_S = 60       # past expire_time, before a record of the original's counts as expired (time-limits.h)
SLACK_S = 60        # of a busy machine
BEATS_SHOWN = 50


def boot_both(cluster, clock_s, *beat_options):
    """A host with the original whose clock is off, and one with cloudlock."""
    hosts = boot_all([cluster.add_host(), cluster.add_host()])
    lock = Lock(hosts[1]).set_up(mixed_fleet="yes", restart_gap=f"{GAP_S}s")
    return Original(hosts[0], clock_s).set_up(*beat_options), lock


def wait_beats(host, timeout):
    wait_for(f"beats of {host.name}", lambda: beats(host) >= BEATS_SHOWN, timeout)


def check_clock(write, original, clock_s):
    """The rig's shift is what its records show."""
    off_s = original.clock_off_s(write)
    assert abs(off_s - clock_s) < 5, f"the original's clock is off by {off_s:.1f} s and not by {clock_s} s"


def finish(cluster, took, loser, winner):
    """Who lost the lock had ended before, who took it has waited for its gap, and never both ran."""
    wait_beats(winner, GAP_S + LOOK_S + SLACK_S)
    verdict = cluster.verdict().check([loser, winner])
    taken_s, first_s = took.mono_ns / 1e9, verdict.of(winner)[0].first / 1e9
    assert verdict.last_beat_s(loser) < taken_s, "the lock was taken while the other target ran"
    # Counted from just before the write was sent, by the store's whole seconds.
    assert first_s - taken_s > GAP_S - 2, f"the target started {first_s - taken_s:.1f} s after the lock was taken"
    cluster.note(f"{verdict.smallest_handover_s():.1f} s between the hosts' beats")


def original_to_cloudlock(cluster, fault, *beat_options):
    """The original, with a slow clock, holds and runs; after the fault cloudlock takes over, by its margin."""
    original, lock = boot_both(cluster, -CLOCK_S, *beat_options)
    now_ms = round(time.time() * 1000)
    # It was restarted while holding: that is how its program starts without the gap.
    cluster.front.put({"label": INSTANCE, "holder": original.holder, "version": "of-its-run-before",
                       "start_time": now_ms - 3600_000, "expire_time": now_ms + EXPIRATION_S * 1000})
    original.start()
    lock.start()
    wait_beats(original.host, SLACK_S + LOOK_S)
    lock.wait_state("standby")
    lock.wait_polls(2)
    held, = original.writes()
    check_clock(held, original, -CLOCK_S)
    fault(original.host)
    expires_s = held.written["expire_time"] / 1e3
    took = wait_for("the takeover", lock.writes, expires_s + MARGIN_S + POLL_S + SLACK_S - time.time())[0]
    late_s = took.time - expires_s - MARGIN_S
    assert late_s >= 0, f"cloudlock took the lock {-late_s:.3f} s before it may"
    cluster.note(f"taken over {late_s:.2f} s after it could be")
    finish(cluster, took, original.host, lock.host)
    lock.wait_state("running")
    return held


@needs(idle=True)
def test_original_cut_off(cluster):
    """Its program, which ignores SIGTERM, runs until the lock has expired by its slow clock."""
    held = original_to_cloudlock(cluster, lambda host: host.cut(silently=True), "--ignore-term")
    ran_s = cluster.verdict().last_beat_s("node1") - held.mono_ns / 1e9
    assert EXPIRATION_S - 2 < ran_s < EXPIRATION_S + LOOK_S + SLACK_S, f"the original's program ran for {ran_s:.1f} s"


def released_an_hour_ago(lock):
    """Its own release, after which it starts without the gap: nobody has held in between."""
    lock.leave_released_record()
    lock.start()
    lock.wait_state("waiting")
    lock.host.systemctl("stop", lock.daemon)
    item = lock.host.cluster.front.get(INSTANCE)
    assert item["expire_time"] == 0, f"not released: {item}"
    lock.host.cluster.front.put({**item, "start_time": item["start_time"] - 3600_000})


@needs(idle=True)
def test_cloudlock_released(cluster):
    """An original with a fast clock leaves the lock alone while cloudlock holds it, and takes it once released."""
    original, lock = boot_both(cluster, CLOCK_S)
    released_an_hour_ago(lock)
    lock.start()
    wait_beats(lock.host, SLACK_S)
    original.start()
    look = wait_for("a look by the original", lambda: original.requests("GetItem"), SLACK_S)[0]
    assert look.answer["Item"]["expire_time"]["N"] != "0", look.answer
    lock.wait_renewal()
    before = cluster.front.last_number()
    assert not original.requests("PutItem"), "the original took a lock that cloudlock held"
    lock.host.systemctl("stop", lock.daemon)
    release = lock.writes(before)[-1]
    assert release.written["expire_time"] == 0, f"not released: {release.written}"
    took = wait_for("the takeover", lambda: original.writes(before), RENEW_S + SLACK_S)[0]
    check_clock(took, original, CLOCK_S)
    finish(cluster, took, lock.host, original.host)
