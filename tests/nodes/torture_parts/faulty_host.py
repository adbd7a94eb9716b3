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
UNITS = {"cloudlockd": "cloudlock@.service", "cloudlock-guard": "cloudlock-guard@.service"}
SANITIZERS = {"ASAN_OPTIONS": f"log_path={FOLDER}/report:abort_on_error=1:detect_leaks=1",
              "UBSAN_OPTIONS": f"log_path={FOLDER}/report:halt_on_error=1:abort_on_error=1:print_stacktrace=1"}
ENVIRONMENT = " ".join(f"{name}={value}" for name, value in SANITIZERS.items())
# The sandbox minus what the sanitizers do: they look for leaks by ptrace() from a process of their own, and write.
DROP_IN = f"""[Service]
Environment=TORTURE={FOLDER}/%i {ENVIRONMENT}
ReadWritePaths={FOLDER}
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
    lift_sandbox(host, program)
    return host


def lift_sandbox(host, *programs):
    """So that FOLDER can be written, and a process be traced."""
    os.makedirs(host.path(FOLDER), mode=0o777)
    os.chmod(host.path(FOLDER), 0o777)
    for program in set(programs) & set(UNITS):
        host.put_file(f"/etc/systemd/system/{UNITS[program]}.d/torture.conf", DROP_IN)
    host.systemctl("daemon-reload")


def take_reports(host):
    """What the sanitizers have reported since the last time."""
    said = []
    for path in sorted(glob.glob(host.path(f"{FOLDER}/report.*"))):
        said.append(read(path))
        os.unlink(path)
    return "\n".join(said)
