# SPDX-License-Identifier: LGPL-2.1-or-later
"""cloudlockctl run: a command in place of a unit, relayed, under the lock, and gone without a trace."""

import json

from rig.cluster import BEAT, BEATS
from rig.host import boot_all
from rig.product import LEASE_S, Lock, beats, wait_takeover
from rig.system import WAIT_S, wait_for

RUN = "cloudlockctl-run.service"  # what cloudlockctl itself runs in, where it is not waited for
NASTY = ("", " ", "a b", "%n %% %h", "$HOME ${HOME} $$", ";", "\\;", "'", '"', "\\", "\\x41\\n", "a\nb\t\r\x1b\x7f", "{}",
         "*", "#x", "@/bin/sh", "-", "--", "grüße 🔒", "x" * 5000, "`id`", "=", ">/x", "a\\", "012")
# What the command was given, on stdout; a word on stderr, and a status of its own.
TELL = """
import json, os, sys
print(json.dumps([sys.argv[1:], dict(os.environ), os.getcwd(), os.getuid(), sys.stdin.read()]))
print("said apart", file=sys.stderr)
sys.exit(7)
"""
# Ends in its own time once it is told to, and says so.
SLOW_END = """trap 'while [ ! -e /run/go ]; do sleep .1; done; echo bye; exit 9' TERM
echo began; while :; do sleep .1; done"""
# None of the command's business.
SECRETS = ("cloudlock_aws_secret=x", "AWS_SECRET_ACCESS_KEY=x", "NOTIFY_SOCKET=/nonexistent")


def set_up(host):
    """A host whose lock has no target unit: the command is to take its place."""
    lock = Lock(host)
    lock.configure()
    return lock


def run(lock, *command, options=()):
    return lock.host.run("env", *SECRETS, "cloudlockctl", "run", *options, lock.instance, "--", *command, check=False,
                         timeout=LEASE_S + 2 * WAIT_S)


def begin(lock, *command):
    """The same without waiting for it: signals reach it by its unit."""
    lock.host.run("systemd-run", f"--unit={RUN}", "-p", "RemainAfterExit=yes", "-p", "StandardOutput=file:/run/out",
                  "-p", "StandardError=file:/run/err", "-p", "KillMode=process",
                  "cloudlockctl", "run", lock.instance, "--", *command)


def wait_end(lock, timeout=WAIT_S):
    """Its exit status."""
    wait_for("cloudlockctl to end", lambda: lock.host.show(RUN, "ExecMainExitTimestampMonotonic") != "0", timeout)
    status = int(lock.host.show(RUN, "ExecMainStatus"))
    lock.host.systemctl("stop", RUN, check=False)
    lock.host.systemctl("reset-failed", RUN, check=False)
    return status


def signal_run(lock, name):
    lock.host.systemctl("kill", f"--signal={name}", "--kill-who=main", RUN)


def said(lock, name, text):
    wait_for(f"{text!r} on {lock.host.name}'s {name}",
             lambda: lock.host.has_file(f"/run/{name}") and text in lock.host.read_file(f"/run/{name}"))


def check_nothing_left(lock):
    host = lock.host
    for path in (f"/run/systemd/system/{lock.target}", f"/run/systemd/system/{lock.guard}.d",
                 "/run/cloudlock-run"):
        assert not host.has_file(path), f"{path} is left"
    assert host.has_file("/run/systemd/system"), "sd_booted(3) asks for that"
    assert host.show(lock.target, "LoadState") == "not-found"
    assert host.state(lock.daemon) == host.state(lock.guard) == "inactive"
    assert host.cluster.front.get(lock.instance)["expire_time"] == 0, "the lock is not released"


def test_run_relays(cluster):
    """Words, environment, directory, output apart, exit status."""
    host, = boot_all([cluster.add_host()])
    lock = set_up(host)
    lock.leave_released_record()
    done = run(lock, "python3", "-c", TELL, *NASTY,
               options=("--uid=nobody", "-E", 'NASTY=a "b" $c `d` \\\ne', "--working-directory=/usr/share"))
    assert done.code == 7, done.stderr
    words, environment, directory, uid, stdin = json.loads(done)
    assert tuple(words) == NASTY, words
    assert environment["NASTY"] == 'a "b" $c `d` \\\ne' and environment["LANG"] == "C.UTF-8", environment
    assert not {one.split("=")[0] for one in SECRETS} & set(environment), environment
    assert environment.get("HOME") != "/root" and directory == "/usr/share" and uid != 0 and stdin == ""
    assert "said apart\n" in done.stderr and "variables cloudlock_*" in done.stderr and "said apart" not in done
    check_nothing_left(lock)
    assert run(lock, "sh", "-c", "kill -SEGV $$").code == 139
    assert run(lock, "sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x") == 1000000 * "x"
    # Nobody reads on: as in a shell, SIGPIPE.
    ended = host.run("bash", "-c", f"cloudlockctl run {lock.instance} -- yes | head -n 1; echo ${{PIPESTATUS[0]}}")
    assert ended == "y\n141\n", ended
    host.put_file("/usr/local/bin/no-interpreter", "#!/nonexistent\n", 0o755)
    assert run(lock, "no-interpreter").code == 126
    check_nothing_left(lock)
    before = cluster.front.last_number()
    assert run(lock, "no-such-program").code == 127
    host.put_file(f"/etc/systemd/system/{lock.target}", "[Service]\nExecStart=/bin/true\n")
    host.systemctl("daemon-reload")
    done = run(lock, "true")
    assert done.code == 125 and "cloudlock_target_unit=" in done.stderr, done.stderr
    assert not host.has_file(f"/run/cloudlock-run/{lock.instance}") and cluster.front.last_number() == before


def test_run_interrupted(cluster):
    """Signals to cloudlockctl: a stop in order; and a cloudlockctl that is killed."""
    host, = boot_all([cluster.add_host()])
    lock = set_up(host)
    lock.leave_released_record()
    begin(lock, "sh", "-c", SLOW_END)
    said(lock, "out", "began")
    done = run(lock, "true")
    assert done.code == 125 and "Another 'cloudlockctl run demo'" in done.stderr, done.stderr
    signal_run(lock, "INT")
    said(lock, "err", "Stopping the command")
    signal_run(lock, "TERM")
    said(lock, "err", "Another signal does not help")
    host.put_file("/run/go", "")
    assert wait_end(lock) == 9
    assert host.read_file("/run/out") == "began\nbye\n"
    check_nothing_left(lock)

    begin(lock, "sh", "-c", "echo on; while echo on; do sleep .1; done")
    wait_for("output", lambda: host.read_file("/run/out").count("on") > 5)
    signal_run(lock, "KILL")
    wait_for("the command to end", lambda: not lock.is_target_active())
    wait_end(lock)
    done = run(lock, "true")
    assert done.code == 125 and f"systemctl stop {lock.daemon}" in done.stderr, done.stderr
    host.systemctl("stop", lock.daemon)
    assert run(lock, "true").code == 0
    check_nothing_left(lock)


def test_run_taken_over(cluster):
    """A holder that is cut off: its command is stopped, and the other's begins after that."""
    hosts = boot_all([cluster.add_host(), cluster.add_host()])
    one, other = (set_up(host) for host in hosts)
    one.leave_released_record()
    command = (BEAT, f"--lease={one.lease_path}", BEATS)
    begin(one, *command)
    wait_for("beats", lambda: beats(one.host) > 50)
    begin(other, *command)
    other.wait_state("standby")
    other.wait_polls(2)
    one.host.cut()
    wait_takeover(one, other)
    assert not one.is_target_active()
    one.host.join()
    assert wait_end(one) == 124, one.host.read_file("/run/err")
    wait_for(f"enough beats of {other.host.name}", lambda: beats(other.host) >= 50)
    verdict = cluster.verdict().check(hosts)
    assert verdict.fences_in_order(), verdict.runs
    signal_run(other, "TERM")
    assert wait_end(other) == 128 + 15
    check_nothing_left(other)
    assert not one.host.has_file(f"/run/systemd/system/{one.target}"), "the unit is left"
