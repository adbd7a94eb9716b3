# SPDX-License-Identifier: LGPL-2.1-or-later
"""A stand-in for logind, in place of the one that no host of the rig has: python3-dbusmock's template.

It hands out inhibitors and sends the signal before and after a sleep that there is not. What a sleep does to a machine is not
played: its clocks go on, and so do its processes.
"""

import json

from .system import Skip, wait_for

UNIT = "rig-logind.service"
# As systemd's own policy has it, root may own the name; python finds the module in the system's own folders.
STAND_IN = f"""[Service]
ExecStart=/usr/bin/python3 -m dbusmock --system --template logind
[Unit]
Description=Stand-in for logind
"""
CALL = ("busctl", "--json=short", "call", "org.freedesktop.login1", "/org/freedesktop/login1")
MANAGER = "org.freedesktop.login1.Manager"


class StandIn:
    """On a booted host; real logind is masked there."""

    def __init__(self, host):
        self._host = host
        if host.run("/usr/bin/python3", "-c", "import dbusmock", check=False).code != 0:
            raise Skip("python3-dbusmock is not installed in the hosts' tree")
        host.systemctl("mask", "--runtime", "systemd-logind.service", "dbus-org.freedesktop.login1.service")
        host.put_file(f"/etc/systemd/system/{UNIT}", STAND_IN)
        host.systemctl("daemon-reload")
        self.start()

    def start(self):
        self._host.systemctl("start", UNIT)
        wait_for("the stand-in for logind", lambda: self._call("Ping", interface="org.freedesktop.DBus.Peer") is not None)

    def stop(self):
        self._host.systemctl("stop", UNIT)

    def _call(self, method, *arguments, interface=MANAGER):
        """What a method answered; None: nobody did."""
        said = self._host.run(*CALL, interface, method, *arguments, check=False)
        return None if said.code != 0 else json.loads(said).get("data", []) if said.strip() else []

    def inhibitors(self):
        """(what, who, why, mode, uid, pid) of each."""
        answer = self._call("ListInhibitors")
        return [tuple(one) for one in answer[0]] if answer else []

    def has_guard(self):
        return any(one[:2] == ("sleep", "cloudlock-guard") and one[3] == "delay" for one in self.inhibitors())

    def wait_inhibited(self):
        wait_for("the guard's inhibitor", self.has_guard)

    def prepare_for_sleep(self, sleeps):
        """Send the signal, as before (true) and after (false) a sleep."""
        self._call("EmitSignal", "sssav", MANAGER, "PrepareForSleep", "b", "1", "b", "true" if sleeps else "false",
                   interface="org.freedesktop.DBus.Mock")
