# SPDX-License-Identifier: LGPL-2.1-or-later
"""What kind of table it is: looked at before a lock is taken there."""

from rig.host import boot_all
from rig.product import Lock
from rig.runner import needs
from rig.system import WAIT_S, wait_for

LOOK_AGAIN_S = 60  # how often a refused table is looked at


@needs(idle=True)
def test_not_allowed_to_look(cluster):
    """Refused with the remedy; taken up when it is allowed, without a restart."""
    host, = boot_all([cluster.add_host()])
    lock = Lock(host).set_up()
    lock.leave_released_record()
    denied = cluster.front.fault("deny", op="DescribeTable")
    lock.start()
    lock.wait_state("refusing")
    reason = lock.property("Reason")
    assert "dynamodb:DescribeTable" in reason and "cloudlock_accept_unchecked_table=yes" in reason, reason
    assert not lock.writes(), "it wrote to a table that it was not allowed to look at"
    cluster.front.clear(denied)
    lock.wait_running(timeout=LOOK_AGAIN_S + WAIT_S)


def test_not_allowed_to_look_and_accepted(cluster):
    host, = boot_all([cluster.add_host()])
    lock = Lock(host).set_up(accept_unchecked_table="yes")
    cluster.front.fault("deny", op="DescribeTable")
    cluster.front.fault("deny", op="DescribeTimeToLive")
    lock.leave_released_record()
    lock.start()
    lock.wait_running()
    said = lock.host.journal("-u", lock.daemon)
    assert said.count("not allowed to look at table") == 1, said


def test_first_looks_fail(cluster):
    """A look that fails is repeated, sooner than a refusal is."""
    host, = boot_all([cluster.add_host()])
    lock = Lock(host).set_up()
    cluster.front.fault("fail_before", op="DescribeTable", times=2)
    lock.leave_released_record()
    lock.start()
    wait_for("the third look", lambda: len(lock.requests("DescribeTable")) == 3)
    lock.wait_running()
