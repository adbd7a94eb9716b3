# SPDX-License-Identifier: LGPL-2.1-or-later
"""The network of one cluster: a hub namespace with a bridge, one namespace for each host.

The store and its front end live in the hub, so no packet leaves the rig's own namespaces, and
clusters that run at the same time can all use the same addresses.
"""

from .system import run

HUB_ADDRESS = "10.77.0.1"
BRIDGE = "hub0"
BRIDGE_MAC = "02:00:0a:4d:00:01"


def host_address(number):
    return f"10.77.0.{10 + number}"


class Network:
    def __init__(self, name):
        self.hub = f"{name}-hub"
        self._name = name
        run("ip", "netns", "add", self.hub)
        self._in_hub("link", "set", "lo", "up")
        # An address of its own: otherwise it takes the lowest of its ports', and when that one is cut off, the others send to
        # nobody until their ARP entries grow old.
        self._in_hub("link", "add", BRIDGE, "address", BRIDGE_MAC, "type", "bridge", "stp_state", "0")
        self._in_hub("address", "add", f"{HUB_ADDRESS}/24", "dev", BRIDGE)
        self._in_hub("link", "set", BRIDGE, "up")

    def inside_hub(self, *command):
        """The command that runs `command` in the hub's network namespace."""
        return ["nsenter", f"--net=/run/netns/{self.hub}", *(str(word) for word in command)]

    def add_host(self, number):
        """A namespace for a host, joined to the hub; returns its path."""
        namespace = f"{self._name}-n{number}"
        run("ip", "netns", "add", namespace)
        self._in_hub("link", "add", _port(number), "type", "veth",
                     "peer", "name", "host0", "netns", namespace)
        self._in_hub("link", "set", _port(number), "master", BRIDGE, "up")
        inside = ("ip", "-n", namespace)
        run(*inside, "link", "set", "lo", "up")
        run(*inside, "address", "add", f"{host_address(number)}/24", "dev", "host0")
        run(*inside, "link", "set", "host0", "up")
        return f"/run/netns/{namespace}"

    def add_tap(self, number):
        """A port for a machine that QEMU emulates."""
        self._in_hub("tuntap", "add", "dev", _port(number), "mode", "tap")
        self.join(number)

    def inside_host(self, number, *command):
        """The command that runs `command` in a host's network namespace, and not on the host."""
        return ["nsenter", f"--net=/run/netns/{self._name}-n{number}", *(str(word) for word in command)]

    def give_address(self, number, address):
        """One more, of the host's own."""
        run("ip", "-n", f"{self._name}-n{number}", "address", "add", address, "dev", "lo")

    def cut(self, number, silently=False):
        """Pull the cable; silently: the host keeps its carrier, its packets vanish."""
        if silently:
            self._in_hub("link", "set", _port(number), "nomaster")
        else:
            self._in_hub("link", "set", _port(number), "down")

    def join(self, number):
        self._in_hub("link", "set", _port(number), "master", BRIDGE, "up")

    def _in_hub(self, *words):
        run("ip", "-n", self.hub, *words)


def _port(number):
    return f"node{number}"
