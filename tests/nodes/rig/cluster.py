# SPDX-License-Identifier: LGPL-2.1-or-later
"""A hub with a store and its front end, and hosts around it."""

import json
import os
import subprocess
import sys

from . import rootfs, store
from .front import Front
from .host import LASTING, Host, boot_all
from .judge import Tape, Verdict
from .network import HUB_ADDRESS, Network, host_address
from .pki import STORE_NAME
from .system import WAIT_S, Failure, read, run, wait_for, write

PORT = 8443
REGION = "eu-central-1"
KEY, SECRET = "AKIARIGRIGRIGRIGRIG1", "TheRigsOwn/SecretKey+ThatNobodyElseKnows"
MAX_HOSTS = 4
STORE_TIMEOUT_S = 120
BEATS = f"{LASTING}/beats"  # as the targets see it
BEAT = f"{rootfs.RIG_PROGRAMS}/beat"


class Cluster:
    port = PORT
    region = REGION
    endpoint = f"https://{STORE_NAME}:{PORT}"

    def __init__(self, workspace, name, stage=None, store_name="dynalite", log_folder=None, tree="/"):
        self.workspace, self.stage, self.store_name, self.tree = workspace, stage, store_name, tree
        self.full_name = f"{workspace.name}-{name}"
        self.folder = f"{workspace.folder}/{name}"
        self.shared = f"{self.folder}/shared"
        self.log_folder = log_folder
        self.group = workspace.group.child(name).create()
        self.hosts = []
        # A test that refuses requests on purpose says here how many it expects.
        self.expected_refusals = 0
        self.notes = []  # what a test has measured, for its line in the report
        os.makedirs(self.shared)
        os.chmod(self.shared, 0o777)
        write(f"{self.shared}/beats", "", 0o666)
        self._tape = Tape(f"{self.shared}/beats")
        self.network = Network(self.full_name)
        self._processes = []
        self.front = None
        self._start_store()

    def layers(self, tree):
        return self.workspace.layers(tree, self.stage)

    # -- the hub

    def _start_store(self):
        self._spawn("store", *store.command(self.store_name))
        self.front = self._start_front()
        wait_for("the front end", lambda: os.path.exists(f"{self.folder}/control"), STORE_TIMEOUT_S, 0.02)
        wait_for(f"{self.store_name}", self._store_answers, STORE_TIMEOUT_S)
        self.front.create_table()

    def _start_front(self):
        config, log, control = (f"{self.folder}/{name}" for name in ("front.json", "requests.log", "control"))
        pki = self.workspace.pki()
        write(log, "")
        write(config, json.dumps({
            "listen": HUB_ADDRESS, "port": PORT, "store_port": store.PORT, "region": REGION, "log": log,
            "control": control, "certificate": f"{pki}/store.pem", "key": f"{pki}/store.key",
            "keys": {KEY: {"secret": SECRET, "token": None}},
            "hosts": {host_address(number): f"node{number}" for number in range(1, MAX_HOSTS + 1)}}))
        self._spawn("frontend", sys.executable, "-m", "rig.frontend", config)
        return Front(control, log)

    def _store_answers(self):
        for process in self._processes:
            if process.poll() is not None:
                raise Failure(f"{process.args[-1]} ended: {self.hub_log()[-2000:]}")
        try:
            return self.front.store("ListTables", {}) is not None
        except (Failure, OSError):
            return False

    def _spawn(self, name, *command):
        """A process in the hub; it ends with the hub's cgroup."""
        group = self.group.child("hub").create()
        with open(f"{self.folder}/{name}.log", "ab") as log:
            self._processes.append(subprocess.Popen(  # pylint: disable=consider-using-with
                group.enter(*self.network.inside_hub(*command)), cwd=rootfs.HERE, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log))

    def hub_log(self):
        return "".join(read(f"{self.folder}/{name}.log") for name in ("store", "frontend")
                       if os.path.exists(f"{self.folder}/{name}.log"))

    def run_in_hub(self, *command, **more):
        return run(*self.network.inside_hub(*command), cwd=rootfs.HERE, **more)

    def tampered_request(self, what="body"):
        """Send a request that was altered after signing; returns status and answer, once refused."""
        before = self.front.counts()["refused"]
        answer = self.run_in_hub(sys.executable, "-m", "rig.tamper", HUB_ADDRESS, PORT,
                                 f"{self.workspace.pki()}/ca.pem", KEY, SECRET, what)
        status, text = json.loads(answer)
        if what != "nothing":
            self.expected_refusals += 1
            if status not in (400, 403) or self.front.counts()["refused"] != before + 1:
                raise Failure(f"a request with its {what} altered was not refused: {status} {text}")
        return status, text

    # -- hosts

    def add_host(self, kind=Host, **options):
        """A new host, switched off."""
        host = kind(self, len(self.hosts) + 1, **{"tree": self.tree, **options})
        self.hosts.append(host)
        return host

    def boot_hosts(self, count, **options):
        return boot_all([self.add_host(**options) for _ in range(count)])

    # -- what happened

    def requests(self, **which):
        return self.front.requests(**which)

    def note(self, text):
        self.notes.append(text)

    def verdict(self, split_s=None):
        return Verdict(self._tape.runs(), split_s)

    def check(self):
        """What has to be true after every test, whatever it did."""
        refused = self.front.counts()["refused"]
        if refused != self.expected_refusals:
            raise Failure(f"the front end refused {refused} signatures, expected {self.expected_refusals}")

    # -- the end

    def save_logs(self):
        """Keep what explains a failure: journals, consoles, requests, beats."""
        os.makedirs(self.log_folder, exist_ok=True)
        for host in self.hosts:
            write(f"{self.log_folder}/{host.name}.journal", host.journal("-o", "short-precise"))
            write(f"{self.log_folder}/{host.name}.console", host.console())
        write(f"{self.log_folder}/hub.log", self.hub_log())
        for name in ("requests.log", "shared/beats"):
            if os.path.exists(f"{self.folder}/{name}"):
                write(f"{self.log_folder}/{os.path.basename(name)}", read(f"{self.folder}/{name}"))

    def close(self):
        for host in self.hosts:
            host.power_off()
        self.group.kill()
        for process in self._processes:
            process.wait(timeout=WAIT_S)
        self.workspace.remove_cluster(self)
