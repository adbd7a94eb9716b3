# SPDX-License-Identifier: LGPL-2.1-or-later
"""Nothing starts the target on a host that doesn't hold the lock."""

from rig.host import boot_all
from rig.product import Lock, beats, pair
from rig.system import wait_for


def check_nothing_runs(cluster, one, other):
    """Several looks at the table later the standby has still not beaten once."""
    other.wait_polls(4)
    assert beats(other.host) == 0, "the standby ran the target"
    assert other.host.state(other.guard) != "active", "the standby's guard is up"
    one.wait_state("running")
    cluster.verdict().check([one.host])


def test_not_by_hand(cluster):
    one, other = pair(cluster)
    for words in (("start", other.target), ("restart", other.target),
                  ("--job-mode=ignore-dependencies", "start", other.target),
                  ("--job-mode=ignore-requirements", "start", other.target),
                  ("start", other.guard), ("reload-or-restart", other.target),
                  ("--job-mode=ignore-dependencies", "start", other.guard)):
        other.host.systemctl(*words, check=False)
        assert other.host.state(other.target) != "active", f"systemctl {' '.join(words)} started the target"
    check_nothing_runs(cluster, one, other)


def test_not_with_restart(cluster):
    """Restart=always, started by hand and left to its own devices."""
    one, other = pair(cluster, service="Restart=always\nRestartSec=100ms")
    other.host.systemctl("start", other.target, check=False)
    other.host.systemctl("--job-mode=ignore-dependencies", "start", other.target, check=False)
    check_nothing_runs(cluster, one, other)


def test_not_at_boot(cluster):
    one, other = pair(cluster)
    other.host.systemctl("enable", other.target, other.daemon)
    other.host.power_off()
    other.host.boot()
    wait_for("the target's start to have been tried",
             lambda: other.host.systemctl("list-jobs", "--no-legend").strip() == "")
    # By hand here, for the rig boots into less than multi-user.target.
    other.start()
    other.wait_state("standby")
    check_nothing_runs(cluster, one, other)


def test_running_before_cloudlock(cluster):
    """A target that ran before cloudlock was set up is stopped on the host that doesn't hold."""
    hosts = boot_all([cluster.add_host(), cluster.add_host()])
    one, other = (Lock(host) for host in hosts)
    other.write_target()
    other.host.systemctl("start", other.target)
    wait_for("the unbound target to beat", lambda: beats(other.host) > 0)
    one.set_up()
    one.start()
    wait_for("the lock to be taken", one.writes)
    other.configure()
    other.bind()
    other.start()
    wait_for("the target to be stopped", lambda: not other.is_target_active())
    other.wait_state("standby")
    one.wait_running()
    cluster.verdict().check([one.host, other.host], min_beats=1)


def test_target_that_could_starve_the_guard_is_refused(cluster):
    """Bound before it was given such a priority, or not."""
    host, = boot_all([cluster.add_host()])
    lock = Lock(host)
    lock.configure()
    for name, value in (("CPUSchedulingPriority", 50), ("LimitRTPRIO", 99)):
        lock.write_target(service=f"{name}={value}")
        bound = host.run("cloudlockctl", "bind", lock.instance, check=False)
        assert bound.code != 0 and f"{name}=" in bound.stderr, f"bind accepts {name}={value}: {bound.stderr}"
    lock.write_target()
    lock.bind()
    lock.write_target(service="CPUSchedulingPriority=50")
    lock.leave_released_record()
    host.systemctl("start", lock.daemon, check=False)
    lock.wait_state("refusing")
    assert "CPUSchedulingPriority=" in lock.property("Reason"), lock.property("Reason")
    lock.write_target()
    lock.wait_running()


def test_unbound_target_is_refused(cluster):
    host, = boot_all([cluster.add_host()])
    lock = Lock(host)
    lock.configure()
    lock.write_target()
    lock.leave_released_record()
    host.systemctl("start", lock.daemon, check=False)
    lock.wait_state("refusing")
    assert "bind" in lock.property("Reason") + lock.property("StatusText")
    assert not lock.writes(), "it leads a lock whose target it can't gate"
    lock.bind()
    lock.wait_running()
