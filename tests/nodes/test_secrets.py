# SPDX-License-Identifier: LGPL-2.1-or-later
"""The AWS secret and the session token, looked for wherever a host keeps or shows something."""

import json
import os
import signal

from rig.canary import Canary, files_below, read_all
from rig.cluster import KEY
from rig.host import boot_all
from rig.product import Lock
from rig.system import read, run, wait_for

CORES = "/var/cores"
SPIED = "/var/bus.log"
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


def crash_command(lock):
    """cloudlockctl with the configuration in its memory, waiting for a PID 1 that hangs."""
    lock.host.stop_pid1()
    try:
        run(*lock.host.group.child("exec").enter(
            "nsenter", f"--target={lock.host.leader}", "--mount", "--pid", "--", "bash", "-c",
            f"cd {CORES}; ulimit -c unlimited; cloudlockctl bind {lock.instance} >/dev/null 2>&1 &"))
        pid = wait_for("cloudlockctl to wait", lambda: waiting_command(lock), 10, 0.05)
        os.kill(pid, signal.SIGSEGV)
    finally:
        lock.host.cont_pid1()
    # PID 1 is who takes note of its end.
    wait_for("cloudlockctl to have died", lambda: not os.path.exists(f"/proc/{pid}"), 10, 0.05)


def waiting_command(lock):
    """A cloudlockctl that is asleep in a call to the bus: it has read the configuration before."""
    for pid in lock.host.group.pids():
        if read_all(f"/proc/{pid}/comm").strip() == b"cloudlockctl" and "poll" in read(f"/proc/{pid}/wchan"):
            return pid
    return None


def leave_a_core(host, canary):
    """A program that does not mind leaves a core in the same place: had ours left one, it would be found."""
    host.run("bash", "-c", f"cd {CORES} && ulimit -c unlimited && read -r secret && kill -SEGV $$", check=False,
             stdin=canary.text + "\n")
    assert any(canary.is_in(read_all(path)) for path in files_below(host.path(CORES))), "no core was found at all"


def test_secrets_stay_inside(cluster):
    secret, token, control = Canary("secret", 2), Canary("token", 8), Canary("control", 2)
    host, = boot_all([cluster.add_host()])
    search = Search(host, [secret, token])
    host.run("install", "-d", "-m", "0777", CORES)
    for unit in ("cloudlock@", "cloudlock-guard@"):
        host.put_file(f"/etc/systemd/system/{unit}.service.d/cores.conf", ASKS_FOR_CORES)
    host.run("systemd-run", "--unit=spy", f"--property=StandardOutput=file:{SPIED}", "busctl", "monitor",
             "--json=short")
    keys = {KEY: {"secret": secret.text, "token": token.text}}
    cluster.front.set_keys(keys)
    lock = Lock(host).set_up(aws_secret=secret.text, aws_session_token=token.text)
    lock.leave_released_record()
    lock.start()
    lock.wait_running()
    look_around(lock, search)

    # Errors that hold the request, and keys that are refused.
    echo = cluster.front.fault("echo", host=host)
    wait_for("errors with the request in them", lambda: cluster.front.used(echo) >= 2, 20)
    assert "have no right to" in wait_for("the error to be shown", lambda: lock.property("StoreError"), 10)
    look_around(lock, search)
    cluster.front.clear(echo)
    cluster.front.set_keys({KEY: {"secret": "another", "token": token.text}})
    wait_for("a refused signature", lambda: "does not belong to the key" in lock.property("StoreError"), 20)
    cluster.front.set_keys(keys)
    lock.wait_renewal()
    refuse_configurations(lock, search, secret.text)

    for which in (signal.SIGABRT, signal.SIGSEGV):
        crash(lock, lock.daemon, which)
        lock.wait_state("running")
    crash(lock, lock.guard, signal.SIGSEGV)
    lock.wait_state("standing-down")
    host.systemctl("restart", lock.daemon)
    lock.wait_running()
    crash(lock, lock.guard, signal.SIGABRT)
    lock.host.wait_unit(lock.guard, "failed")
    crash_command(lock)
    host.systemctl("stop", lock.daemon)
    look_at_rest(cluster, lock, search)
    leave_a_core(host, control)


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
