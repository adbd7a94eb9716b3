# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host with the original, rule by rule as its source has them (src/CloudLock.java), on boto3.

Its two threads: one renews, each renew_time: a consistent GetItem, the time from a time server, a PutItem of the whole
item that expects the version which was read. The other looks at the program each 5 s. Both go by the wall clock.

The thread that renews is one here as well, because boto3 waits for its answers; it runs while nobody else does.
"""

import queue
import threading
import uuid

import boto3
import botocore.config
import botocore.exceptions

from .clock import MINUTE, SECOND
from .host import REACTION_US, Host

LOOK_US = 5 * SECOND
EXPIRE_SHUTDOWN_MS = 60_000
CLOCK_SKEW_FAIL_MS = 40_000
PATIENCE_US = 50 * SECOND  # of the Java SDK, for an answer
# The Java SDK tries ten times more; what is sent is the same each time, and so a few say as much.
TRIES_MORE = 2
BACKOFF_US = 50_000
RESTART_US = (10 * SECOND, 30 * SECOND)  # of its unit, after its program ended


class Ended(BaseException):
    """The host or the wrapper is gone, and its threads with it."""


def make_client(url, region, key, secret, patience_s=600):
    return boto3.session.Session(aws_access_key_id=key, aws_secret_access_key=secret, region_name=region).client(
        "dynamodb", endpoint_url=url, config=botocore.config.Config(
            retries={"max_attempts": 0}, parameter_validation=False, read_timeout=patience_s, proxies={}))


def _is_final(failure):
    return (isinstance(failure, botocore.exceptions.ClientError)
            and failure.response["Error"]["Code"] == "ConditionalCheckFailedException")


class Original(Host):
    is_original = True

    def __init__(self, world, name, settings, client):
        super().__init__(world, name, settings)
        self.holder = name
        self._client = client
        self._message, self._go = None, queue.SimpleQueue()
        self._alive = False     # its thread is in the middle of a pass
        self._lock_info = None  # expiration and start_time, ms
        self._running = False   # as the source has it: a process was started
        self._ends_in_us = None

    # -- power and processes

    def start(self):
        self.run += 1
        self.up = True
        self._lock_info, self._running = None, False
        self._look(self.run)
        self._begin_pass(self.run)

    def kill(self):
        """The wrapper and its program, at once."""
        self.run += 1
        self.up = False
        self._end_thread()
        self.end_target()

    def _end_thread(self):
        if not self._alive:
            return
        # It waits for an answer, or for us.
        request, self._request = self._request, None
        if request:
            self.world.front.hang_up(request)
        else:
            self._go.put(Ended)
        self.world.front.wait(lambda: self._message == ("done",) or self._swallow())
        self._message, self._alive = None, False

    def _swallow(self):
        """A last request of a thread that is about to end goes nowhere; whatever it asks, it is told to end."""
        request = self.world.front.take(self.key)
        if request:
            self.world.front.hang_up(request)
        elif self._message and self._message != ("done",):
            self._message = None
            self._go.put(Ended)
        return False

    # -- the thread that renews

    def _begin_pass(self, run):
        if run != self.run:
            return
        self._pass_until = self.world.time.now + self.settings.renew_us
        self._message, self._alive, self._request = None, True, None
        threading.Thread(target=self._run_pass, args=(run,), daemon=True).start()
        self._turn()

    def _turn(self):
        """Lets the thread run until it waits for the network, for the time, or is through."""
        world, run = self.world, self.run

        def what():
            self._request = world.front.take(self.key)
            return self._request or self._message

        what = world.front.wait(what)
        if what is self._request:
            world.network.carry(self, what, PATIENCE_US, self._answered)
            return
        self._message = None
        if what == ("done",):
            self._alive = False
            world.time.at(self._pass_until, self._begin_pass, run)
        elif what[0] == "sleep":
            world.time.after(what[1], self._resume, run)
        else:
            self._alive = False
            raise what[1]

    def _answered(self):
        self._turn()

    def _resume(self, run):
        if run == self.run:
            self._go.put(None)
            self._turn()

    def _run_pass(self, run):
        try:
            self._renew(run)
            message = ("done",)
        except (Ended, botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError, ConnectionError):
            message = ("done",)  # "Periodic thread exception", and the next pass comes
        except Exception as failure:  # pylint: disable=broad-exception-caught
            message = ("failed", failure)
        self._say(message)

    def _say(self, message):
        self._message = message
        self.world.front.wake()

    def _sleep(self, run, us):
        self._say(("sleep", us))
        if self._go.get() is Ended or run != self.run:
            raise Ended

    def _call(self, run, function, **arguments):
        """As the SDK: what may have failed on the way is sent again."""
        for attempt in range(TRIES_MORE + 1):
            try:
                return function(TableName=self.world.table, **arguments)
            except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as failure:
                if run != self.run:
                    raise Ended from failure
                if _is_final(failure) or attempt == TRIES_MORE:
                    raise
            self._sleep(run, BACKOFF_US << attempt)
        raise AssertionError

    def _check_time(self, run):
        """NetUtil.getUrlLine: to the server and back."""
        start = self.clocks.wall_ms
        self._sleep(run, self.world.rng.randint(2_000, 200_000))
        if self.world.time.now < self.cut_until:
            raise ConnectionError("the time server does not answer")
        server = self.world.time.since_1970_us // 1000
        self._sleep(run, self.world.rng.randint(2_000, 200_000))
        return abs(server - (start + self.clocks.wall_ms) // 2) <= CLOCK_SKEW_FAIL_MS

    def _renew(self, run):
        key = {"label": {"S": self.world.label}}
        current = self._call(run, self._client.get_item, Key=key, ConsistentRead=True).get("Item")
        if not self._check_time(run):
            self._lock_info = None
            return
        now_ms = self.clocks.wall_ms
        expire_ms, start_ms = now_ms + self.settings.lease_us // 1000, now_ms
        if current is None:
            condition = {"ConditionExpression": "attribute_not_exists(version)"}
        else:
            condition = {"Expected": {"version": {"Value": current["version"]}}}
            if current["holder"]["S"] == self.holder:
                start_ms = int(current["start_time"]["N"])
            elif int(current["expire_time"]["N"]) >= self.clocks.wall_ms:
                self._lock_info = None
                return
        version = str(uuid.UUID(int=self.world.rng.getrandbits(128), version=4))
        self._call(run, self._client.put_item, Item={
            **key, "holder": {"S": self.holder}, "expire_time": {"N": str(expire_ms)}, "version": {"S": version},
            "start_time": {"N": str(start_ms)}}, **condition)
        self._lock_info = expire_ms, start_ms

    # -- the thread that looks at the program

    def _look(self, run):
        if run != self.run:
            return
        info, now_ms = self._lock_info, self.clocks.wall_ms
        if info and now_ms + EXPIRE_SHUTDOWN_MS < info[0] and info[1] + self.settings.gap_us // 1000 < now_ms:
            if not self._running:
                self._running = True
                self.start_target()
            elif not self.target:
                self._exit()
                return
        elif self._running and not self.target:
            self._running = False
        elif self._running and (not info or now_ms >= info[0]):
            self.end_target()
        elif self._running and not self.stopping:
            self.ask_target_to_end(self.world.rng.choice(REACTION_US))
        self.world.time.after(LOOK_US, self._look, run)

    def _exit(self):
        """With the program's status; its unit starts it again."""
        self.kill()
        self.come_back(self.world.rng.randint(*RESTART_US))

    # -- what befalls it

    def power_cut(self, down_us):
        self.kill()
        self.come_back(down_us)

    def stop(self, down_us):
        """It has no release: the lock is left to expire."""
        self.power_cut(down_us)

    def crash(self, down_us):
        """Its unit's processes end together."""
        self.power_cut(down_us)

    def target_fails(self):
        self.end_target()

    def clock_off(self, off_us, for_us):
        true_off_us, self.clocks.wall_off_us = self.clocks.wall_off_us, off_us
        self.fair_weather = True
        self.world.time.after(for_us, self._clock_right, true_off_us)

    def _clock_right(self, off_us):
        self.clocks.wall_off_us, self.fair_weather = off_us, False

    @property
    def bound_us(self):
        """How long after a lock is over its program runs: a fast clock of another, its own slow one, its rounds."""
        return 2 * self.settings.renew_us + self.settings.gap_us + 2 * MINUTE + TRIES_MORE * PATIENCE_US
