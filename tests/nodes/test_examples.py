# SPDX-License-Identifier: LGPL-2.1-or-later
"""The examples as they are installed, all on one host: checked, bound, run under their locks and stopped. What they run are
stand-ins that do what counts to a lock: they fork, notify, or have their work done by somebody else, and say in the journal
how they were called."""

import json
import os

from rig import pages
from rig.cluster import KEY, SECRET
from rig.front import TABLE
from rig.host import boot_all, in_parallel
from rig.product import Lock
from rig.system import wait_for

PAGE = "cloudlock-examples.7"
EXAMPLES = "/usr/share/doc/cloudlock/examples"
UNIT = "/etc/systemd/system"

# Forks, and ends in order when it is told to; says that it is ready to who wants to know.
SERVICE = """#!/usr/bin/python3
import os, signal, socket, sys
print(*sys.argv, flush=True)
child = os.fork()
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda *_: sys.exit(0))
if child and "NOTIFY_SOCKET" in os.environ:
    socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
while True:
    signal.pause()
"""
# "run" waits for a container that is a scope in the slice, as those of containerd are, and none of its own children: the
# container goes on without its client.
DOCKER = """#!/bin/sh
echo "$0 $*"
runs() { systemctl --quiet is-active docker-app.scope; }
case $1 in
run)
    systemd-run --quiet --collect --slice=stand-in.slice --unit=containerd \\
        systemd-run --quiet --scope --slice=app.slice --unit=docker-app sleep infinity
    until runs; do sleep 0.1; done
    while runs; do sleep 0.1; done ;;
stop) exec systemctl stop docker-app.scope ;;
esac
"""
PROMOTE = "#!/bin/sh\necho \"$0 $*\"\nrm /var/lib/postgresql/15/main/standby.signal\n"
ONESHOT = "#!/bin/sh\necho \"$0 $*\"\n"

PG = "/usr/lib/postgresql/15/bin"
PROGRAMS = {**{f"/usr/local/bin/{name}": SERVICE for name in ("lighthouse", "lodestar", "queue-intake", "queue-worker")},
            f"{PG}/postgres": SERVICE, f"{PG}/pg_ctl": PROMOTE, "/usr/bin/docker": DOCKER, "/usr/local/bin/nightly": ONESHOT}
# What the units refer to that no example brings along.
FOREIGN = {f"{UNIT}/docker.service": "[Service]\nExecStart=sleep infinity\n",
           **{f"{UNIT}/{name}-bn.service": "[Service]\nExecStart=sleep infinity\n" for name in ("lighthouse", "lodestar")},
           "/var/lib/postgresql/15/main/standby.signal": "", "/var/lib/lodestar/validator-db/CURRENT": ""}
LOCKS = {"lighthouse": "lighthouse-vc", "lodestar": "lodestar-vc", "two-services": "queue", "docker": "app",
         "timer": "nightly", "postgresql": "pg-primary"}
# Not what an example is about: where the store is, and times that a test can wait for.
OF_THE_TEST = {"cloudlock_aws_key_id": KEY, "cloudlock_aws_secret": SECRET, "cloudlock_dynamodb_table": TABLE,
               "cloudlock_restart_gap": "2s", "cloudlock_renew_time": "5s", "cloudlock_poll_time": "2s"}


class Example(Lock):
    """One example on a host."""

    def __init__(self, host, folder):
        super().__init__(host, LOCKS[folder])
        self.folder = f"{EXAMPLES}/{folder}"
        self.units = [name for name in os.listdir(host.path(self.folder)) if not name.endswith(".conf")]

    def put(self):
        """As the page has it, but for the store."""
        for command in pages.commands(PAGE, "# install -m 0600 INSTANCE.conf")[:2]:
            self.host.run("sh", "-euc", f"cd {self.folder}; {command}".replace("INSTANCE", self.instance).replace(
                "*.service", " ".join(self.units)))
        values = dict(line.split("=", 1) for line in self.host.read_file(self.config_path).splitlines()
                      if line and not line.startswith("#"))
        self.targets = [word if "." in word else f"{word}.service" for word in values["cloudlock_target_unit"].strip('"').split()]
        values |= OF_THE_TEST | {"cloudlock_aws_region": self.host.cluster.region,
                                 "cloudlock_dynamodb_endpoint": self.host.cluster.endpoint}
        self.host.put_file(self.config_path, "".join(f"{name}={value}\n" for name, value in values.items()), 0o600)

    def run(self, command):
        self.host.run("sh", "-euc", command.replace("INSTANCE", self.instance))

    def property(self, name):
        """Names and paths on the bus take no dash."""
        escaped = self.instance.replace("-", "_2d")
        answer = self.host.run("busctl", "--json=short", "get-property", f"org.cloudlock1.{escaped}",
                               f"/org/cloudlock1/lock/{escaped}", "org.cloudlock1.Lock", name)
        return json.loads(answer)["data"]

    def starts(self, program):
        """The command lines by which a stand-in was started."""
        self.host.run("journalctl", "--sync")
        said = self.host.run("journalctl", "-q", "-o", "cat").splitlines()
        return [line for line in said if line.split(" ")[0].endswith(f"/{program}")]

    def stop(self):
        self.host.systemctl("stop", self.daemon)
        for unit in (*self.targets, self.guard):
            # A run that is cut off has failed.
            assert self.host.state(unit) in ("inactive", "failed"), f"{unit} is {self.host.state(unit)}"
            assert not self.host.unit_pids(unit), f"{unit} has left processes"
        assert self.host.cluster.front.get(self.instance)["expire_time"] == 0, f"{self.instance} was not released"


def prepare(host):
    """Accounts, programs and folders of the stand-ins."""
    host.put_file("/etc/sysusers.d/stand-in.conf", "u lighthouse\nu lodestar\nu postgres\n")
    host.run("systemd-sysusers", "/etc/sysusers.d/stand-in.conf")
    for path, text in PROGRAMS.items():
        host.put_file(path, text, 0o755)
    for path, text in FOREIGN.items():
        host.put_file(path, text)
    host.run("chown", "-R", "postgres", "/var/lib/postgresql/15/main")


def check_verify(host, examples):
    """systemd has nothing to say about any unit of them, and they are installed and used one and all."""
    assert set(os.listdir(host.path(EXAMPLES))) - {"cloudlock-table.yaml"} == set(LOCKS)
    units = [name for example in examples for name in example.units]
    done = host.run("systemd-analyze", "verify", *units, check=False)
    said = (done + done.stderr).strip()
    assert done.code == 0 and not said, said


def check_validators(lighthouse, lodestar):
    line, = lighthouse.starts("lighthouse")
    assert "--enable-doppelganger-protection" in line and "--init-slashing-protection" not in line, line
    line, = lodestar.starts("lodestar")
    assert "--doppelgangerProtection" in line and "--force" not in line, line
    for example in (lighthouse, lodestar):
        assert len(example.host.unit_pids(example.targets[0])) == 2, "a client and its child"


def check_postgresql(example):
    """It is given the fence, and what was a standby is promoted once it is up."""
    line, = example.starts("postgres")
    assert line.endswith(f"-c cloudlock.fence={example.property('Fence')}"), line
    shown = pages.example(PAGE, "EnvironmentFile=").replace("INSTANCE", example.instance)
    assert f"\n{shown}" in example.host.read_file(f"{UNIT}/{example.targets[0]}"), shown
    assert len(example.starts("pg_ctl")) == 1 and "promote" in example.starts("pg_ctl")[0]
    assert example.host.systemctl("start", "pg-standby.service", check=False).code != 0, "the old primary starts as a standby"


def check_docker(example):
    """The container is outside the service, in the slice; it is gone with the lock, and the slice is frozen until the next."""
    pids = example.host.unit_pids("docker-app.scope")
    assert len(pids) == 1, pids
    example.stop()
    assert not example.host.unit_pids("docker-app.scope"), "the container runs on"


def check_timer(example):
    """Once at the acquisition, then by the timer; the lock is held between the runs, and nothing runs without it."""
    wait_for("the run of the acquisition", lambda: len(example.starts("nightly")) == 1)
    example.host.put_file(f"{UNIT}/nightly.timer.d/test.conf", "[Timer]\nOnCalendar=\nOnActiveSec=0\nOnUnitInactiveSec=0\nAccuracySec=1ms\n")
    example.host.systemctl("daemon-reload")
    example.host.systemctl("start", "nightly.timer")
    wait_for("runs of the timer", lambda: len(example.starts("nightly")) >= 3)
    assert example.property("State") == "running" and example.host.state(example.guard) == "active"
    example.stop()
    before = example.starts("nightly")
    assert example.host.systemctl("start", "nightly.service", check=False).code != 0, "it starts without the lock"
    assert example.starts("nightly") == before, "it ran without the lock"


def check_two(example):
    """Both run; the end of one is the end of both."""
    assert example.starts("queue-intake") and example.starts("queue-worker")
    example.host.systemctl("stop", "queue-intake.service")
    wait_for("the lock to be given up", lambda: example.host.cluster.front.get(example.instance)["expire_time"] == 0)
    assert example.host.state("queue-worker.service") == "inactive"


def run_all(examples):
    """As the page has it, bind, check and start, and wait until they run. Step by step: while one is enabled, systemd 257
    says of every unit that its files have changed, which is a mistake to check."""
    in_parallel(*(example.leave_released_record for example in examples))
    for command in pages.commands(PAGE, "# install -m 0600 INSTANCE.conf")[3:]:
        in_parallel(*(lambda example=example, command=command: example.run(command) for example in examples))
    in_parallel(*(lambda example=example: example.wait_state("running") for example in examples))


def test_examples(cluster):
    host, = boot_all([cluster.add_host()])
    prepare(host)
    examples = {folder: Example(host, folder) for folder in LOCKS}
    for example in examples.values():
        example.put()
    host.systemctl("daemon-reload")
    check_verify(host, examples.values())
    run_all(examples.values())
    check_validators(examples["lighthouse"], examples["lodestar"])
    check_postgresql(examples["postgresql"])
    check_docker(examples["docker"])
    check_timer(examples["timer"])
    check_two(examples["two-services"])
    in_parallel(*(examples[folder].stop for folder in ("lighthouse", "lodestar", "postgresql")))
