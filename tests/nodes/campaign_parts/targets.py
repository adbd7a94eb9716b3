# SPDX-License-Identifier: LGPL-2.1-or-later
"""The kinds of target that a run has."""

from rig.cluster import BEAT, BEATS

SLOW = "campaign-slow.service"
SLOW_UNIT = "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sleep 2\n"


class Target:
    def __init__(self, *beat_options, service="", enabled=False, files=None):
        self.beat_options, self.service, self.enabled, self.files = beat_options, service, enabled, files or {}

    def set_up(self, lock):
        for path, text in self.files.items():
            lock.host.put_file(path, text)
        lock.set_up(*self.beat_options, service=self.service.format(lease=lock.lease_path))
        if self.enabled:
            lock.host.systemctl("enable", lock.target)
            lock.host.systemctl("add-wants", "cloudlock-rig.target", lock.daemon)


FORKS_AWAY = (f"setsid {BEAT} --lease={{lease}} --ignore-term {BEATS} >/dev/null 2>&1 & "
              f"setsid {BEAT} --lease={{lease}} {BEATS} >/dev/null 2>&1 & sleep 0.2")

TARGETS = {
    "plain": Target(),
    "ignores-term": Target("--ignore-term", "--child"),
    "forks-away": Target(service=f"Type=forking\nExecStart=\nExecStart=/bin/sh -c '{FORKS_AWAY}'\n"),
    "hangs-in-stop": Target("--child", service="ExecStop=/bin/sleep infinity\n"),
    "hangs-in-stop-post": Target("--ignore-term", service="ExecStopPost=/bin/sleep infinity\n"),
    "restart-always": Target("--child", service="Restart=always\nRestartSec=100ms\n"),
    "waits-on-another": Target("--ignore-term", service=f"[Unit]\nRequires={SLOW}\nAfter={SLOW}\n",
                               files={f"/etc/systemd/system/{SLOW}": SLOW_UNIT}),
    "enabled-at-boot": Target("--ignore-term", enabled=True),
}
