# SPDX-License-Identifier: LGPL-2.1-or-later
"""What becomes of a request on its way. One that its host has given up may be applied all the same, much later.

    sound       applied and answered
    slow        so are late ones, within the host's patience
    lost        not applied, no answer
    unanswered  applied, no answer
    late        given up by its host, then applied
    refused     the connection is closed at once
    fail_before 500, not applied      fail_after  500, applied      throttle  not applied
"""

import json

from rig import faults

from .clock import SECOND

TRIP_US = (2_000, 200_000)  # one way
LATE_US_MAX = 60 * SECOND
SINGLE = ("slow", "lost", "unanswered", "late", "refused", "fail_before", "fail_after", "throttle")
# What a host that is cut off meets. Where its writes are applied all the same, its record outlives its lease by far.
CUTS = (("lost", "refused"), ("lost", "refused"), ("lost", "unanswered", "late", "refused"), ("unanswered", "late"))


def _error(status, code, message):
    return status, {}, json.dumps({"__type": code, "message": message}).encode()


class Network:
    def __init__(self, time, front, rng, judge, weather):
        self._time, self._front, self._rng, self._judge, self._weather = time, front, rng, judge, weather
        self.requests, self.struck = 0, {}

    def fate(self, host):
        """What befalls the host's next request."""
        now = self._time.now
        if now < host.cut_until:
            fate = self._rng.choice(host.cut_by)
        elif host.next_fate:
            fate, host.next_fate = host.next_fate, None
        elif not host.fair_weather and self._rng.random() < self._weather:
            fate = self._rng.choice(SINGLE)
        else:
            return "sound"
        self.struck[fate] = self.struck.get(fate, 0) + 1
        return fate

    def carry(self, host, request, patience_us, answered):
        """Takes the request along; `answered` is called when its answer has come, or the host has given it up."""
        self.requests += 1
        time, rng, run = self._time, self._rng, host.run
        fate = self.fate(host)
        there_us, back_us = rng.randint(*TRIP_US), rng.randint(*TRIP_US)
        if fate == "slow":
            there_us, back_us = rng.randint(1, patience_us * 9 // 20), rng.randint(1, patience_us * 9 // 20)
        if fate == "late":
            there_us = patience_us + rng.randint(1, LATE_US_MAX)

        def arrive():
            answer = self._apply(host, request, fate)
            if fate in ("unanswered", "late"):
                return
            date_us = time.since_1970_us
            time.after(back_us, finish, lambda: self._front.answer(request, answer, date_us))

        def finish(how):
            how()
            if host.run == run:
                answered()

        if fate not in ("lost", "refused"):
            time.after(there_us, arrive)
        if fate in ("lost", "unanswered", "late", "refused"):
            time.after(there_us if fate == "refused" else patience_us, finish, lambda: self._front.hang_up(request))

    def _apply(self, host, request, fate):
        if fate == "throttle":
            return _error(*faults.THROTTLED)
        if fate == "fail_before":
            return _error(*faults.FAILED)
        answer = self._front.apply(request)
        if answer[0] == 200 and request.operation != "GetItem":
            self._judge.written(host, request)
        return _error(*faults.FAILED) if fate == "fail_after" else answer
