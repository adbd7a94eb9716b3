# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who holds runs the target, undisturbed; who doesn't hold stands by."""

import os

from rig.host import boot_all
from rig.product import LEASE_S, Lock, beats, check_taken_at_once, lead_and_follow, pair, takeover_view_s
from rig.runner import needs
from rig.system import WAIT_S, read, wait_for

# Of the beats, apart from what the machine itself kept the target waiting for.
NO_GAP_S = 0.1
ITEM = {"label", "holder", "expire_time", "start_time", "version", "lease_ms", "host", "boot", "fence"}


@needs(store="each")
def test_acquire_and_start(cluster):
    host, = boot_all([cluster.add_host()])
    lock = Lock(host).set_up()
    lock.start()
    lock.wait_running()
    item = cluster.front.get(lock.instance)
    assert set(item) == ITEM, f"the record has {sorted(item)}"
    assert item["holder"].startswith(f"{host.name}#"), item["holder"]
    assert lock.lease()["fence"] == str(item["fence"]) == str(lock.property("Fence"))
    assert cluster.verdict().of(host)[0].fence == item["fence"], "the target was given another fence"
    assert host.state(lock.guard) == "active"
    wait_for("beats", lambda: beats(host) > 100)
    cluster.verdict().check([host])


class DryRun:
    """`cloudlockd --dry-run` as root, beside whatever else runs on the host."""

    UNIT = "dry-run.service"
    PROGRAM = "/usr/libexec/cloudlock/cloudlockd"

    def __init__(self, lock):
        self.lock, self.host = lock, lock.host
        self.files = self.list_files()
        self.host.run("systemd-run", f"--unit={self.UNIT}", "--property=RemainAfterExit=yes", self.PROGRAM, "--dry-run",
                      lock.instance)

    def list_files(self):
        return self.host.run("find", "/run/cloudlock", "/var/lib/cloudlock", "-printf", "%p %i %s %C@\n", check=False)

    def said(self, text):
        return [line for line in self.host.journal("-o", "cat", "-u", self.UNIT).splitlines() if text in line]

    def wait_said(self, text):
        return wait_for(f"'{text}' on {self.host.name}", lambda: self.said(text))

    def check_files(self):
        files = self.list_files()
        assert self.files == files, f"a dry run changed files: {self.files} {files}"

    def end(self, which):
        self.host.systemctl("kill", f"--signal={which}", self.UNIT)
        wait_for("the dry run to end", lambda: self.host.show(self.UNIT, "SubState") != "running")
        ended = [self.host.show(self.UNIT, name) for name in ("SubState", "ExecMainStatus")]
        assert ended == ["exited", "0"], f"it ended with {ended}"


def check_dry_run_of_free_lock(one):
    """Says what a daemon would do, once, and does nothing of it; returns the dry run, which goes on."""
    one.leave_released_record()
    # As a daemon leaves it: the dry run could write there.
    one.host.run("install", "-d", "-o", "cloudlock", "-g", "cloudlock", f"/run/cloudlock/{one.instance}")
    item = one.host.cluster.front.get(one.instance)
    dry_run = DryRun(one)
    wait_for("a decision", lambda: dry_run.said("would take") or one.writes())
    assert dry_run.said(f"would take {one.instance}: it is free, released by before#00000000, version released; would "
                        f"start {one.target} after the gap, in "), dry_run.said("")
    one.wait_polls(3)
    assert len(dry_run.said("would take")) == 1
    assert one.host.cluster.front.get(one.instance) == item
    assert {look.op for look in one.requests()} <= {"DescribeTable", "DescribeTimeToLive", "GetItem"}, one.requests()
    assert not one.is_target_active() and one.host.state(one.guard) == "inactive"
    dry_run.check_files()
    return dry_run


def test_second_stands_by(cluster):
    """And dry runs take part in nothing: of a free lock, on its holder, on a standby."""
    hosts = boot_all([cluster.add_host(), cluster.add_host()])
    one, other = (Lock(host).set_up() for host in hosts)
    on_holder = check_dry_run_of_free_lock(one)
    lead_and_follow(one, other)
    target = RunsOn(one)
    on_standby = DryRun(other)
    assert on_holder.said("This host's cloudlockd runs: 'cloudlockctl status demo' shows what it does")
    on_holder.wait_said(f"standby: {one.host.name} holds {one.instance}, expires in ")
    assert on_holder.said("that is this host's own cloudlockd"), on_holder.said("")
    on_standby.wait_said(f"standby: {one.host.name} holds {one.instance}, expires in ")
    assert on_standby.said("would wait for the end of that lease")
    one.wait_renewal()
    one.wait_renewal()
    other.wait_polls(4)
    on_standby.check_files()
    on_standby.end("SIGTERM")
    # Ends although nothing more is said that a closed pipe could refuse.
    other.host.run("sh", "-c", f"{DryRun.PROGRAM} --dry-run {one.instance} 2>&1 | grep --max-count=1 '; would wait for '")
    assert one.host.run(DryRun.PROGRAM, "--dry-run", "another", check=False).code == os.EX_CONFIG
    target.check()
    assert other.state() == "standby"
    assert not other.is_target_active() and other.host.state(other.guard) == "inactive"
    assert not [look for look in other.requests() if look.is_write()], "a standby wrote to the table"
    assert other.property("HolderHost") or other.property("Holder").startswith(one.host.name)
    assert beats(other.host) == 0
    cluster.verdict().check([one.host])
    check_dry_run_of_a_handover(on_holder, one, other)


def check_dry_run_of_a_handover(on_holder, one, other):
    """Beside the daemon of the holder: nothing is said to be lost, or about to be stopped, that is handed over in order."""
    one.host.systemctl("stop", one.daemon)
    on_holder.wait_said("This host's cloudlockd does not run any more")
    other.wait_running()
    on_holder.wait_said(f"standby: {other.host.name} holds {one.instance}, expires in ")
    assert not on_holder.said("would stop") and not on_holder.said("lost"), on_holder.said("")
    on_holder.end("SIGINT")
    check_other_beats(one.host.cluster, other)


def stolen_s():
    """What the hypervisor has taken from all processors since boot: proc(5), /proc/stat."""
    return int(read("/proc/stat").split()[8]) / os.sysconf("SC_CLK_TCK")


class RunsOn:
    """From now on the target is the same process, and nobody halts it."""

    def __init__(self, lock):
        self.lock, self.identity, self.stolen_s = lock, lock.identity(), stolen_s()

    def check(self):
        host = self.lock.host
        assert self.lock.identity() == self.identity, "the target was restarted"
        count = beats(host)
        wait_for("a further beat", lambda: beats(host) > count)
        gap_s = host.cluster.verdict().longest_gap_s(host)
        # The second number: nanoseconds on a run queue. Who is frozen or stopped is on none.
        queued_s = int(read(f"/proc/{host.outer_pid(int(self.identity[0]))}/schedstat").split()[1]) / 1e9
        busy_s = queued_s + stolen_s() - self.stolen_s
        host.cluster.note(f"{gap_s:.3f} s at most between two beats; {busy_s:.3f} s of waiting for a processor in all")
        assert gap_s - busy_s <= NO_GAP_S, f"the target stood still for {gap_s:.3f} s, and the machine only for {busy_s:.3f} s"


def check_undisturbed(lock, disturb):
    """The target runs on, as the same process, whatever happens to the daemon."""
    target, item = RunsOn(lock), lock.host.cluster.front.get(lock.instance)
    daemon = lock.host.show(lock.daemon, "MainPID")
    disturb()
    wait_for("a new cloudlockd", lambda: lock.host.show(lock.daemon, "MainPID") not in ("0", daemon))
    lock.wait_state("running")
    lock.wait_renewal()
    lock.wait_renewal()
    target.check()
    after = lock.host.cluster.front.get(lock.instance)
    kept = ("holder", "start_time", "fence", "lease_ms", "host", "boot")
    assert {name: after[name] for name in kept} == {name: item[name] for name in kept}, "another tenure began"
    lock.host.cluster.verdict().check([lock.host])


def test_restart_of_daemon_keeps_target(cluster):
    one, _ = pair(cluster)
    check_undisturbed(one, lambda: one.host.systemctl("restart", one.daemon))


def test_kill_of_daemon_keeps_target(cluster):
    one, _ = pair(cluster)
    check_undisturbed(one, lambda: one.host.kill(one.daemon))


def test_sigterm_without_a_job_keeps_target(cluster):
    """Nobody says whether it is a stop or a restart: the target is left to its lease."""
    one, _ = pair(cluster)
    check_undisturbed(one, lambda: one.host.systemctl("kill", "--kill-whom=main", "--signal=SIGTERM", one.daemon))


def test_lost_answer_keeps_lock(cluster):
    """An answer that was lost after the store had applied the write: retried as the same version."""
    one, other = pair(cluster)
    target = RunsOn(one)
    since = cluster.front.last_number()
    cluster.front.fault("drop", host=one.host, op="UpdateItem", times=1)
    one.wait_renewal()
    dropped = wait_for("the lost answer",
                       lambda: [look for look in one.requests(since=since) if look.outcome == "applied, dropped"])[0]
    again = wait_for("the retry", lambda: [look for look in one.requests("UpdateItem", dropped.n)])[0]
    assert again.version == dropped.version, f"{again.version} after {dropped.version} was lost"
    one.wait_renewal()
    one.wait_renewal()
    one.wait_state("running")
    target.check()
    assert other.state() == "standby"
    cluster.verdict().check([one.host])


def test_stop_releases(cluster):
    one, other = pair(cluster)
    one.host.systemctl("stop", one.daemon)
    assert not one.is_target_active() and one.host.state(one.guard) == "inactive"
    release = one.writes()[-1]
    assert release.written.get("expire_time") == 0, release.written
    check_taken_at_once(other, release)
    other.wait_running()
    verdict = cluster.verdict().check([one.host])
    check_other_beats(cluster, other)
    assert verdict.fences_in_order()


def test_no_release_beside_a_lease(cluster):
    """A guard that is started by hand goes by the lease file: while that can't be removed the lock is left to expire."""
    one, other = pair(cluster)
    one.wait_renewal()
    since = cluster.front.last_number()
    # A file that something is mounted on can neither be removed nor replaced; the journal beside it can.
    one.host.run("nsenter", f"--target={one.host.main_pid(one.daemon)}", "--mount",
                 "mount", "--bind", one.lease_path, one.lease_path)
    one.host.systemctl("stop", one.daemon)
    assert one.host.has_file(one.lease_path), "the fault did not hit: the lease file is gone"
    assert not one.is_target_active() and one.host.state(one.guard) == "inactive"
    assert all(write.written["expire_time"] > 0 for write in one.writes(since)), "released beside a lease"
    assert "not released, because the lease file can't be removed" in one.host.journal("-u", one.daemon)
    took = wait_for("the takeover", lambda: other.writes(since), LEASE_S + WAIT_S)[0]
    assert took.mono_ns / 1e9 >= takeover_view_s(one, other), "taken over before the lease was over"
    other.wait_running()
    check_other_beats(cluster, other)
    cluster.verdict().check([one.host])


def check_other_beats(cluster, other):
    wait_for(f"enough beats of {other.host.name}", lambda: beats(other.host) >= 50)
    cluster.verdict().check([other.host])
