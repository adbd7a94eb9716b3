# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host on which a program of cloudlock's is the faulty one, and what the sanitizers have said there."""

import glob
import os
import shutil

from rig.host import boot_all
from rig.system import read

from .calls import FOLDER

PROGRAMS = {"cloudlockd": "/usr/libexec/cloudlock/cloudlockd", "cloudlockctl": "/usr/bin/cloudlockctl",
            "cloudlock-guard": "/usr/libexec/cloudlock/cloudlock-guard"}
SANITIZERS = {"ASAN_OPTIONS": f"log_path={FOLDER}/report:abort_on_error=1:detect_leaks=1",
              "UBSAN_OPTIONS": f"log_path={FOLDER}/report:halt_on_error=1:abort_on_error=1:print_stacktrace=1"}
# The sandbox minus what the sanitizers do: they look for leaks by ptrace() from a process of their own, and write.
DROP_IN = """[Service]
Environment=TORTURE={folder}/%i {environment}
ReadWritePaths={folder}
ProtectProc=default
SystemCallFilter=
MemoryDenyWriteExecute=no
RestartSec=100ms
"""


def boot(cluster, program, build):
    """A host whose `program` is the one of tests/torture in a build directory."""
    host, = boot_all([cluster.add_host()])
    target = host.path(PROGRAMS[program])
    shutil.copy(f"{build}/tests/torture/{program}-faulty", f"{target}.new")
    os.rename(f"{target}.new", target)
    os.makedirs(host.path(FOLDER), mode=0o777)
    os.chmod(host.path(FOLDER), 0o777)
    environment = " ".join(f"{name}={value}" for name, value in SANITIZERS.items())
    host.put_file("/etc/systemd/system/cloudlock@.service.d/torture.conf",
                  DROP_IN.format(folder=FOLDER, environment=environment))
    host.systemctl("daemon-reload")
    return host


def take_reports(host):
    """What the sanitizers have reported since the last time."""
    said = []
    for path in sorted(glob.glob(host.path(f"{FOLDER}/report.*"))):
        said.append(read(path))
        os.unlink(path)
    return "\n".join(said)
