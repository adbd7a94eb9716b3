# SPDX-License-Identifier: LGPL-2.1-or-later
"""Threads that share work, each piece in a cluster of its own, and clean up when they are ended from outside."""

import os
import queue
import threading

from .system import ending

PARALLEL = 2 + 2 * (os.cpu_count() or 1)  # clusters at a time; hosts mostly wait
END_TIMEOUT_S = 30


def share(pieces, count, work):
    """At most `count` threads, which call work(piece) for each; run() starts them."""
    waiting = queue.Queue()
    for piece in pieces:
        waiting.put(piece)
    return [threading.Thread(target=_work_off, args=(waiting, work), daemon=True)
            for _ in range(min(count, waiting.qsize()))]


def run(workspace, workers):
    """Until all is done. Ended from outside, they clean up what they have begun, and begin no more."""
    for worker in workers:
        worker.start()
    try:
        for worker in workers:
            worker.join()
    except BaseException:
        ending.set()
        workspace.group.kill()
        for worker in workers:
            worker.join(END_TIMEOUT_S)
        raise


def _work_off(waiting, work):
    while not ending.is_set():
        try:
            piece = waiting.get_nowait()
        except queue.Empty:
            return
        work(piece)
