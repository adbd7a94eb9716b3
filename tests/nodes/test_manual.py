# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the manual and the README show is done as it stands there, and comes to what they say."""

import itertools
import json
import re

from rig import pages
from rig.cluster import KEY, SECRET
from rig.host import boot_all, in_parallel
from rig.product import Lock, wait_beats
from rig.system import wait_for

README = "README.md"
USER = "nobody"
# Where the store of the tests is, and times that a test can wait for; all else is the manual's.
OF_THE_TEST = """cloudlock_dynamodb_endpoint={endpoint}
cloudlock_aws_key_id={key}
cloudlock_aws_secret={secret}
cloudlock_lock_expiration=20s
cloudlock_renew_time=3s
cloudlock_restart_gap=2s
cloudlock_poll_time=2s
"""
LIGHTHOUSE = "#!/bin/sh\necho lighthouse \"$@\" as $(id -un)\n"
NEW_KEY = "AKIARIGRIGRIGRIGRIG2"
ADMIN = f"[admin]\naws_access_key_id={NEW_KEY}\naws_secret_access_key={SECRET}\n"
# What goes on until it is interrupted.
ENDLESS = re.compile(r"\bwatch\b")


def shell(lock, command, **more):
    """As it is typed, somewhere that everybody may be."""
    return lock.host.run("sh", "-euc", f"cd /tmp; {command}", **more)


def interrupted(lock, command, expected):
    """The same for what has no end: until it has printed what is expected."""
    path = "/run/interrupted"
    lock.host.run("systemd-run", "--unit=interrupted", f"--property=StandardOutput=truncate:{path}", "stdbuf", "-oL",
                  "sh", "-c", f"({command}) 2>&1")
    wait_for(f"{expected!r} of {command!r}", lambda: lock.host.has_file(path) and expected in lock.host.read_file(path))
    lock.host.systemctl("stop", "interrupted.service")


def alternatives(command):
    """ "a|b x [--c]": each of them, without and with."""
    words = [[""] + [word[1:-1]] if word.startswith("[") else word.split("|") for word in command.split()]
    return [" ".join(filter(None, chosen)) for chosen in itertools.product(*words)]


def configure(lock):
    """cloudlock-aws(7), 1."""
    carry_out(lock, "cloudlock-aws.7", "# install -m 0600 /dev/null")
    assert lock.host.run("stat", "-c", "%U %a", lock.config_path).strip() == "root 600"
    text = lock.host.read_file(lock.config_path)
    lock.host.put_file(lock.config_path, text + OF_THE_TEST.format(
        endpoint=lock.host.cluster.endpoint, key=KEY, secret=SECRET), 0o600)


def check_run(lock, command):
    """In place of the unit, which is not there yet."""
    lock.host.put_file("/usr/local/bin/lighthouse", LIGHTHOUSE, 0o755)
    lock.host.put_file("/etc/sysusers.d/validator.conf", "u validator\n")
    lock.host.run("systemd-sysusers", "validator.conf")
    lock.leave_released_record()
    assert shell(lock, command) == "lighthouse vc --network mainnet as validator\n"


def check_install(host):
    """README, behind the build, which the tests themselves do by these commands, but for the place."""
    done = pages.commands(README, "apt-get install")
    assert done[2:5] == ["meson setup build", "meson compile -C build", "meson install -C build"], done
    for command in done[5:]:
        host.run("sh", "-euc", command)


def carry_out(lock, page, start):
    for command in pages.commands(page, start):
        shell(lock, command)


def begin(lock):
    """cloudlock-aws(7), 2 to 6; the table was made with the store."""
    carry_out(lock, "cloudlock-aws.7", "# cloudlockctl init")
    shell(lock, pages.commands("cloudlock-aws.7", "# cloudlockctl check validator --policy")[0])
    assert json.loads(lock.host.read_file("/tmp/policy.json"))["Statement"]
    carry_out(lock, "cloudlock-aws.7", "# systemctl disable")
    carry_out(lock, "cloudlock-aws.7", "# systemctl enable")


def check_status(lock):
    """Everything that the README's pictures have is there."""
    picture = pages.example(README, "$ cloudlockctl status")
    shown = shell(lock, pages.commands(README, "$ cloudlockctl status")[0])
    labels = re.findall(r"^ +(\w[\w ]*): ", picture.partition("$ cloudlockctl watch")[0], re.M)
    assert len(labels) >= 15, labels
    assert [label for label in re.findall(r"^ +(\w[\w ]*): ", shown, re.M) if label in labels] == labels, shown
    assert re.match(r"● validator - running validator\.service, fence \d+\n", shown), shown
    interrupted(lock, pages.commands(README, "$ cloudlockctl status")[1], "validator: running validator.service, fence")


def check_looks(lock):
    """For everybody."""
    for command in pages.commands(README, "cloudlockctl status|"):
        for one in alternatives(command):
            if ENDLESS.search(one):
                interrupted(lock, one, "validator")
            else:
                shown = shell(lock, one, user=None if one.startswith("journalctl") else USER)
                assert "validator" in shown or "node1" in shown, f"{one}: {shown}"
    check_status(lock)
    for command in pages.commands("cloudlockd.8", "journalctl"):
        assert "running validator.service" in shell(lock, command), command
    introspect, call = pages.commands("cloudlockd.8", "busctl introspect")
    assert ".ForceUnlock" in shell(lock, introspect, user=USER)
    since = lock.host.cluster.front.last_number()
    shell(lock, call)
    wait_for("the renewal", lambda: lock.writes(since))


def check_rule(lock):
    """cloudlockd(8): the group may renew and hand over, and nothing else."""
    path, rule = pages.example("cloudlockd.8", "// /etc/polkit-1").split("\n", 1)
    host, renew = lock.host, pages.commands("cloudlockd.8", "busctl introspect")[1]
    assert shell(lock, renew, user=USER, check=False).code != 0, "everybody may"
    host.put_file(path.removeprefix("// "), rule)
    host.put_file("/etc/sysusers.d/operators.conf", f"g operators\nm {USER} operators\n")
    host.run("systemd-sysusers", "operators.conf")
    host.systemctl("restart", "polkit.service")
    shell(lock, renew, user=USER)
    for method in ("Keep", "Unkeep", "Pause", "Resume", "Release t 0", "ForceUnlock ss a b"):
        refused = shell(lock, renew.replace("Renew", method), user=USER, check=False).stderr
        assert "org.cloudlock1.manage" in refused, f"not refused by polkit: {method}: {refused}"
    refused = shell(lock, "cloudlockctl handover validator --to=node1", user=USER, check=False).stderr
    assert "This host holds the lock already" in refused, f"not refused by the lock, so perhaps by polkit: {refused}"


def check_maintenance(one, other):
    """cloudlock-operation(7): new keys, the standby first, and an upgrade leave the target running."""
    identity, front = one.identity(), one.host.cluster.front
    front.set_keys({key: {"secret": SECRET, "token": None} for key in (KEY, NEW_KEY)})
    for lock, state in ((other, "standby"), (one, "running")):
        lock.host.put_file(lock.config_path, lock.host.read_file(lock.config_path).replace(KEY, NEW_KEY), 0o600)
        carry_out(lock, "cloudlock-operation.7", "# cloudlockctl check")
        lock.wait_state(state)
    front.set_keys({NEW_KEY: {"secret": SECRET, "token": None}})
    carry_out(one, "cloudlock-operation.7", "# systemctl daemon-reload")
    one.wait_state("running")
    one.wait_renewal()
    other.wait_polls(1)
    assert one.identity() == identity, "the target was restarted"


def check_examples_of_ctl(one, other):
    """cloudlockctl(1), in its order; what it says of `run` has been done before."""
    one.host.put_file("/root/.aws/credentials", ADMIN, 0o600)
    policy = json.loads(one.host.read_file("/tmp/policy.json"))
    one.host.remove_file("/tmp/policy.json")
    for command in pages.commands("cloudlockctl.1", "# AWS_PROFILE"):
        if " run " in command:
            continue
        if ENDLESS.search(command):
            interrupted(one, command, "validator")
        elif "handover" in command:
            shell(one, command)
            assert other.property("Held") is True
            other.wait_running()
            shell(other, command.replace("node2", "node1"))
            one.wait_running()
        else:
            before = one.identity()
            shown = shell(one, command)
            assert "jq" not in command or shown == "validator\n", shown
            assert (one.identity() != before) == ("restart" in command), f"restarted, or not: {command}"
            assert one.property("Held") is True
    assert json.loads(one.host.read_file("/tmp/policy.json")) == policy


def check_dry_runs(lock):
    """Beside the daemon, as root and as the service's user."""
    for command in (*pages.commands("cloudlockd.8", "# /usr/libexec/cloudlock/cloudlockd --dry-run"),
                    *pages.commands("cloudlockd.8", "# systemd-run --pty --property=User=cloudlock"),
                    *pages.commands("cloudlock-operation.7", "# /usr/libexec/cloudlock/cloudlockd --dry-run"),
                    *pages.commands(README, "/usr/libexec/cloudlock/cloudlockd --dry-run")):
        interrupted(lock, command, "standby: node1 holds validator")


def check_changes(one, other):
    """README: what is for the holder, which gets the lock back each time; what is for a standby; the end of it."""
    for command in itertools.chain(*map(alternatives, pages.commands(README, "cloudlockctl check validator "))):
        if any(verb in command for verb in ("pause", "resume")):
            shell(other, command)
        elif "force-unlock" in command:
            shown = shell(other, command, check=False)
            assert shown.code == 1 and f"{command} --holder='node1#" in shown.stderr, shown.stderr
        elif "restart" in command:
            identity = other.identity()
            shell(other, command)
            other.wait_renewal()
            assert other.identity() == identity, "the target was restarted"
        else:
            shell(one, command)
        if "handover" in command or "release" in command:
            other.wait_running()
            if "release" in command:
                shell(one, "cloudlockctl resume validator")
            shell(other, "cloudlockctl handover validator --to=node1")
            one.wait_running()
        elif "systemctl stop" in command:
            other.wait_running()
    assert not one.host.has_file(f"/etc/systemd/system/{one.target}.d/zzzz-cloudlock.conf"), "it is bound still"


def test_manual(cluster):
    hosts = boot_all([cluster.add_host(), cluster.add_host()])
    one, other = locks = [Lock(host, "validator") for host in hosts]
    in_parallel(*(lambda lock=lock: configure(lock) for lock in locks))
    check_install(one.host)
    check_run(one, next(line for line in pages.commands("cloudlockctl.1", "# AWS_PROFILE") if " run " in line))
    for lock in locks:
        lock.write_target()
    begin(one)
    one.wait_running()
    carry_out(other, README, "systemctl disable")
    carry_out(other, "cloudlock-operation.7", "# cloudlockctl bind")
    other.wait_state("standby")
    wait_beats(one)
    check_looks(one)
    check_rule(one)
    check_maintenance(one, other)
    check_examples_of_ctl(one, other)
    check_dry_runs(other)
    check_changes(one, other)
    cluster.verdict().check(hosts)
