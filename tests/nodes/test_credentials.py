# SPDX-License-Identifier: LGPL-2.1-or-later
"""Configuration and keys from elsewhere than /etc/cloudlock, through the real units and their sandbox."""

import contextlib
import os
import subprocess
import sys

from rig import pages
from rig.cluster import KEY, SECRET
from rig.host import boot_all
from rig.product import Lock
from rig.rootfs import HERE
from rig.system import read, wait_for

STUBS = f"{os.path.dirname(HERE)}/unit/credential_stubs.py"
STUB_SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"  # credential_stubs.SECRET
# Fetched anew after a half of it.
LIFE_S = 8

# What a command that fetches keys does besides: it has a cache below its home, temporary files, children, threads and
# connections, and reads what the user cloudlock may.
COMMAND = f"""#!/usr/bin/python3
import json, os, socket, subprocess, sys, tempfile, threading
cache = os.path.expanduser("~/.aws/cli/cache")
os.makedirs(cache, exist_ok=True)
with tempfile.NamedTemporaryFile("w", dir=cache) as file:
    print("x", file=file)
with tempfile.NamedTemporaryFile("w") as file:
    print("x", file=file)
vault = []
thread = threading.Thread(target=lambda: vault.append(
    subprocess.run(["/usr/bin/cat", sys.argv[1]], capture_output=True, text=True, check=True).stdout.strip()))
thread.start()
thread.join()
host, port = sys.argv[2].rsplit(":", 1)
socket.create_connection((host.removeprefix("https://"), int(port)), 5).close()
print(json.dumps({{"Version": 1, "AccessKeyId": "{KEY}", "SecretAccessKey": vault[0]}}))
"""


def test_keys_from_the_credential_store(cluster):
    """The secret lies encrypted in /etc/credstore.encrypted, the key as it is in /etc/credstore; no drop-in is needed."""
    host, = boot_all([cluster.add_host()])
    lock = Lock(host).set_up(aws_key_id=None, aws_secret=None)
    lock.leave_released_record()
    for command in pages.commands("cloudlock-aws.7", "# install -d -m 0700 /etc/credstore"):
        command = command.replace("validator", lock.instance).replace("AKIAIOSFODNN7EXAMPLE", KEY)
        host.run("sh", "-euc", command, stdin=SECRET)
    lock.wait_running()


def load_configuration(lock, line):
    """By a drop-in of both units."""
    for unit in (lock.daemon, lock.guard):
        lock.host.put_file(f"/etc/systemd/system/{unit}.d/config.conf", f"[Service]\n{line}\n")
    lock.host.systemctl("daemon-reload")


def check_leads_without_file(lock, path, said):
    """Binds and leads; `path` is where the configuration is, and what check says of it."""
    host = lock.host
    lock.bind()
    lock.start()
    lock.wait_running()
    assert host.run("ls", "-A", "/etc/cloudlock").strip() == ""
    checked = host.run("cloudlockctl", "check", lock.instance)
    assert any(f" {path}, " in line and said in line for line in checked.splitlines()), checked
    host.systemctl("stop", lock.daemon)


def test_configuration_from_a_credential(cluster):
    """It lies elsewhere, and then encrypted; in /etc/cloudlock there is nothing."""
    host, = boot_all([cluster.add_host()])
    lock = Lock(host)
    lock.configure()
    text = host.read_file(lock.config_path)
    host.remove_file(lock.config_path)
    lock.write_target()
    lock.leave_released_record()

    elsewhere = "/srv/locks/first"
    host.put_file(elsewhere, text, 0o600)
    load_configuration(lock, f"LoadCredential=config:{elsewhere}")
    check_leads_without_file(lock, elsewhere, "mode 0600")

    host.remove_file(elsewhere)
    host.run("mkdir", "-m", "0700", "-p", "/etc/credstore.encrypted")
    encrypted = f"/etc/credstore.encrypted/cloudlock.{lock.instance}.config"
    host.put_file("/root/demo.conf", text, 0o600)
    command, = pages.commands("cloudlock.conf.5", "# systemd-creds encrypt --name=config")
    host.run("sh", "-euc", f"cd /root; {command}".replace("validator", lock.instance))
    drop_in = pages.example("cloudlock.conf.5", "[Service]\nLoadCredentialEncrypted=")
    load_configuration(lock, drop_in.splitlines()[1].replace("validator", lock.instance))
    assert SECRET not in host.read_file(encrypted)
    check_leads_without_file(lock, encrypted, "encrypted")


@contextlib.contextmanager
def metadata_service(host, log):
    """IMDS at its own address, as an instance has it: in the host's network, and not on the host."""
    network = host.cluster.network
    network.give_address(host.number, "169.254.169.254/32")
    with open(log, "wb") as output, subprocess.Popen(
            network.inside_host(host.number, sys.executable, STUBS, LIFE_S), stdout=output) as stub:
        try:
            yield
        finally:
            stub.terminate()


def test_keys_in_the_sandbox(cluster):
    """A command that prints keys, and then the role of the instance, both within the sandbox of cloudlock@.service."""
    host, = boot_all([cluster.add_host()])
    command, profiles, vault = "/usr/local/bin/fetch-keys", "/etc/cloudlock/aws.config", "/etc/cloudlock/vault"
    lock = Lock(host).set_up(aws_key_id=None, aws_secret=None)
    host.put_file(command, COMMAND, 0o755)
    host.put_file(vault, SECRET + "\n", 0o600)
    host.run("chown", "cloudlock", vault)
    host.put_file(profiles, "[profile lock]\n"
                  f"credential_process = env HOME=/tmp {command} {vault} {cluster.endpoint}\n")
    drop_in = f"/etc/systemd/system/{lock.daemon}.d/keys.conf"
    host.put_file(drop_in, f"[Service]\nEnvironment=AWS_CONFIG_FILE={profiles} AWS_PROFILE=lock\n")
    host.systemctl("daemon-reload")
    lock.leave_released_record()
    lock.start()
    lock.wait_running()
    before = lock.identity()

    host.remove_file(drop_in)
    host.systemctl("daemon-reload")
    keys = {f"ASIA{n}": {"secret": STUB_SECRET, "token": f"token{n}"} for n in range(1, 100)}
    cluster.front.set_keys({KEY: {"secret": SECRET, "token": None}, **keys})  # a renewal may come before the restart
    log = f"{cluster.folder}/metadata.log"
    with metadata_service(host, log):
        host.systemctl("restart", lock.daemon)
        lock.wait_state("running")
        lock.wait_renewal()
        checked = host.run("cloudlockctl", "check", lock.instance)
        assert "the instance's role validator (IMDS)" in checked, checked
        # Check took keys of its own, and so need not be the only one that fetched some.
        taken = len(read(log).split())
        wait_for("keys to be fetched anew", lambda: len(read(log).split()) > taken, 2 * LIFE_S)
        lock.wait_renewal()
        cluster.front.set_keys({f"ASIA{n}": keys[f"ASIA{n}"] for n in range(taken + 1, 100)})
        lock.wait_renewal()
    assert lock.identity() == before
