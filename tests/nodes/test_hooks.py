# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hooks: told of what happens to the lock, and without any power over it. Those that do no wrong are cloudlock-hooks(7)'s."""

import threading

from rig import pages
from rig.host import boot_all
from rig.product import Lock, beats, check_taken_at_once, lead_and_follow
from rig.system import wait_for

UNIT = "/etc/systemd/system"
EVENTS = "/root/events"
SLEEP = "/bin/sleep infinity"
ROUNDS = 3


def acquired(lock):
    return f"cloudlock-acquired@{lock.instance}.target"


def lost(lock):
    return f"cloudlock-lost@{lock.instance}.target"


def hook(lock, name, target, service, unit=""):
    """Hang a service on one of the two targets."""
    lock.host.put_file(f"{UNIT}/{name}.service",
                       f"[Unit]\nAfter={target}\n{unit}\n[Service]\n{service}\n[Install]\nWantedBy={target}\n")
    lock.host.systemctl("enable", name)


def put_hooks_of_the_page(lock):
    """Everything that the manual shows; what its hooks run leaves a line a start."""
    shown = pages.files("cloudlock-hooks.7")
    assert {path.rpartition("/")[2] for path in shown} == {"tell-acquired@.service", "exporter@.service", "failed.conf"}
    shown[f"{UNIT}/tell-lost@.service"] = shown[f"{UNIT}/tell-acquired@.service"].replace("-acquired@", "-lost@").replace(
        "%H holds", "%H lost")
    shown[f"{UNIT}/tell-failed@.service"] = "[Service]\nType=oneshot\nExecStart=/usr/local/bin/tell failed\n"
    for path, text in shown.items():
        lock.host.put_file(path, text)
    lock.host.put_file("/usr/local/bin/tell", f"#!/bin/sh\necho $1 >>{EVENTS}\n", 0o755)
    lock.host.put_file("/usr/local/bin/exporter", f"#!/bin/sh\nexec {SLEEP}\n", 0o755)
    command, = pages.commands("cloudlock-hooks.7", "# systemctl enable tell-acquired@")
    for name in ("tell-acquired", "tell-lost", "exporter"):
        lock.host.run(*command.replace("validator", lock.instance).replace("tell-acquired", name).split())


def told(lock):
    """What the two hooks are to say of each change."""
    return [f"{lock.host.name} {what} {lock.instance}" for what in ("holds", "lost")]


def events(lock):
    return lock.host.read_file(EVENTS).splitlines() if lock.host.has_file(EVENTS) else []


def put_bad_hooks(lock):
    """Everything that a hook can do wrong by itself."""
    hook(lock, "hangs-in-start", acquired(lock), f"Type=oneshot\nExecStart={SLEEP}\nTimeoutStartSec=infinity")
    hook(lock, "fails", acquired(lock), "Type=oneshot\nExecStart=/bin/false")
    hook(lock, "hangs-in-stop", acquired(lock), f"ExecStart={SLEEP}\nExecStop={SLEEP}\nTimeoutStopSec=infinity",
         f"BindsTo={acquired(lock)}")
    hook(lock, "hangs-when-lost", lost(lock), f"Type=oneshot\nExecStart={SLEEP}\nTimeoutStartSec=infinity")
    for target in (acquired(lock), lost(lock)):
        lock.host.put_file(f"{UNIT}/{target}.d/missing.conf", "[Unit]\nWants=missing.service\n")
    lock.host.systemctl("daemon-reload")


def put_hooks_against_the_target(lock):
    """What a hook can do wrong by naming the target: one that is against it, one that wants it where the lock is not held.
    systemd refuses all hooks of a loss when one of them wants what is still being stopped."""
    hook(lock, "conflicts", acquired(lock), "Type=oneshot\nExecStart=/bin/true", f"Conflicts={lock.target}")
    hook(lock, "wants-the-target", lost(lock), "Type=oneshot\nExecStart=/bin/true",
         f"Requires={lock.target}\nAfter={lock.target}")


def check_hangs(lock, starting, stopping):
    """The hooks hang at this moment, so that what has happened did not wait for them."""
    for name in starting:
        assert lock.host.state(name) == "activating", f"{name} does not hang in its start"
    for name in stopping:
        assert lock.host.state(name) == "deactivating", f"{name} does not hang in its stop"


def wait_release(lock, since):
    return wait_for(f"{lock.host.name} to release",
                    lambda: [one for one in lock.writes(since) if one.written.get("expire_time") == 0])[-1]


def test_hooks_delay_nothing(cluster):
    """Hooks that hang, fail, are missing, ask for the target or are against it: the target's start and end, the release,
    the takeover and the next acquisition have happened while they hang."""
    one, other = (Lock(host).set_up() for host in boot_all([cluster.add_host(), cluster.add_host()]))
    put_bad_hooks(one)
    put_hooks_against_the_target(other)
    lead_and_follow(one, other)
    one.host.wait_unit("fails", "failed")
    one.host.wait_unit("hangs-in-stop")
    check_hangs(one, ("hangs-in-start",), ())
    assert one.host.state(acquired(one)) == "active"
    one.host.systemctl("stop", one.daemon)
    assert not one.is_target_active() and one.host.state(one.guard) == "inactive"
    release = one.writes()[-1]
    assert release.written.get("expire_time") == 0, release.written
    one.host.wait_unit("hangs-when-lost", "activating")
    one.host.wait_unit("hangs-in-stop", "deactivating")
    assert one.host.state(lost(one)) == "active"
    check_taken_at_once(other, release)
    # Its own hook has the target stopped: that is the target's end, and the lock is given up for it.
    since = wait_release(other, release.n).n
    check_hangs(one, ("hangs-in-start", "hangs-when-lost"), ("hangs-in-stop",))
    assert not one.is_target_active(), "a hook has started the target"
    before = beats(one.host)
    one.start()
    wait_for(f"{one.host.name} to take the lock again", lambda: one.writes(since))
    one.wait_state("running")
    wait_for("beats of the second run", lambda: beats(one.host) > before)
    check_hangs(one, ("hangs-in-start", "hangs-when-lost"), ("hangs-in-stop",))
    since = cluster.front.last_number()
    one.host.kill(one.guard)
    wait_release(one, since)
    one.host.wait_unit(lost(one))
    check_hangs(one, ("hangs-in-start", "hangs-when-lost"), ("hangs-in-stop",))
    assert not one.is_target_active()
    # The guard that it asked for may have refused just before: that is "failed".
    assert not other.is_target_active() and other.host.state(other.guard) in ("inactive", "failed"), \
        "a hook has started the target"
    cluster.verdict().check([one.host])


def reload_until(lock, ended):
    while not ended.is_set():
        lock.host.systemctl("daemon-reload", check=False)


def check_rounds(lock):
    """Acquired and released again and again, at once, in a storm of reloads: each change is told, once."""
    holds, lost_it = told(lock)
    ended = threading.Event()
    storm = threading.Thread(target=reload_until, args=(lock, ended))
    storm.start()
    try:
        for count in range(1, ROUNDS + 1):
            lock.start()
            lock.wait_state("running")
            wait_for("the hook of the acquisition", lambda count=count: events(lock).count(holds) == count)
            lock.host.wait_unit(f"exporter@{lock.instance}")
            lock.host.systemctl("stop", lock.daemon)
    finally:
        ended.set()
        storm.join()
    wait_for("the last hook of a loss", lambda: events(lock).count(lost_it) == ROUNDS)
    assert events(lock) == [holds, lost_it] * ROUNDS, events(lock)
    lock.host.wait_unit(f"exporter@{lock.instance}", "inactive")


def test_hooks_follow_the_lock(cluster):
    """Each change is told once; nothing is told where the lock is not held; OnFailure= of the daemon."""
    host, = boot_all([cluster.add_host()])
    lock = Lock(host).set_up()
    put_hooks_of_the_page(lock)
    exporter = f"exporter@{lock.instance}"
    for unit in (f"cloudlock-hooks@{lock.instance}.service", acquired(lock)):
        host.systemctl("start", unit)
        assert host.state(unit) == "inactive", f"{unit} starts where the lock is not held"
    assert host.state(exporter) == "inactive", "a bound hook runs where the lock is not held"
    assert host.systemctl("start", lock.target, check=False).code != 0, "the target starts where the lock is not held"
    # check_rounds() counts what the hooks were told.
    assert [host.state(unit) for unit in (lock.guard, lost(lock))] == ["inactive", "inactive"], "a loss of what was not held"
    host.run("rm", "-f", EVENTS)  # of the hook that is not bound, when it was started by hand
    lock.leave_released_record()
    check_rounds(lock)
    lock.start()
    lock.wait_running()
    host.wait_unit(exporter)
    host.kill(lock.guard)
    wait_for("the hook of the guard's death", lambda: events(lock).count(told(lock)[1]) == ROUNDS + 1)
    host.wait_unit(exporter, "inactive")
    host.put_file(lock.config_path, "cloudlock_nonsense=1\n", 0o600)
    assert "failed" not in events(lock), "OnFailure= was triggered without a failure of cloudlockd"
    host.systemctl("restart", lock.daemon, check=False)
    wait_for("OnFailure= of cloudlock@.service", lambda: "failed" in events(lock))
