# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the front end does to requests besides passing them on.

A rule is a dict: `kind`, and to whom it applies: `host` (a name; None: all), `op` (an operation
such as "UpdateItem"; None: all), `skip` (so many that match are left alone first), `times` (how often; None: until
cleared). Kinds:

    delay_before  wait `seconds`, then pass on            the request is late
    delay_after   pass on, wait `seconds`, then answer    the answer is late
    drop_before   close the connection, pass nothing on   the request is lost
    drop          pass on, then close the connection      the answer is lost ("applied, dropped")
    throttle      ProvisionedThroughputExceededException, nothing passed on
    fail_before   500, nothing passed on
    fail_after    passed on, then 500
    refuse        close each connection as it comes, and those that are open
    date          shift the store's clock, and so `Date`, by `seconds`
    deny          AccessDeniedException, nothing passed on
    spoil         passed on, then an answer that is wrong in the way that `how` names: SPOILT below
    echo          AccessDeniedException whose message is the request, headers and all, in several encodings

All rules that match a request apply to it together.
"""

import base64
import threading
import urllib.parse

KINDS = ("delay_before", "delay_after", "drop_before", "drop", "throttle", "fail_before", "fail_after",
         "refuse", "date", "deny", "spoil", "echo")

THROTTLED = (400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
             "The level of configured provisioned throughput for the table was exceeded. Consider "
             "increasing your provisioning level with the UpdateTable API.")
FAILED = (500, "com.amazon.coral.service#InternalFailure",
          "The request processing has failed because of an unknown error, exception or failure.")
DENIED = (400, "com.amazon.coral.service#AccessDeniedException",
          "User: arn:aws:iam::123456789012:user/rig is not authorized to perform this operation because "
          "no identity-based policy allows the action")
# What DynamoDB, or something on the way to it, may answer: status, code.
ERRORS = {
    "validation": (400, "com.amazon.coral.validate#ValidationException"),
    "no table": (400, "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"),
    "condition": (400, "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"),
    "conflict": (400, "com.amazonaws.dynamodb.v20120810#TransactionConflictException"),
    "in use": (400, "com.amazonaws.dynamodb.v20120810#ResourceInUseException"),
    "request limit": (400, "com.amazonaws.dynamodb.v20120810#RequestLimitExceeded"),
    "throttling": (400, "com.amazon.coral.availability#ThrottlingException"),
    "expired token": (400, "com.amazon.coral.service#ExpiredTokenException"),
    "unknown key": (400, "com.amazon.coral.service#UnrecognizedClientException"),
    "bad signature": (400, "com.amazon.coral.service#InvalidSignatureException"),
    "serialization": (400, "com.amazon.coral.service#SerializationException"),
    "never heard of": (400, "com.amazonaws.dynamodb.v20120810#BrandnewException"),
    "forbidden": (403, "com.amazon.coral.service#AccessDeniedException"),
    "not found": (404, "com.amazon.coral.service#UnknownOperationException"),
    "too large": (413, "RequestEntityTooLarge"),
    "server error": (500, "com.amazonaws.dynamodb.v20120810#InternalServerError"),
    "unavailable": (503, "com.amazon.coral.availability#ServiceUnavailableException"),
}
BODIES = {
    "empty": b"", "garbage": bytes(range(256)), "markup": b"<html><body>Sign in to this network</body></html>", "array": b"[]",
    "nothing in it": b"{}", "no item": b'{"Item": {}}', "cut json": b'{"Item": {"label": {"S": "x', "null": b"null",
    "wrong types": b'{"Item": {"label": {"N": "7"}, "expire_time": {"S": "x"}, "version": {"BOOL": true}}}',
    "large": b'{"x": "' + 300000 * b"x" + b'"}',
}
# "cut": closed before the body has ended; "crc": x-amz-crc32; "no date", "old date": Date; "redirect": 302.
SPOILT = (*ERRORS, *BODIES, "cut", "crc", "no date", "old date", "redirect")


def echo(request):
    """The request as a server may repeat it in an error, the session token first."""
    headers = sorted(request.headers.items(), key=lambda header: "token" not in header[0])
    text = " ".join(f"{name}:{value}" for name, value in headers)
    encoded = (base64.b64encode(text.encode()).decode(), text.encode().hex(), urllib.parse.quote(text, safe=""))
    return " ".join([text, *encoded, request.body.decode()])


class Faults:
    """The rules in force; safe to use from all threads."""

    def __init__(self):
        self._rules = []
        self._lock = threading.Lock()
        self._next = 1

    def add(self, rule):
        if rule.get("kind") not in KINDS:
            raise ValueError(f"no such fault: {rule.get('kind')}")
        with self._lock:
            number, self._next = self._next, self._next + 1
            self._rules.append({"host": None, "op": None, "times": None, "skip": 0, **rule, "id": number, "used": 0})
            return number

    def remove(self, number):
        with self._lock:
            self._rules = [rule for rule in self._rules if number not in (None, rule["id"])]

    def used(self, number):
        with self._lock:
            return sum(rule["used"] for rule in self._rules if rule["id"] == number)

    def take(self, host, op):
        """The rules for one request, as a dict by kind; each counts as used."""
        with self._lock:
            return {rule["kind"]: rule for rule in self._rules
                    if rule["kind"] not in ("refuse", "date") and self._use(rule, host, op)}

    def refuses(self, host):
        with self._lock:
            return any([self._use(rule, host, None) for rule in self._rules if rule["kind"] == "refuse"])

    def clock_shift_s(self, host):
        with self._lock:
            return sum(rule["seconds"] for rule in self._rules
                       if rule["kind"] == "date" and rule["host"] in (None, host))

    @staticmethod
    def _use(rule, host, op):
        matches = rule["host"] in (None, host) and rule["op"] in (None, op)
        if not matches or (rule["times"] is not None and rule["used"] >= rule["times"]):
            return False
        if rule["skip"]:
            rule["skip"] -= 1
            return False
        rule["used"] += 1
        return True
