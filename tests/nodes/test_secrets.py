# SPDX-License-Identifier: LGPL-2.1-or-later
"""The AWS secret and the session token, looked for wherever a host keeps or shows something."""

import json
import os
import signal

from rig.canary import Canary, files_below, read_all
from rig.cluster import KEY
from rig.host import boot_all
from rig.product import Lock
from rig.system import wait_for

CORES = "/var/cores"
SPIED, CHECKED = "/var/bus.log", "/var/check.log"
# So that only the program's own will keeps a core from being written.
ASKS_FOR_CORES = (f"[Service]\nLimitCORE=infinity\nWorkingDirectory={CORES}\nReadWritePaths={CORES}\n")
# Where the host keeps what is mounted over its disk.
MOUNTED = ("/run", "/tmp", "/dev/shm")


class Search:
    """Collects what is seen of a host, and who sang in it."""

    def __init__(self, host, canaries):
        self.host, self.canaries, self.found, self.seen = host, canaries, set(), 0

    def look(self, where, data):
        self.seen += len(data)
        self.found |= {f"{canary.name} in {where}" for canary in self.canaries if canary.is_in(data)}

    def command(self, *words, **more):
        """What a command prints, on both ways."""
        done = self.host.run(*words, check=False, **more)
        self.look(" ".join(words), done + done.stderr)
        return done

    def processes(self):
        """Arguments and environment of every process of the host."""
        for pid in self.host.group.pids():
            for name in ("cmdline", "environ"):
                data = read_all(f"/proc/{pid}/{name}")
                self.look(f"{name} of {read_all(f'/proc/{pid}/comm').decode().strip()}", data)

    def files(self, *leave_out):
        """Everything that the host has written, on its disk and in memory."""
        upper = os.path.join(os.path.dirname(self.host.root), "upper")
        roots = [upper, *(self.host.path(folder) for folder in MOUNTED)]
        hidden = {root + path for root in (upper, self.host.path("")) for path in leave_out}
        for root in roots:
            for path in files_below(root, hidden):
                self.look(path.removeprefix(os.path.dirname(upper)), read_all(path))

    def journal(self):
        """With what is compressed in its files."""
        self.look("the journal", self.host.journal("-o", "export", "--all"))

    def check(self):
        assert not self.found, f"secrets got out: {sorted(self.found)}"


def ask_control_socket(lock, search):
    for method in ("org.cloudlock1.Lock.Status", "org.varlink.service.GetInfo", "org.varlink.service.NoSuchMethod"):
        # Any process of the host may ask.
        script = ("import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); "
                  "s.sendall(sys.argv[2].encode() + b'\\0'); print(s.recv(1 << 20))")
        answer = search.command("/usr/bin/python3", "-c", script, f"/run/cloudlock/{lock.instance}/control",
                                json.dumps({"method": method}))
        assert "parameters" in answer, answer + answer.stderr


def look_around(lock, search):
    """What anybody, or root, is shown of a running instance."""
    name, path = f"org.cloudlock1.{lock.instance}", f"/org/cloudlock1/lock/{lock.instance}"
    search.command("systemctl", "show", "--all", "*")
    search.command("systemctl", "cat", lock.daemon, lock.guard, lock.target)
    search.command("systemctl", "status", "--full", lock.daemon, lock.guard)
    assert "StoreError" in search.command("busctl", "introspect", name, path)
    assert lock.instance in search.command("cloudlockctl", "status", "--json", lock.instance)
    search.command("cloudlockctl", "status", lock.instance)
    search.command("cloudlockctl", "bind", "--dry-run", lock.instance)
    ask_control_socket(lock, search)
    search.processes()


def refuse_configurations(lock, search, secret):
    """The secret in lines where it does not belong."""
    host = lock.host
    good = host.read_file(lock.config_path)
    lines = (secret, f"cloudlock_aws_secret {secret}", f"{secret}=x", f"cloudlock_my_id={secret}\x01",
             f"cloudlock_lock_expiration={secret}", f'cloudlock_aws_secret="{secret}')
    for number, line in enumerate(lines):
        other = Lock(host, f"bad{number}")
        host.put_file(other.config_path, good + line + "\n", 0o600)
        bound = search.command("cloudlockctl", "bind", other.instance)
        started = search.command("systemctl", "start", other.daemon)
        assert bound.code != 0 and started.code != 0, f"bad line {number} was taken"
        host.remove_file(other.config_path)


def crash(lock, unit, which):
    """Kill a unit's main process so that it would leave a core, and wait until it is another one, or none."""
    before = lock.host.show(unit, "MainPID")
    lock.host.kill(unit, which)
    wait_for(f"{unit} to have died", lambda: lock.host.show(unit, "MainPID") != before, 20)


def crash_command(lock, which):
    """cloudlockctl check, which has signed with the secret, waiting for the store; no daemon runs beside it."""
    front = lock.host.cluster.front
    late = front.fault("delay_before", host=lock.host, seconds=60)
    lock.host.run("bash", "-c", f"cd {CORES}; ulimit -c unlimited; cloudlockctl check {lock.instance} >>{CHECKED} 2>&1 &")
    wait_for("check to have asked the store", lambda: front.used(late), 20, 0.05)
    pid, = [pid for pid in lock.host.group.pids() if read_all(f"/proc/{pid}/comm").strip() == b"cloudlockctl"]
    os.kill(pid, which)
    wait_for("cloudlockctl to have died", lambda: not os.path.exists(f"/proc/{pid}"), 10, 0.05)
    front.clear(late)


def leave_a_core(host):
    """A program that does not mind leaves a core in the same place: had ours left one, it would be found."""
    canary = Canary("control", 2)
    host.run("bash", "-c", f"cd {CORES} && ulimit -c unlimited && read -r secret && kill -SEGV $$", check=False,
             stdin=canary.text + "\n")
    assert any(canary.is_in(read_all(path)) for path in files_below(host.path(CORES))), "no core was found at all"


def prepare(cluster):
    """A host that asks for cores and spies on its bus; what is looked for."""
    secret, token = Canary("secret", 2), Canary("token", 8)
    host, = boot_all([cluster.add_host()])
    host.run("install", "-d", "-m", "0777", CORES)
    for unit in ("cloudlock@", "cloudlock-guard@"):
        host.put_file(f"/etc/systemd/system/{unit}.service.d/cores.conf", ASKS_FOR_CORES)
    host.run("systemd-run", "--unit=spy", f"--property=StandardOutput=file:{SPIED}", "busctl", "monitor",
             "--json=short")
    cluster.front.set_keys({KEY: {"secret": secret.text, "token": token.text}})
    lock = Lock(host)
    lock.leave_released_record()
    return lock, secret, token, Search(host, [secret, token])


def provoke_errors(lock, secret, token, search):
    """Errors that hold the request, and keys that are refused."""
    front = lock.host.cluster.front
    echo = front.fault("echo", host=lock.host)
    wait_for("errors with the request in them", lambda: front.used(echo) >= 2, 20)
    assert "have no right to" in wait_for("the error to be shown", lambda: lock.property("StoreError"), 10)
    look_around(lock, search)
    front.clear(echo)
    front.set_keys({KEY: {"secret": "another", "token": token.text}})
    wait_for("a refused signature", lambda: "does not belong to the key" in lock.property("StoreError"), 20)
    front.set_keys({KEY: {"secret": secret.text, "token": token.text}})
    lock.wait_renewal()


def test_secrets_stay_inside(cluster):
    lock, secret, token, search = prepare(cluster)
    lock.set_up(aws_secret=secret.text, aws_session_token=token.text)
    lock.start()
    lock.wait_running()
    look_around(lock, search)
    provoke_errors(lock, secret, token, search)
    refuse_configurations(lock, search, secret.text)

    for which in (signal.SIGABRT, signal.SIGSEGV):
        crash(lock, lock.daemon, which)
        lock.wait_state("running")
    crash(lock, lock.guard, signal.SIGSEGV)
    lock.wait_state("standing-down")
    lock.host.systemctl("restart", lock.daemon)
    lock.wait_running()
    crash(lock, lock.guard, signal.SIGABRT)
    lock.host.wait_unit(lock.guard, "failed")
    lock.host.systemctl("stop", lock.daemon)
    for which in (signal.SIGABRT, signal.SIGSEGV):
        crash_command(lock, which)
    look_at_rest(cluster, lock, search)


def test_secrets_of_the_credential_store_stay_inside(cluster):
    """Secret and token lie encrypted in systemd's store, and nowhere else."""
    lock, secret, token, search = prepare(cluster)
    host = lock.host
    host.run("mkdir", "-m", "0700", "-p", "/etc/credstore", "/etc/credstore.encrypted")
    host.put_file(f"/etc/credstore/cloudlock.{lock.instance}.aws_key_id", KEY, 0o600)
    for name, canary in (("aws_secret", secret), ("aws_session_token", token)):
        host.run("systemd-creds", "encrypt", "--with-key=host", f"--name={name}", "-",
                 f"/etc/credstore.encrypted/cloudlock.{lock.instance}.{name}", stdin=canary.text)
    lock.set_up(aws_key_id=None, aws_secret=None)
    lock.start()
    lock.wait_running()
    provoke_errors(lock, secret, token, search)
    crash(lock, lock.daemon, signal.SIGABRT)
    lock.wait_state("running")
    search.command("cloudlockctl", "check", lock.instance)
    host.systemctl("stop", lock.daemon)
    for which in (signal.SIGABRT, signal.SIGKILL):
        crash_command(lock, which)
    look_at_rest(cluster, lock, search)


def look_at_rest(cluster, lock, search):
    """What is left when all is over."""
    search.processes()
    search.command("systemctl", "show", "--all", "*")
    search.journal()
    assert len(lock.host.read_file(SPIED)) > 10_000, "the bus was not watched"
    search.files(lock.config_path, "/run/credentials")
    cluster.note(f"{search.seen / 1e6:.0f} MB looked through")
    cluster.expected_refusals = cluster.front.counts()["refused"]
    search.check()
    assert not [name for name in os.listdir(lock.host.path(CORES)) if name.startswith("core")], "a core was left"
    leave_a_core(lock.host)
