# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clocks that are wrong, ids given twice, records that vanish: never two."""

import errno
import os
import re

from rig.host import boot_all
from rig.product import FIRST_START_S, INSTANCE, LEASE_S, Lock, beats, lead_and_follow, pair, wait_takeover
from rig.system import WAIT_S, wait_for


def clock_off(cluster, seconds):
    hosts = boot_all([cluster.add_host(), cluster.add_host()])
    hosts[0].shiftable_clock()
    one, other = (Lock(host).set_up() for host in hosts)
    lead_and_follow(one, other)
    hosts[0].shift_clock(seconds)
    wait_for("the target to be stopped", lambda: not one.is_target_active(), LEASE_S + WAIT_S)
    said = " ".join([one.property("Reason"), one.property("StatusText")])
    assert re.search(r"clock", said, re.IGNORECASE), f"it does not say why: {said!r}"
    assert re.search(r"clock", one.host.journal("-u", one.daemon, "-p", "warning"), re.IGNORECASE)
    # Whose clock is right takes over.
    wait_takeover(one, other)
    wait_for("beats of both", lambda: beats(other.host) > 100)
    cluster.verdict().check([one.host, other.host])


def test_wall_clock_ahead(cluster):
    clock_off(cluster, 41)


def test_wall_clock_behind(cluster):
    clock_off(cluster, -41)


def test_one_my_id_on_two_hosts(cluster):
    hosts = boot_all([cluster.add_host(), cluster.add_host()])
    one, other = (Lock(host).set_up(my_id="same") for host in hosts)
    lead_and_follow(one, other)
    other.wait_polls(4)
    assert other.property("DuplicateId"), "nobody says that the id is given twice"
    assert re.search(r"duplicate", other.host.journal("-u", other.daemon), re.IGNORECASE)
    assert beats(other.host) == 0
    one.host.power_off()
    other.wait_running()
    wait_for("beats of both", lambda: beats(other.host) > 100)
    cluster.verdict().check([one.host, other.host])


def test_item_deleted_under_holder(cluster):
    """Whoever comes next writes a record that waits for everybody's lease to be over."""
    one, other = pair(cluster)
    one.wait_renewal()
    cluster.front.delete(one.instance)
    first = one.identity()
    wait_for("the target to end", lambda: one.identity() != first, LEASE_S + WAIT_S)
    wait_for("the target to run again, anywhere",
             lambda: "running" in (one.state(), other.state()), FIRST_START_S + LEASE_S)
    wait_for("enough beats", lambda: beats(one.host) + beats(other.host) > 100)
    cluster.verdict().check([one.host])


def test_foreign_record_is_left_alone(cluster):
    """Somebody else's version where the holder's should be: its write fails, and its target ends at once."""
    host, = boot_all([cluster.add_host()])
    lock = Lock(host).set_up()
    lock.leave_released_record()
    lock.start()
    lock.wait_running()
    lock.wait_renewal()
    item = cluster.front.get(lock.instance)
    foreign = {**item, "holder": "other#00000000", "host": 32 * "0", "boot": 32 * "0", "version": "foreign",
               "fence": item["fence"] + 1}
    since = cluster.front.last_number()
    cluster.front.put(foreign)
    wait_for("a look at the record", lambda: lock.requests("UpdateItem", since) and lock.requests("GetItem"))
    assert not lock.writes(since), "somebody else's record was written over"
    assert cluster.front.get(lock.instance) == foreign
    assert all(look.body.get("ConsistentRead") is True for look in lock.requests("GetItem")), "a look was not consistent"
    wait_for("the target to be stopped", lambda: not lock.is_target_active())
    lock.wait_state("standby")


def test_nothing_is_sent_before_it_is_journaled(cluster):
    host, = boot_all([cluster.add_host()])
    lock = Lock(host).set_up()
    # In the way of the journal's next edition.
    host.run("install", "-d", "-o", "cloudlock", "-g", "cloudlock", f"/run/cloudlock/{lock.instance}",
             f"/run/cloudlock/{lock.instance}/journal.new")
    lock.start()
    wait_for("the journal to be missed twice",
             lambda: host.journal("-u", lock.daemon).count("journal of versions can't be written") >= 2)
    assert not lock.requests("UpdateItem"), "a version was sent that the journal does not hold"


def test_restart_sends_no_old_version(cluster):
    host, = boot_all([cluster.add_host()])
    lock = Lock(host).set_up()
    lock.start()
    lock.wait_renewal()
    lock.wait_renewal()
    host.systemctl("restart", lock.daemon)
    lock.wait_renewal()
    lock.wait_renewal()
    versions = [write.version for write in lock.writes()]
    assert len(set(versions)) == len(versions), f"a version was sent again after a restart: {versions}"


def test_one_lock_is_led_once_on_a_host(cluster):
    """A second instance with the first one's label is refused."""
    host, = boot_all([cluster.add_host()])
    one, other = Lock(host).set_up(), Lock(host, "twin").set_up(lock_label=INSTANCE)
    one.start()
    started = host.systemctl("start", other.daemon, check=False)
    assert started.code != 0, "two instances of one host lead the same lock"
    journal = host.journal("-u", other.daemon)
    assert "leads the lock" in journal and os.strerror(errno.EWOULDBLOCK) not in journal, journal


def check_moved(lock, old_label, new_label):
    """The old lock was given up in order, with nothing running, before the new one was taken."""
    release = [one for one in lock.writes() if one.key == old_label][-1]
    first = [one for one in lock.writes() if one.key == new_label][0]
    assert lock.host.cluster.front.get(old_label)["expire_time"] == 0, "the old lock was not released"
    assert release.n < first.n, "the new lock was taken before the old one was released"


def test_label_edited(cluster):
    host, = boot_all([cluster.add_host()])
    lock = Lock(host).set_up(lock_label="old")
    lock.start()
    lock.wait_running()
    lock.configure(lock_label="new")
    host.systemctl("restart", lock.daemon)
    wait_for("the target to be stopped", lambda: not lock.is_target_active())
    lock.wait_state("waiting", "running")
    check_moved(lock, "old", "new")
    lock.wait_running()
    assert len(cluster.verdict().of(host)) == 2, "the target ran on while the lock changed"
