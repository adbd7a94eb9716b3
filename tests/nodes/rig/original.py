# SPDX-License-Identifier: LGPL-2.1-or-later
"""The original cloudlock on a host: the peer of tests/mixed as a service, with the beat as its program."""

import os

from .cluster import BEAT, BEATS, KEY, SECRET
from .front import TABLE
from .host import SHARED
from .product import INSTANCE
from .rootfs import CA_BUNDLE, HERE, RIG_PROGRAMS
from .system import Skip, read

UNIT = "original.service"
# What the peer imports; the folder of the tests is not there on every host.
MODULES = ("__init__", "clock", "host", "original", "peer")
# The shortest with which it runs its program at all: it asks that to end when 60 s are left.
EXPIRATION_S, RENEW_S, GAP_S = 120, 60, 120
LOOK_S = 5
SERVICE = """[Unit]
Description=The original cloudlock, as the tests have it
[Service]
Environment={environment}
ExecStart=/usr/bin/python3 -B -m mixed.peer {command}
"""


class Original:
    def __init__(self, host, clock_s):
        self.host, self.holder = host, f"original-{host.name}"
        self._clock_s = clock_s

    def set_up(self, *beat_options):
        host = self.host
        if not host.has_file("/usr/lib/python3/dist-packages/boto3"):
            raise Skip("the hosts' tree has no python3-boto3")
        for name in MODULES:
            host.put_file(f"{RIG_PROGRAMS}/mixed/{name}.py", read(f"{os.path.dirname(HERE)}/mixed/mixed/{name}.py"))
        values = {
            "cloudlock_aws_key_id": KEY, "cloudlock_aws_secret": SECRET, "cloudlock_dynamodb_table": TABLE,
            "cloudlock_aws_region": host.cluster.region, "cloudlock_lock_label": INSTANCE,
            "cloudlock_my_id": self.holder, "cloudlock_restart_gap_min": GAP_S // 60,
            "cloudlock_lock_expiration_min": EXPIRATION_S // 60, "cloudlock_renew_time_min": RENEW_S // 60,
            "ENDPOINT": host.cluster.endpoint, "AWS_CA_BUNDLE": f"/{CA_BUNDLE}", "PYTHONPATH": RIG_PROGRAMS,
            "LD_PRELOAD": f"{RIG_PROGRAMS}/clockshift.so", "CLOCKSHIFT_FILE": f"{SHARED}/clock-{host.name}"}
        host.put_file(f"/etc/systemd/system/{UNIT}", SERVICE.format(
            environment=" ".join(f"{name}={value}" for name, value in values.items()),
            command=" ".join([BEAT, *beat_options, BEATS])))
        host.shift_clock(self._clock_s)
        host.systemctl("daemon-reload")
        return self

    def start(self):
        self.host.systemctl("start", UNIT)

    def requests(self, op, since=0):
        return self.host.cluster.requests(host=self.host, op=op, since=since)

    def writes(self, since=0):
        return [one for one in self.requests("PutItem", since) if one.store_status == 200]

    def clock_off_s(self, write):
        """How far its clock is off, by a record that it wrote: a part of a second less than it is."""
        return write.written["expire_time"] / 1e3 - EXPIRATION_S - write.time
