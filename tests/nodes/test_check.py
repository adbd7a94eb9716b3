# SPDX-License-Identifier: LGPL-2.1-or-later
"""`cloudlockctl check` on a host: what PID 1 and the files say, with one deliberate mistake at a time. Mistakes about the
store are tests/unit/test-check.py's."""

import json

from rig.cluster import KEY, SECRET
from rig.front import CREATE_TABLE, TABLE
from rig.host import boot_all
from rig.product import Lock
from rig.system import wait_for

UNIT = "/etc/systemd/system"


class Check:
    """What check says now."""

    def __init__(self, lock):
        done = lock.host.run("cloudlockctl", "check", "--json", lock.instance, check=False)
        self.said = json.loads(done)
        self.failed = done.code != 0

    def lines(self, result):
        return [line for line in self.said["findings"] if line["result"] == result]

    def failures(self):
        return {line["check"] for line in self.lines("failure")}


def expect(lock, check, *words, result="failure"):
    """Exactly this check fails (or gives a warning, a note), with these words in its line or its remedy."""
    found = Check(lock)
    wanted = {check} if result == "failure" else set()
    assert found.failures() == wanted, found.said
    assert found.failed == (result == "failure"), found.said
    lines = [line for line in found.lines(result) if line["check"] == check]
    for word in words:
        assert any(word in line["text"] + " → " + line.get("remedy", "") for line in lines), (word, lines)


# What is put into a drop-in's [Service], the check that fails of it, and what it says and advises.
TARGET_MISTAKES = (
    ("KillMode=process", "target", "KillMode=process", "set KillMode=control-group"),
    ("ExecStart=\nExecStart=/usr/bin/sudo /usr/bin/true", "target", "sudo"),
    ("TimeoutStopSec=5min", "time-plan", "stopping the target 600s", "set cloudlock_lock_expiration="),
    ("TimeoutStopSec=infinity", "time-plan", "set TimeoutStopSec= in the target's unit"),
)
DAEMON_MISTAKES = (
    ("EnvironmentFile=/etc/missing.env", "environment", "EnvironmentFile=/etc/missing.env: No such file"),
    ("LoadCredential=aws_secret:/etc/missing", "credentials", "LoadCredential=aws_secret:/etc/missing: No such file"),
    ("LoadCredential=config:/etc/demo-elsewhere.conf", "units", "the guard reads its configuration from"),
    ("Environment=AWS_CA_BUNDLE=/root/ca.pem", "aws-files", "is not to be seen for cloudlockd (ProtectHome=)"),
    ("Environment=AWS_CA_BUNDLE=/etc/demo-ca.pem", "aws-files", "user cloudlock cannot read it: Permission denied",
     "chown cloudlock /etc/demo-ca.pem"),
)


def make_mistakes(lock, unit, mistakes):
    """Each of them in turn, and alone."""
    path = f"{UNIT}/{unit}.d/90-mistake.conf"
    for line, check, *words in mistakes:
        lock.host.put_file(path, f"[Service]\n{line}\n")
        lock.host.systemctl("daemon-reload")
        expect(lock, check, *words)
    lock.host.remove_file(path)


def check_files(lock):
    """What is missing on this host, or open to others."""
    host = lock.host
    for check, path in (("polkit-rule", "/usr/share/polkit-1/rules.d/cloudlock.rules"),
                        ("dbus-policy", "/usr/share/dbus-1/system.d/org.cloudlock1.conf")):
        text = host.read_file(path)
        host.remove_file(path)
        expect(lock, check, f"{path} is missing")
        host.put_file(path, text)
    host.run("chmod", "0777", "/run/cloudlock")
    expect(lock, "run-directory", "may be written by others (mode 0777)", "systemd-tmpfiles --create cloudlock.conf")
    host.run("chmod", "0755", "/run/cloudlock")
    host.put_file("/etc/cloudlock/copy.conf", host.read_file(lock.config_path), 0o600)
    expect(lock, "instances", "instance copy of this host is for the same lock")
    host.remove_file("/etc/cloudlock/copy.conf")


def check_credentials(lock):
    """Keys from systemd's credentials, one of them encrypted; then one that this machine can't decrypt."""
    host, path = lock.host, f"{UNIT}/{lock.daemon}.d/90-credentials.conf"
    host.run("systemd-creds", "encrypt", "--with-key=host", "--name=aws_secret", "-", "/etc/demo.secret.cred", stdin=SECRET)
    lock.configure(restart_gap="20s", aws_key_id=None, aws_secret=None)
    host.put_file(path, "[Service]\nLoadCredential=aws_key_id:/etc/demo.key-id\n"
                        "LoadCredentialEncrypted=aws_secret:/etc/demo.secret.cred\n")
    host.put_file("/etc/demo.key-id", KEY, 0o600)
    host.systemctl("daemon-reload")
    expect(lock, "credentials", "systemd", result="ok")
    expect(lock, "config-file", "no secret in it", result="ok")
    host.run("systemd-creds", "encrypt", "--with-key=host", "--name=another", "-", "/etc/demo.secret.cred", stdin=SECRET)
    found = Check(lock)
    assert "systemd-creds cannot decrypt it on this machine" in str(found.lines("failure")), found.said
    host.remove_file(path)
    lock.configure(restart_gap="20s")


def check_running(lock):
    """A daemon without its watchdog; its own record is no other machine's; what systemd has not read yet."""
    host, path = lock.host, f"{UNIT}/{lock.daemon}.d/90-mistake.conf"
    host.put_file(path, "[Service]\nWatchdogSec=0\n")
    host.systemctl("daemon-reload")
    lock.start()
    wait_for("the first record", lambda: host.cluster.front.get(lock.instance))
    expect(lock, "watchdog", f"WatchdogSec= of {lock.daemon} is off")
    host.remove_file(path)
    host.systemctl("daemon-reload")
    host.systemctl("restart", lock.daemon)
    expect(lock, "watchdog", f"PID 1 ends {lock.daemon} when it hangs for 30s", result="ok")
    expect(lock, "record", "holds the lock", result="ok")
    host.put_file(path, "[Unit]\nDescription=changed\n")
    expect(lock, "reload", f"the files of {lock.daemon} have changed", "systemctl daemon-reload")


def test_check(cluster):
    """All is well on a host that is set up; then each mistake is found, and it alone."""
    host, = boot_all([cluster.add_host()])
    lock = Lock(host).set_up(restart_gap="20s")
    host.systemctl("enable", lock.daemon, lock.target)
    fine = host.run("cloudlockctl", "check", lock.instance)
    assert SECRET not in fine and "Nothing keeps this lock from working" in fine, fine
    expect(lock, "target", "is enabled: harmless", f"systemctl disable {lock.target}", result="note")
    host.put_file("/etc/demo-elsewhere.conf", host.read_file(lock.config_path), 0o600)
    for path in ("/root/ca.pem", "/etc/demo-ca.pem"):
        host.put_file(path, host.read_file("/etc/ssl/certs/ca-certificates.crt"), 0o600)
    make_mistakes(lock, lock.target, TARGET_MISTAKES)
    make_mistakes(lock, lock.daemon, DAEMON_MISTAKES)
    host.run("cloudlockctl", "unbind", lock.instance)
    expect(lock, "target", "is not bound", f'run "cloudlockctl bind {lock.instance}"')
    lock.bind()
    check_files(lock)
    check_credentials(lock)
    check_running(lock)


def test_check_before_anything_is_there(cluster):
    """No unit, which "run" would make; none for a daemon that is to lead for it; then no configuration."""
    host, = boot_all([cluster.add_host()])
    lock = Lock(host)
    lock.configure(target_unit="nothing.service", restart_gap="20s")
    expect(lock, "target", "nothing.service does not exist", f"cloudlockctl run {lock.instance}", result="warning")
    host.systemctl("enable", lock.daemon)
    expect(lock, "target", "nothing.service does not exist on this host")
    host.remove_file(lock.config_path)
    expect(lock, "config-file", "No such file", "write it")


def test_policy_and_init(cluster):
    """The policy on its own; a table from nothing."""
    host, = boot_all([cluster.add_host()])
    lock = Lock(host)
    lock.configure(dynamodb_table="locks-of-init")
    policy = json.loads(host.run("cloudlockctl", "check", "--policy", lock.instance))
    assert policy["Statement"][0]["Resource"].endswith(":table/locks-of-init"), policy
    assert "created and active" in host.run("cloudlockctl", "init", lock.instance)
    assert "exists and is right" in host.run("cloudlockctl", "init", lock.instance)
    made = cluster.front.store("DescribeTable", {"TableName": "locks-of-init"})["Table"]
    assert made["KeySchema"] == CREATE_TABLE["KeySchema"] and TABLE != made["TableName"], made
