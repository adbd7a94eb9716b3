# SPDX-License-Identifier: LGPL-2.1-or-later
"""What operators ask for, by cloudlockctl, by D-Bus and by the control socket: who may, and what comes of it."""

import json
import re
import shlex
import shutil
import signal
import time

from rig import pages
from rig.host import SHARED
from rig.product import LEASE_S, RENEW_S, Lock, pair, wait_beats
from rig.system import Skip, run, wait_for, write

USER = "nobody"
# An administrator by polkit's rules, who exists in the tests' hosts alone.
ADMIN, PASSWORD = "amy", "only in a test"
INTERFACE = "org.cloudlock1.Lock"
CHANGES = (("Release", 0), ("Handover", ""), ("Pause",), ("Resume",), ("Keep",), ("Unkeep",), ("Renew",),
           ("ForceUnlock", "x", "y"))
PARAMETERS = {"Release": ("forUSec",), "Handover": ("to",), "ForceUnlock": ("holder", "version")}
ASK = ("org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", f"{INTERFACE}.InteractiveAuthenticationRequired")
DENIED = ("org.freedesktop.DBus.Error.AccessDenied", "org.varlink.service.PermissionDenied")
NO_END = 2 ** 64 - 1
# src/control/authority.c
ANSWER_S_MAX = 10
RESTARTS = 7  # in much less than 10 s

RULE = """polkit.addRule(function(action, subject) {
    if (action.id == "org.cloudlock1.manage" && subject.user == "%s" &&
        action.lookup("instance") == "demo" && action.lookup("verb") == "pause")
        return polkit.Result.YES;
});
"""

# Each prints one line for each call: the error's name, or what came back.
BUS_CLIENT = """
import dbus, json, sys
name, path, interface, calls = sys.argv[1:]
lock = dbus.Interface(dbus.SystemBus().get_object(name, path), interface)
for method, *arguments in json.loads(calls):
    try:
        print(json.dumps(["", lock.get_dbus_method(method)(*arguments, timeout=90)]))
    except dbus.DBusException as error:
        print(json.dumps([error.get_dbus_name(), error.get_dbus_message()]))
"""
SOCKET_CLIENT = """
import json, socket, sys
path, calls = sys.argv[1:]
peer = socket.socket(socket.AF_UNIX)
peer.settimeout(90)
peer.connect(path)
for call in json.loads(calls):
    peer.sendall(json.dumps(call).encode() + b"\\0")
    answer = b""
    while not answer.endswith(b"\\0"):
        more = peer.recv(65536)
        if not more:
            sys.exit("closed")
        answer += more
    answer = json.loads(answer[:-1])
    print(json.dumps([answer.get("error", ""), answer.get("parameters")]))
"""
# A person at a terminal: is asked for a password, and types it once nobody sees it any more.
TERMINAL_CLIENT = """
import json, os, pty, sys, termios, time
password, *command = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
said = b""
try:
    while not said.endswith(b"Password: "):
        said += os.read(terminal, 4096)
    while termios.tcgetattr(terminal)[3] & termios.ECHO:
        time.sleep(0.01)
    os.write(terminal, password.encode() + b"\\n")
    while True:
        said += os.read(terminal, 4096)
except OSError:
    pass  # nobody has the terminal open any more
print(json.dumps([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said.decode()]))
"""


def by_bus(lock, *calls, user=None):
    """The error's name ("": none) and what came with it, of each call."""
    output = lock.host.run("/usr/bin/python3", "-c", BUS_CLIENT, f"org.cloudlock1.{lock.instance}",
                           f"/org/cloudlock1/lock/{lock.instance}", INTERFACE, json.dumps(calls), user=user)
    return [json.loads(line) for line in output.splitlines()]


def by_socket(lock, *calls, user=None):
    messages = [{"method": f"{INTERFACE}.{method}", "parameters": dict(zip(PARAMETERS.get(method, ()), arguments))}
                for method, *arguments in calls]
    output = lock.host.run("/usr/bin/python3", "-c", SOCKET_CLIENT, f"/run/cloudlock/{lock.instance}/control",
                           json.dumps(messages), user=user)
    return [json.loads(line) for line in output.splitlines()]


def errors(answers):
    return [error for error, _ in answers]


def ask(lock, *call):
    """As root, by the socket; the error's name without its prefix, or ""."""
    return by_socket(lock, call)[0][0].rpartition(".")[2]


def order(lock, verb, *options, refused=False):
    """As root, by cloudlockctl, which follows it to its end; what it said of it last."""
    done = lock.host.run("cloudlockctl", verb, lock.instance, *options, check=False)
    assert done.code == int(refused) and not done, (done.code, done, done.stderr)
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"{lock.instance}: "), done.stderr
    return last.removeprefix(f"{lock.instance}: ")


def at_terminal(lock, password, *command):
    """As an administrator who is asked for a password."""
    code, said = json.loads(lock.host.run("/usr/bin/python3", "-c", TERMINAL_CLIENT, password, *command, user=ADMIN))
    assert "Authentication is required to operate the lock demo (pause)." in said and "Password: " in said, said
    assert PASSWORD not in said, said
    return code, said


def status(lock):
    return by_socket(lock, ("Status",))[0][1]


def running(host):
    """An instance that holds its lock."""
    lock = Lock(host).set_up()
    lock.leave_released_record()
    lock.start()
    lock.wait_running()
    return lock


def standby(host, instance="demo"):
    """An instance whose lock another host holds."""
    lock = Lock(host, instance).set_up()
    lock.leave_released_record()
    record = host.cluster.front.get(lock.instance)
    host.cluster.front.put({**record, "expire_time": round(time.time() * 1000) + 3600_000, "lease_ms": 1800_000})
    lock.start()
    lock.wait_state("standby")
    return lock


def check_refused(lock, names):
    assert errors(by_bus(lock, *CHANGES, user=USER)) == len(CHANGES) * [names[0]], "by D-Bus"
    assert errors(by_socket(lock, *CHANGES, user=USER)) == len(CHANGES) * [names[1]], "by the socket"
    shown = status(lock)
    assert not shown["paused"] and not shown["kept"], shown


def check_readable(lock):
    for ways in (by_bus, by_socket):
        history, metrics = ways(lock, ("History",), ("Metrics",), user=USER)
        assert not history[0] and "before#00000000" in str(history[1]), history
        assert not metrics[0] and "# EOF" in str(metrics[1]), metrics


def check_root(lock, ways):
    """What the lock refuses, root is told so; the rest is done."""
    found = ways(lock, ("Pause",), ("Renew",), ("Resume",), ("Resume",), ("ForceUnlock", "x", "y"))
    names = [error.rpartition(".")[2] for error in errors(found)]
    assert names == ["", "NotHeld", "", "NotStandingDown", "OtherRecord"], found


def add_admin(host):
    """The only administrator there is, and what polkit's package would set up: Debian 13's hosts have packages that were
    never configured, and no useradd(8)."""
    digest = run("openssl", "passwd", "-6", "-stdin", stdin=f"{PASSWORD}\n").strip()
    groups = re.sub("^sudo:.*", f"sudo:x:27:{ADMIN}", host.read_file("/etc/group"), flags=re.M)
    shadow = host.read_file("/etc/shadow") if host.has_file("/etc/shadow") else ""
    host.put_file("/etc/group", groups)
    host.put_file("/etc/passwd", host.read_file("/etc/passwd") + f"{ADMIN}:x:4242:4242::/:/bin/sh\n")
    host.put_file("/etc/shadow", f"{shadow}{ADMIN}:{digest}:20000::::::\n", 0o600)
    for name in ("polkit-1", "other"):  # PAM reads both
        host.put_file(f"/etc/pam.d/{name}", "auth required pam_unix.so\naccount required pam_unix.so\n")
    host.run("chmod", "u+s", "/usr/lib/polkit-1/polkit-agent-helper-1")


def check_password(lock):
    """polkit asks at the terminal; without one it is over at once."""
    host, command = lock.host, ("cloudlockctl", "pause", lock.instance)
    add_admin(host)
    refused = host.run(*command, user=ADMIN, check=False)
    assert refused.code == 1 and "You are not allowed to pause this lock" in refused.stderr, refused.stderr
    code, said = at_terminal(lock, "another", *command)
    assert code == 1 and "AUTHENTICATION FAILED" in said and "You are not allowed to pause this lock" in said, said
    assert not status(lock)["paused"]
    code, said = at_terminal(lock, PASSWORD, *command)
    assert code == 0 and "AUTHENTICATION COMPLETE" in said and "demo: Paused: this host stays standby" in said, said
    assert order(lock, "resume") == "Resumed: this host takes the lock again when it may."


def test_who_may(cluster):
    """Everybody reads; what changes something is for root, for whom polkit lets, and for who knows the password."""
    host = cluster.add_host().boot()
    demo, other = standby(host), standby(host, "other")
    check_readable(demo)
    check_refused(demo, ASK)
    check_root(demo, by_bus)
    check_root(demo, by_socket)
    check_password(demo)
    host.put_file("/etc/polkit-1/rules.d/50-test.rules", RULE % USER)
    host.systemctl("restart", "polkit.service")
    for ways, names in ((by_bus, ASK[0]), (by_socket, ASK[1])):
        assert errors(ways(demo, ("Pause",), ("Resume",), user=USER)) == ["", names]
        assert errors(ways(other, ("Pause",), user=USER)) == [names]
        assert ask(demo, "Resume") == ""
    host.systemctl("mask", "--runtime", "polkit.service")
    host.systemctl("stop", "polkit.service")
    check_refused(demo, DENIED)
    check_root(demo, by_bus)
    host.systemctl("stop", "dbus.socket", "dbus.service", check=False)
    wait_for("only the socket to work", lambda: errors(by_socket(demo, ("Pause",), user=USER)) == [DENIED[1]])
    check_root(demo, by_socket)


def test_polkit_hangs(cluster):
    """Who asks is told so in the end; the lock is renewed all the while."""
    host = cluster.add_host().boot()
    lock = running(host)
    wait_beats(lock)
    assert errors(by_bus(lock, ("Pause",), user=USER)) == [ASK[0]], "polkit does not run"
    host.kill("polkit.service", signal.SIGSTOP)
    since, began = cluster.front.last_number(), time.monotonic()
    for ways, names in ((by_bus, DENIED), (by_socket, DENIED)):
        assert errors(ways(lock, ("Release", 0), user=USER)) == [names[ways is by_socket]]
    took = time.monotonic() - began
    assert took >= 2 * ANSWER_S_MAX - 1, f"polkit was stopped, and yet answered after {took:.1f} s"
    times = [one.applied_mono_ns / 1e9 for one in lock.writes(since)]
    pauses = [after - before for before, after in zip(times, times[1:])]
    assert len(times) >= 4 and max(pauses) < LEASE_S / 2, pauses
    cluster.note(f"both were told after {took:.0f} s; renewals at most {max(pauses):.1f} s apart, of {RENEW_S}")
    cluster.verdict().check([host])


def test_release_pause_resume(cluster):
    """A release gives the lock away; a pause survives daemon and host."""
    one, other = pair(cluster)
    assert order(one, "pause", refused=True) == "This host holds the lock, or may do so: release it first"
    assert order(other, "release", refused=True) == "This host does not hold the lock"
    assert order(one, "renew").startswith("Renewed; it expires at ")
    assert order(one, "release", "--for=infinity").startswith("Released; ")
    other.wait_running()
    wait_beats(other)
    one.wait_state("standing-down")
    assert "standDownUntil" not in status(one)
    assert order(one, "resume").startswith("Resumed: ") and order(one, "pause").startswith("Paused: ")
    paused = "Paused: this host does not take the lock"
    assert paused not in one.host.journal("-u", one.daemon), "said twice: it is the state's reason"
    one.host.systemctl("restart", one.daemon)
    one.wait_state("standing-down")
    assert paused in one.host.journal("-u", one.daemon)
    one.host.shut_down()
    one.host.boot()
    one.start()
    one.wait_state("standing-down")
    assert status(one)["paused"] and one.property("Paused") is True
    assert ask(other, "Release", NO_END) == ""
    other.wait_state("standing-down")
    one.wait_polls(2)
    assert not one.is_target_active(), "a paused host took the lock"
    changes = by_bus(one, ("History",))[0][1]
    assert [change[4] for change in changes[-3:]] == ["released", "released", "released"], changes
    assert changes[-2][1].startswith("node1#") and changes[-1][1].startswith("node2#"), changes
    assert order(one, "resume").startswith("Resumed: ")
    one.wait_running()
    wait_for("the history on disk", lambda: "acquired" in one.host.read_file("/var/lib/cloudlock/demo/history"))
    cluster.verdict().check([one.host, other.host])


def test_handover_and_force_unlock(cluster):
    """The successor takes the lock at once; a record is deleted as it was shown, and the next start waits for the lease."""
    one, other = pair(cluster)
    assert order(one, "handover", "--to=node1", refused=True) == "This host holds the lock already: name another one"
    assert re.fullmatch("Handed over; node2#[0-9a-f]{8} holds it.", order(one, "handover", "--to=node2"))
    other.wait_running()
    one.wait_state("standby")
    wait_beats(other)
    other.host.cut()
    other.host.power_off()
    one.wait_polls(2)  # which show the last version that it wrote
    shown = status(one)
    assert shown["holder"].startswith("node2#"), shown
    assert ask(one, "ForceUnlock", shown["holder"], "another") == "OtherRecord"
    since = cluster.front.last_number()
    asked = one.host.run("cloudlockctl", "force-unlock", one.instance, check=False)
    assert asked.code == 1 and asked.stderr.endswith(f"force-unlock demo --holder='{shown['holder']}'\n"), asked.stderr
    assert not one.writes(since), "it was deleted without being told to"
    assert order(one, "force-unlock", f"--holder={shown['holder']}") == "Unlocked: the record is deleted."
    one.wait_running()
    deleted, created = one.writes(since)[:2]
    assert deleted.op == "DeleteItem" and created.op == "UpdateItem", (deleted, created)
    first = cluster.verdict().of(one.host)[-1].first
    assert first - deleted.applied_mono_ns > LEASE_S * 1e9, "the target was started within the lease of the deleted record"
    changes = by_bus(one, ("History",))[0][1]
    assert [change[4] for change in changes[-3:]] == ["released", "deleted", "acquired"], changes
    cluster.verdict().check([one.host, other.host])


def test_socket_outlives_restarts(cluster):
    """Other units PID 1 starts five times within 10 s and no more; the daemon would run on without its socket."""
    lock = standby(cluster.add_host().boot())
    socket = f"cloudlock@{lock.instance}.socket"
    # PID 1 forgets how often it has started what nothing else names.
    lock.host.put_file("/etc/systemd/system/names-it.service",
                       f"[Unit]\nAfter={socket}\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n")
    lock.host.systemctl("start", "names-it.service")
    for _ in range(RESTARTS):
        lock.host.systemctl("stop", lock.daemon)
        lock.start()
    assert lock.host.state(socket) == "active"
    assert lock.host.run("cloudlockctl", "status", lock.instance)


def test_pause_that_cannot_be_kept(cluster):
    """It is refused, and nothing is changed."""
    lock = standby(cluster.add_host().boot())
    folder = f"/var/lib/cloudlock/{lock.instance}"
    lock.host.run("mount", "-o", "bind,ro", folder, folder)
    lock.host.run("nsenter", "-t", str(lock.host.main_pid(lock.daemon)), "-m", "--", "mount", "-o", "bind,ro",
                  folder, folder)
    error, answer = by_socket(lock, ("Pause",))[0]
    assert error == f"{INTERFACE}.Failed" and "Read-only" in answer["message"], (error, answer)
    assert not status(lock)["paused"] and lock.state() == "standby"


def test_keep(cluster):
    """While kept, the target's end is no failure, across a restart of the daemon; then it is one again."""
    host = cluster.add_host().boot()
    lock = running(host)
    assert order(lock, "unkeep", refused=True) == "Nothing keeps the lock: there is nothing to end"
    assert order(lock, "keep").startswith("Kept: ") and lock.property("Kept") is True
    host.systemctl("restart", lock.daemon)
    wait_for("the daemon to keep the lock", lambda: lock.state() == "running" and status(lock)["kept"])
    host.systemctl("stop", lock.target)
    lock.wait_renewal()
    lock.wait_renewal()
    assert lock.property("Held") is True, "the lock was given up"
    host.systemctl("start", lock.target)
    host.wait_unit(lock.target)
    assert order(lock, "unkeep") == "From now on the target's end is a failure again."
    assert not host.has_file("/run/cloudlock/demo/kept")
    host.systemctl("stop", lock.target)
    lock.wait_state("standing-down")


def test_bus_as_operators_use_it(cluster):
    """busctl and gdbus read it; a renewal is one signal, which carries no values."""
    host = cluster.add_host().boot()
    lock = running(host)
    name, path = f"org.cloudlock1.{lock.instance}", f"/org/cloudlock1/lock/{lock.instance}"
    shown = host.run("busctl", "introspect", name, path, INTERFACE)
    for line in (r"\.ForceUnlock +method +ss +- +-", r"\.History +method +- +a\(tssts\) +-",
                 r"\.KillAtUSec +property +t +\d+ +emits-invalidation", r"\.Paused +property +b +false +emits-change",
                 r"\.Version +property +s +\"[0-9a-f-]{36}\" +-"):
        assert re.search(line, shown), f"no {line} in\n{shown}"
    assert host.run("busctl", "call", name, path, INTERFACE, "Metrics").startswith('s "# TYPE cloudlock_build info')
    shown = host.run("gdbus", "call", "--system", "-d", name, "-o", path, "-m", f"{INTERFACE}.Renew")
    assert shown.strip() == "()", shown
    assert "ForceUnlock(in  s holder," in host.run("gdbus", "introspect", "--system", "-d", name, "-o", path)
    spied = f"{cluster.shared}/spied"
    write(spied, "")
    host.run("systemd-run", "--unit=spy", f"--property=StandardOutput=append:{SHARED}/spied", "busctl", "--json=short",
             "monitor", "--match", f"type='signal',path='{path}'")

    def signals():
        with open(spied, encoding="utf-8") as file:
            found = [json.loads(line) for line in file if line.startswith("{") and line.endswith("}\n")]
        return [one["payload"]["data"] for one in found if one["member"] == "PropertiesChanged"]

    wait_for("a first signal", signals)
    before, since = len(signals()), cluster.front.last_number()
    wait_for("five renewals", lambda: len(lock.writes(since)) >= 5)
    found, renewals = signals()[before:], len(lock.writes(since))
    assert renewals - 1 <= len(found) <= renewals + 1, f"{renewals} renewals, {len(found)} signals: {found}"
    for _, changed, invalidated in found:
        assert not changed and "StopAtUSec" in invalidated and "LastRenewalUSec" in invalidated, found
    assert ask(lock, "Keep") == ""
    wait_for("the signal of Keep", lambda: any(changed.get("Kept", {}).get("data") for _, changed, _ in signals()))


def test_varlinkctl(cluster):
    """systemd's own client introspects it and calls it."""
    host = cluster.add_host().boot()
    if not shutil.which("varlinkctl", path=host.path("/usr/bin")):
        raise Skip("the hosts' systemd has no varlinkctl")
    lock = standby(host)
    path = f"/run/cloudlock/{lock.instance}/control"
    assert "org.cloudlock1.Lock" in host.run("varlinkctl", "info", path)
    introspect, watch = (shlex.split(command.replace("validator", lock.instance))
                         for command in pages.commands("cloudlockd.8", "varlinkctl introspect"))
    assert "method ForceUnlock" in host.run(*introspect)
    shown = json.loads(host.run("varlinkctl", "call", "--json=short", path, f"{INTERFACE}.Status", "{}"))
    assert shown["state"] == "standby" and shown["instance"] == "demo", shown
    refused = host.run("varlinkctl", "call", path, f"{INTERFACE}.Renew", "{}", check=False)
    assert refused.code != 0 and "NotHeld" in refused.stderr, refused.stderr
    refused = host.run("varlinkctl", "call", path, f"{INTERFACE}.Pause", "{}", user=USER, check=False)
    assert refused.code != 0 and "InteractiveAuthenticationRequired" in refused.stderr, refused.stderr
    write(f"{cluster.shared}/watched", "")
    host.run("systemd-run", "--unit=watcher", f"--property=StandardOutput=append:{SHARED}/watched", watch[0], "--json=short",
             *watch[1:])

    def watched():
        with open(f"{cluster.shared}/watched", encoding="utf-8") as file:
            return [json.loads(line[line.index("{"):]) for line in file if "{" in line and line.endswith("}\n")]

    wait_for("the first answer", watched)
    host.run("varlinkctl", "call", path, f"{INTERFACE}.Pause", "{}")
    wait_for("the pause to be told", lambda: watched()[-1]["paused"])
    host.run("varlinkctl", "call", path, f"{INTERFACE}.Resume", "{}")
    wait_for("its end to be told", lambda: not watched()[-1]["paused"])
