#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A seed replays to the byte: the trace of a schedule, printed twice by two processes, is the same. And the trace is
one: hosts come up, requests are sent, faults strike."""

import subprocess
import sys

SEEDS = range(1, 41)


def trace(simulator, seed):
    run = subprocess.run([simulator, "--seed", str(seed), "--trace"], capture_output=True, check=False)
    return run.returncode, run.stdout


def main():
    simulator = sys.argv[1]
    failed = 0
    whole = b""
    for seed in SEEDS:
        first, second = trace(simulator, seed), trace(simulator, seed)
        if first != second or first[0] != 0:
            print(f"FAIL seed {seed} does not replay to the byte, or fails")
            failed += 1
        whole += first[1]
    for word in (b"is on", b"sends write", b"the store applies", b"FAULT: ", b"THE TARGET RUNS", b"digest "):
        if word not in whole:
            print(f"FAIL no trace says {word.decode()!r}")
            failed += 1
    print(f"{len(SEEDS) - failed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
