# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rig itself: the judge must see what is unsafe, and every fault must be one."""

import json
import sys
import tempfile

from rig.cluster import BEAT, BEATS
from rig.host import boot_all
from rig.judge import MIN_BEATS, Tape, Verdict
from rig.runner import needs
from rig.system import Failure, wait_for

UNBOUND = "rig-unbound.service"
SIGNED_OUTSIDE = """
import botocore.session, sys
client = botocore.session.get_session().create_client(
    'dynamodb', region_name='eu-central-1', endpoint_url=sys.argv[1], verify=sys.argv[2],
    aws_access_key_id=sys.argv[3], aws_secret_access_key=sys.argv[4])
key = {'label': {'S': 'x'}}
client.put_item(TableName='locks', Item={**key, 'version': {'S': 'v1'}})
client.update_item(TableName='locks', Key=key, UpdateExpression='SET version = :n',
                   ConditionExpression='version = :o',
                   ExpressionAttributeValues={':n': {'S': 'v2'}, ':o': {'S': 'v1'}})
try:
    client.put_item(TableName='locks', Item=key, ConditionExpression='version = :o',
                    ExpressionAttributeValues={':o': {'S': 'v1'}})
except client.exceptions.ConditionalCheckFailedException:
    print(client.get_item(TableName='locks', Key=key, ConsistentRead=True)['Item']['version']['S'])
"""


def start_unbound(*hosts):
    """Run a target that no lock gates."""
    for host in hosts:
        host.put_file(f"/etc/systemd/system/{UNBOUND}",
                      f"[Service]\nExecStart={BEAT} {BEATS}\nRestart=no\n")
        host.systemctl("daemon-reload")
        host.systemctl("start", UNBOUND)


def judged(lines):
    """What the judge makes of a beats file."""
    with tempfile.NamedTemporaryFile("w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        return Verdict(Tape(file.name).runs())


def beats(cluster, host):
    return sum(run.beats for run in cluster.verdict().of(host))


def wait_beats(cluster, *hosts, more=MIN_BEATS):
    before = {host: beats(cluster, host) for host in hosts}
    for host in hosts:
        wait_for(f"beats of {host.name}", lambda host=host: beats(cluster, host) >= before[host] + more)


def refuses(call):
    try:
        call()
    except Failure:
        return True
    return False


@needs(product=False, always=True)
def test_judge_fails_two_unbound_targets(cluster):
    one, other = cluster.boot_hosts(2)
    start_unbound(one, other)
    wait_beats(cluster, one, other)
    verdict = cluster.verdict()
    assert verdict.overlaps(), "two unbound targets beat side by side, and the judge saw no overlap"
    assert refuses(lambda: verdict.check([one, other])), "the judge let two unbound targets pass"


@needs(product=False)
def test_judge_passes_one_after_the_other(cluster):
    one, other = cluster.boot_hosts(2)
    start_unbound(one)
    wait_beats(cluster, one)
    assert refuses(lambda: cluster.verdict().check([one, other])), "a run without its holder's beats counted"
    one.systemctl("stop", UNBOUND)
    start_unbound(other)
    wait_beats(cluster, other)
    assert cluster.verdict().check([one, other]).smallest_handover_s() > 0


@needs(product=False)
def test_judge_counts_a_paused_target_as_running(cluster):
    one, other = cluster.boot_hosts(2)
    start_unbound(one)
    wait_beats(cluster, one)
    one.freeze()
    start_unbound(other)
    wait_beats(cluster, other)
    other.systemctl("stop", UNBOUND)
    one.thaw()
    wait_beats(cluster, one)
    assert cluster.verdict().overlaps(), "a target that went on after a pause was taken for dead in it"
    assert not cluster.verdict(split_s=0.5).overlaps(), "split at pauses, there is no overlap here"


@needs(product=False)
def test_judge_sees_one_shared_beat(_):
    lines = ["1000000000 node1 7 1 5 main", "2000000000 node1 7 1 5 main", "2000000000 node2 9 2 6 main"]
    assert judged(lines).overlaps(), "hosts that share their edges overlap"
    later = judged([*lines[:2], "2000000001 node2 9 2 6 main"])
    assert not later.overlaps()
    assert later.fences_in_order()
    assert later.longest_gap_s("node1") == 1


@needs(product=False)
def test_judge_measures_pauses(_):
    """Of each process, and of the target as a whole; one process of it that begins or ends beside another is no pause."""
    beside = judged(f"{when}000000000 node1 {pid} {pid} 5 main" for when, pid in (
        (1, 7), (2, 7), (2, 8), (3, 7), (3, 8), (4, 8), (5, 8)))
    assert beside.longest_gap_s("node1") == 1, "two processes that take turns at beating are no pause"
    halted = judged(f"{when}000000000 node1 {pid} {pid} 5 main" for when, pid in (
        (1, 7), (1, 8), (2, 8), (3, 8), (4, 7), (4, 8), (6, 9), (7, 9)))
    assert halted.longest_gap_s("node1") == 3, "a process that stood still while its sibling ran has paused"
    assert halted.longest_gap_s("node1", since_s=3.5) == 2, "from the last process's end to the next one's beginning"
    assert halted.longest_gap_s("node1", since_s=5) == 1


@needs(product=False)
def test_judge_reads_on(_):
    """A file that grows is read on, from its last whole line."""
    with tempfile.NamedTemporaryFile("w", encoding="ascii") as file:
        tape = Tape(file.name)
        assert not tape.runs()
        for text, beats_so_far in (("1000 node1 7 1 5 main\n2000 no", 1), ("de1 7 1 5 main\n", 2), ("", 2)):
            file.write(text)
            file.flush()
            assert [run.beats for run in tape.runs()] == [beats_so_far]


@needs(product=False, always=True)
def test_front_end_refuses_a_tampered_request(cluster):
    cluster.tampered_request()


@needs(product=False, store="each")
def test_front_end_verifies_signatures(cluster):
    for what in ("body", "key", "target"):
        cluster.tampered_request(what)
    status, answer = cluster.tampered_request("nothing")
    assert status == 200, answer
    counts = cluster.front.counts()
    assert (counts["verified"], counts["refused"]) == (1, 3), counts
    assert all(one.verified for one in cluster.requests() if one.store_status)


@needs(product=False, store="each")
def test_store_through_front_end(cluster):
    """A whole client of AWS's own, from within a host: conditions, TLS by name, the log."""
    host, = cluster.boot_hosts(1)
    output = host.run(sys.executable, "-c", SIGNED_OUTSIDE, cluster.endpoint,
                      "/etc/ssl/certs/ca-certificates.crt", *key_and_secret())
    assert output.strip() == "v2", output
    assert cluster.front.get("x") == {"label": "x", "version": "v2"}
    ops = [one.op for one in cluster.requests(host=host)]
    assert ops == ["PutItem", "UpdateItem", "PutItem", "GetItem"], ops
    update, = cluster.requests(op="UpdateItem")
    assert (update.key, update.version) == ("x", "v2")
    cluster.front.delete("x")
    assert cluster.front.get("x") is None


def key_and_secret():
    from rig.cluster import KEY, SECRET  # pylint: disable=import-outside-toplevel
    return KEY, SECRET


@needs(product=False)
def test_front_end_faults(cluster):
    """Each fault once, on a request that is otherwise in order."""
    front = cluster.front

    def ask():
        return cluster.tampered_request("nothing")

    front.fault("throttle", times=1)
    assert "ProvisionedThroughputExceeded" in ask()[1]
    front.fault("fail_before", times=1)
    front.fault("fail_after", times=1)
    assert ask()[0] == 500
    front.fault("deny", times=1)
    assert "AccessDenied" in ask()[1]
    number = front.fault("drop", times=1)
    assert refuses(ask), "a dropped answer arrived"
    assert front.used(number) == 1
    assert cluster.requests()[-1].outcome == "applied, dropped"
    assert cluster.requests()[-1].store_status == 200
    number = front.fault("refuse")
    assert refuses(ask), "a refused connection was served"
    front.clear(number)
    late = front.fault("date", seconds=1000)
    assert "Signature expired" in ask()[1]
    cluster.expected_refusals += 1
    front.clear(late)
    front.fault("delay_before", times=1, seconds=0.5)
    assert ask()[0] == 200
    assert cluster.requests()[-1].answered_mono_ns - cluster.requests()[-1].mono_ns > 0.5e9


@needs(product=False)
def test_hosts_are_hosts(cluster):
    """Booted, apart from each other, with accounts and temporary files made at boot."""
    one, other = cluster.boot_hosts(2)
    for host in (one, other):
        assert host.run("hostname").strip() == host.name
        assert host.systemctl("is-system-running", check=False).strip() == "running", \
            host.systemctl("--failed", "--no-legend")
        assert host.run("id", "-un", user="nobody").strip() == "nobody"
        assert host.show("systemd-sysusers.service", "Result") == "success"
    boot_ids = {host.run("cat", "/proc/sys/kernel/random/boot_id") for host in (one, other)}
    machine_ids = {host.run("cat", "/etc/machine-id") for host in (one, other)}
    assert len(boot_ids) == len(machine_ids) == 2
    answer = json.loads(one.run("busctl", "--json=short", "get-property", "org.freedesktop.systemd1",
                                "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", "Version",
                                user="nobody"))
    assert answer["type"] == "s"


@needs(product=False)
def test_cut_and_join(cluster):
    host, = cluster.boot_hosts(1)
    wait_for("the store to answer", host.store_answers)
    for silently in (False, True):
        host.cut(silently)
        assert not host.store_answers(), f"a host that is cut off (silently: {silently}) reaches the store"
        host.join()
        wait_for("the store to answer again", host.store_answers)


@needs(product=False)
def test_power_off_and_boot_again(cluster):
    one, other = cluster.boot_hosts(2)
    start_unbound(one, other)
    wait_beats(cluster, one, other)
    first = one.run("cat", "/proc/sys/kernel/random/boot_id")
    one.power_off()
    last = cluster.verdict().last_beat_s(one)
    wait_beats(cluster, other)
    assert cluster.verdict().last_beat_s(one) == last, "a host without power goes on beating"
    assert "rig-unbound" in one.journal(), "the journal of a dead host can't be read"
    one.put_file("/etc/written-while-off", "x")
    one.boot()
    assert one.run("cat", "/proc/sys/kernel/random/boot_id") != first
    assert one.has_file("/etc/written-while-off")
    one.shut_down()
    assert not one.is_on()


@needs(product=False)
def test_freeze_stop_kill(cluster):
    host, = cluster.boot_hosts(1)
    start_unbound(host)
    wait_beats(cluster, host)
    host.stop_pid1()
    wait_beats(cluster, host)
    assert host.unit_pids(UNBOUND), "a unit's processes can't be found while PID 1 is stopped"
    host.cont_pid1()
    host.freeze()
    before = beats(cluster, host)
    assert not grows(lambda: beats(cluster, host), before), "a frozen host goes on beating"
    host.thaw()
    wait_beats(cluster, host)
    host.kill(UNBOUND)
    host.wait_unit(UNBOUND, "failed")


def grows(value, before):
    """Whether a number exceeds `before` within half a second."""
    try:
        wait_for("growth", lambda: value() > before, 0.5)
    except Failure:
        return False
    return True


@needs(product=False)
def test_wall_clock_of_one_service(cluster):
    """The preload shifts the wall clock of what it is loaded into, live, and nothing else."""
    host, = cluster.boot_hosts(1)
    script = "import time; print(time.time(), time.monotonic())"
    loaded = ("env", "LD_PRELOAD=/usr/lib/cloudlock-rig/clockshift.so",
              f"CLOCKSHIFT_FILE=/rig/clock-{host.name}", "python3", "-c", script)

    def shift_s():
        plain = [float(word) for word in host.run(*loaded[3:]).split()]
        shifted = [float(word) for word in host.run(*loaded).split()]
        return (shifted[0] - plain[0]) - (shifted[1] - plain[1])

    assert abs(shift_s()) < 5
    host.shift_clock(-41)
    assert abs(shift_s() + 41) < 5


@needs(product=False)
def test_boottime_apart_from_monotonic(cluster):
    host = boot_all([cluster.add_host(boottime_shift_s=5000)])[0]
    script = "import time; print(time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC))"
    inside = float(host.run("python3", "-c", script))
    assert inside > 4999, f"BOOTTIME is {inside} s ahead of MONOTONIC, expected 5000"
