# SPDX-License-Identifier: LGPL-2.1-or-later
"""cloudlock on a host, as the tests set it up and look at it."""

import json
import re
import time

from .cluster import BEAT, BEATS, KEY, SECRET
from .front import TABLE
from .host import boot_all
from .judge import MIN_BEATS
from .system import WAIT_S, Failure, wait_for

INSTANCE = "demo"
# The shortest lease there is: a test waits for leases to run out.
LEASE_S, RENEW_S, GAP_S, POLL_S = 20, 3, 2, 2
# What a first holder waits before its first start: whoever held before a deletion has run out then.
FIRST_START_S = LEASE_S + WAIT_S
# An observer adds this to a lease it watches (time-limits.h: DRIFT_DIVISOR).
DRIFT = 1.001
# A beat is 20 ms; with this policy what the tests see is the product, not the load of the machine.
TARGET_UNIT = """[Unit]
Description=Target of the tests
[Service]
ExecStart={command}
CPUSchedulingPolicy=rr
CPUSchedulingPriority=10
TimeoutStopSec=1s
{service}
[Install]
WantedBy=cloudlock-rig.target
"""


class Lock:
    """One instance of cloudlock on one host."""

    def __init__(self, host, instance=INSTANCE):
        self.host, self.instance = host, instance
        self.target = f"{instance}.service"
        self.daemon = f"cloudlock@{instance}.service"
        self.guard = f"cloudlock-guard@{instance}.service"
        self.lease_path = f"/run/cloudlock/{instance}/lease"
        self.config_path = f"/etc/cloudlock/{instance}.conf"

    # -- setting up

    def configure(self, **changes):
        """Write the configuration; a key set to None is left out."""
        values = {
            "cloudlock_aws_key_id": KEY, "cloudlock_aws_secret": SECRET, "cloudlock_dynamodb_table": TABLE,
            "cloudlock_aws_region": self.host.cluster.region, "cloudlock_lock_label": self.instance,
            "cloudlock_dynamodb_endpoint": self.host.cluster.endpoint,
            "cloudlock_lock_expiration": f"{LEASE_S}s", "cloudlock_renew_time": f"{RENEW_S}s",
            "cloudlock_restart_gap": f"{GAP_S}s", "cloudlock_poll_time": f"{POLL_S}s",
            **{f"cloudlock_{name}": value for name, value in changes.items()}}
        lines = [f"{name}={quoted(value)}" for name, value in values.items() if value is not None]
        self.host.put_file(self.config_path, "\n".join(lines) + "\n", 0o600)

    def write_target(self, *beat_options, service=""):
        """Write the target's unit: the beat with options, and more lines for its [Service]."""
        command = " ".join([BEAT, f"--lease={self.lease_path}", *beat_options, BEATS])
        self.host.put_file(f"/etc/systemd/system/{self.target}",
                           TARGET_UNIT.format(command=command, service=service))
        self.host.systemctl("daemon-reload")

    def bind(self):
        return self.host.run("cloudlockctl", "bind", self.instance)

    def set_up(self, *beat_options, service="", **changes):
        """Everything up to the point where only the start is missing."""
        self.configure(**changes)
        self.write_target(*beat_options, service=service)
        self.bind()
        return self

    def start(self):
        self.host.systemctl("start", self.daemon, timeout=120)

    def leave_released_record(self):
        """As a holder of long ago left it: whoever takes it waits for the gap alone, and not as its creator."""
        self.host.cluster.front.put({
            "label": self.instance, "holder": "before#00000000", "version": "released", "expire_time": 0,
            "start_time": round(time.time() * 1000) - 3600_000, "lease_ms": LEASE_S * 1000, "host": 32 * "0",
            "boot": 32 * "0", "fence": 1})

    # -- looking

    def property(self, name):
        """A property of the D-Bus object."""
        answer = self.host.run("busctl", "--json=short", "get-property", f"org.cloudlock1.{self.instance}",
                               f"/org/cloudlock1/lock/{self.instance}", "org.cloudlock1.Lock", name)
        return json.loads(answer)["data"]

    def state(self):
        """The lock's state as D-Bus shows it; "unknown" while the daemon can't be asked."""
        try:
            return self.property("State")
        except Failure:
            return "unknown"

    def wait_state(self, *states, timeout=WAIT_S):
        return wait_for(f"{self.instance} on {self.host.name} to be {' or '.join(states)}",
                        lambda: self.state() in states, timeout, 0.2)

    def wait_running(self, timeout=FIRST_START_S):
        """Until the target beats, and the daemon says so."""
        self.wait_state("running", timeout=timeout)
        wait_for(f"beats of {self.host.name}", lambda: beats(self.host) > 0)
        return self

    def is_target_active(self):
        return self.host.state(self.target) in ("active", "activating", "deactivating", "reloading")

    def identity(self):
        """What stays the same while a target runs on undisturbed."""
        return self.host.show(self.target, "MainPID"), self.host.show(self.target, "InvocationID")

    def lease(self):
        """The lease file as a dict of strings."""
        return dict(line.split("=", 1) for line in self.host.read_file(self.lease_path).splitlines())

    # -- what it did, by the front end's log

    def requests(self, op=None, since=0):
        return self.host.cluster.requests(host=self.host, op=op, since=since)

    def writes(self, since=0):
        """Its writes that were applied, answered or not."""
        return [one for one in self.requests(since=since) if one.is_write() and one.store_status == 200]

    def wait_polls(self, count, timeout=WAIT_S):
        """Until it has looked at the table `count` more times."""
        since = self.host.cluster.front.last_number()
        wait_for(f"{count} looks at the table by {self.host.name}",
                 lambda: len(self.requests("GetItem", since)) >= count, timeout)

    def wait_renewal(self, timeout=WAIT_S):
        """Until it has written once more; returns that request."""
        since = self.host.cluster.front.last_number()
        return wait_for(f"a renewal by {self.host.name}", lambda: self.writes(since), timeout)[-1]


def quoted(value):
    value = str(value)
    return f'"{value}"' if re.search(r"[^A-Za-z0-9_./:@%+,-]", value) else value


def beats(host):
    return sum(run.beats for run in host.cluster.verdict().of(host))


def pair(cluster, *beat_options, service="", **changes):
    """Two hosts, the first running the target, the second standing by."""
    hosts = boot_all([cluster.add_host(), cluster.add_host()])
    one, other = (Lock(host).set_up(*beat_options, service=service, **changes) for host in hosts)
    lead_and_follow(one, other)
    return one, other


def wait_beats(lock):
    """As many as make a run count."""
    wait_for(f"enough beats of {lock.host.name}", lambda: beats(lock.host) > MIN_BEATS)


def lead_and_follow(one, other):
    """Start both so that `one` runs the target and `other` stands by."""
    one.leave_released_record()
    one.start()
    wait_for(f"{one.host.name} to take the lock", one.writes)
    other.start()
    one.wait_running()
    other.wait_state("standby")
    # It has seen a version of the holder's: from here on it can tell when that runs out.
    other.wait_polls(2)
    wait_beats(one)


def takeover_view_s(one, other):
    """When `other` may take over from `one`, by what it has been shown: CLOCK_MONOTONIC seconds."""
    last = one.writes()[-1].version
    shown = [look for look in other.requests("GetItem") if look.status == 200
             and look.answer.get("Item", {}).get("version", {}).get("S") == last]
    if not shown:
        raise Failure(f"{other.host.name} was never shown the last version of {one.host.name}")
    return shown[0].answered_mono_ns / 1e9 + LEASE_S * DRIFT


def wait_takeover(one, other, timeout=LEASE_S + WAIT_S):
    """Until `other` runs the target; returns its request that took the lock."""
    since = one.host.cluster.front.last_number()
    other.wait_state("acquiring", "waiting", "starting", "running", timeout=timeout)
    took = wait_for(f"a write by {other.host.name}", lambda: other.writes(since))[0]
    other.wait_running()
    return took


def check_taken_at_once(other, release):
    """The first look that showed `other` the released lock was its last before it took it; returns the request."""
    took = wait_for(f"{other.host.name} to take the released lock", lambda: other.writes(release.n))[0]
    shown = [look for look in other.requests("GetItem", release.n) if look.n < took.n and look.status == 200
             and look.answer["Item"]["version"]["S"] == release.version]
    if len(shown) != 1:
        raise Failure(f"{other.host.name} looked {len(shown)} times at the released lock before it took it")
    waited_s = (took.applied_mono_ns - release.applied_mono_ns) / 1e9
    other.host.cluster.note(f"the released lock was taken after {waited_s:.2f} s")
    return took


def check_dead_by(lock, deadline_s, why):
    """Failure if the target of a host has beaten at or after a moment."""
    last = lock.host.cluster.verdict().last_beat_s(lock.host)
    if last is None:
        raise Failure(f"{lock.host.name} has never beaten")
    if last >= deadline_s:
        raise Failure(f"{lock.host.name} beat {last - deadline_s:.3f} s after {why}")
