# SPDX-License-Identifier: LGPL-2.1-or-later
"""What an operator reads of a store that can't be reached, and of a lock that is lost: never the same."""

import re

from rig.host import boot_all
from rig.product import Lock
from rig.system import wait_for

SPAN = r"\d+s"
LEASE = "60s"  # there is time to read, on a busy machine too


def start_one(cluster):
    host, = boot_all([cluster.add_host()])
    lock = Lock(host).set_up(lock_expiration=LEASE)
    lock.leave_released_record()
    lock.start()
    return lock.wait_running()


def headline(lock):
    """What `cloudlockctl status` and `systemctl status` show first; they are one sentence."""
    shown = lock.host.run("cloudlockctl", "status", lock.instance).splitlines()[0]
    assert lock.instance in shown, shown
    return shown.partition(" - ")[2]


def test_outage_on_the_holder(cluster):
    lock = start_one(cluster)
    before = lock.identity()
    lock.wait_renewal()
    outage = cluster.front.fault("refuse", host=lock.host)
    sentence = rf"store unreachable for {SPAN}; lease good for {SPAN} \(.+\)$"
    said = wait_for("status to speak of the outage", lambda: re.match(sentence, headline(lock)))
    cluster.note(said.group()[:50])
    lock.wait_state("running")
    assert lock.property("StoreFailing") and lock.property("Held")
    shown = lock.host.show(lock.daemon, "StatusText")
    assert re.match(rf"store unreachable for {SPAN}; lease good for {SPAN} ", shown), shown
    assert lock.property("StatusText").startswith("store unreachable for "), lock.property("StatusText")
    failing = lock.host.journal("-u", lock.daemon, "-p", "warning")
    assert re.search(rf"The store fails, lease good for {SPAN}: ", failing), failing
    cluster.front.clear(outage)
    lock.wait_renewal()
    wait_for("status to speak of the target again", lambda: headline(lock).startswith("running "))
    said = lock.host.journal("-u", lock.daemon)
    assert re.search(r"The store answers again after \d", said), said
    assert "lost" not in said, said
    assert lock.identity() == before, "the target was restarted"
    cluster.verdict().check([lock.host])


def test_lost_lock(cluster):
    """Somebody else's record where ours should be."""
    lock = start_one(cluster)
    item = cluster.front.get(lock.instance)
    cluster.front.put({**item, "holder": "thief#00000000", "host": 32 * "0", "boot": 32 * "0", "version": "foreign",
                       "fence": item["fence"] + 1})
    lock.wait_state("standby")
    said = lock.host.journal("-u", lock.daemon)
    assert f"lost {lock.instance} to thief, killing {lock.target}" in said, said
    assert "store fails" not in said and "unreachable" not in said, said
    shown = headline(lock)
    assert shown.startswith(f"standby: thief holds {lock.instance}, expires in "), shown
    assert shown.endswith("; lost the lock to thief#00000000"), shown
    assert lock.property("Holder") == "thief#00000000" and not lock.property("Held")
    assert not lock.property("StoreFailing") and not lock.is_target_active()
