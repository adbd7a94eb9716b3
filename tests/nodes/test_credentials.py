# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keys that systemd hands to the daemon."""

from rig.cluster import KEY, SECRET
from rig.host import boot_all
from rig.product import Lock


def test_keys_from_the_credential_store(cluster):
    """The secret lies encrypted in /etc/credstore.encrypted, the key as it is in /etc/credstore; no drop-in is needed."""
    host, = boot_all([cluster.add_host()])
    lock = Lock(host).set_up(aws_key_id=None, aws_secret=None)
    host.run("mkdir", "-m", "0700", "-p", "/etc/credstore", "/etc/credstore.encrypted")
    host.put_file(f"/etc/credstore/cloudlock.{lock.instance}.aws_key_id", KEY + "\n", 0o600)
    host.run("systemd-creds", "encrypt", "--with-key=host", "--name=aws_secret", "-",
             f"/etc/credstore.encrypted/cloudlock.{lock.instance}.aws_secret", stdin=SECRET)
    lock.leave_released_record()
    lock.start()
    lock.wait_running()
