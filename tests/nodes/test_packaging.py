"""What systemd and D-Bus think of what was installed."""

from rig.host import boot_all
from rig.product import Lock

PROPERTIES = ("State", "Label", "MyId", "Holder", "SinceUSec", "ExpiresUSec", "LastRenewalUSec", "ClockSkewUSec",
              "Fence", "Targets", "Next", "NextUSec", "StatusText")


def one_host(cluster):
    host, = boot_all([cluster.add_host()])
    return Lock(host).set_up()


def test_systemd_analyze_verify(cluster):
    lock = one_host(cluster)
    units = (lock.daemon, f"cloudlock@{lock.instance}.socket", lock.guard, lock.target)
    output = lock.host.run("systemd-analyze", "verify", *units, check=False)
    said = (output + output.stderr).strip()
    assert output.code == 0 and not said, said


def test_accounts_and_folders_made_at_boot(cluster):
    lock = one_host(cluster)
    assert lock.host.run("id", "-un", "cloudlock").strip() == "cloudlock"
    assert lock.host.run("stat", "-c", "%U %a", "/run/cloudlock").strip() == "cloudlock 755"


def test_introspect_without_privileges(cluster):
    lock = one_host(cluster)
    lock.start()
    lock.wait_state("acquiring", "waiting", "starting", "running")
    shown = lock.host.run("busctl", "introspect", f"org.cloudlock1.{lock.instance}",
                          f"/org/cloudlock1/lock/{lock.instance}", user="nobody")
    for name in PROPERTIES:
        assert f".{name} " in shown, f"busctl introspect shows no {name} to nobody:\n{shown}"


def test_programs_say_what_they_are(cluster):
    host, = boot_all([cluster.add_host()])
    for program in ("cloudlockctl", "/usr/libexec/cloudlock/cloudlockd", "/usr/libexec/cloudlock/cloudlock-guard"):
        assert host.run(program, "--help").strip(), f"{program} --help says nothing"
        assert any(part.isdigit() for part in host.run(program, "--version")), f"{program} --version has no number"
