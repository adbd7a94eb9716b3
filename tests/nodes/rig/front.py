# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tests' handle on the front end: faults, counts, its log, and the table behind it."""

import json
import socket

from .system import Failure

TABLE = "locks"
CREATE_TABLE = {
    "TableName": TABLE, "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "label", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "label", "KeyType": "HASH"}]}
CONTROL_TIMEOUT_S = 60


class Request:
    """A line of the front end's log.

    n, time (wall clock), mono_ns, host, op, body, verified, faults, status, outcome ("answered",
    "applied, dropped", "dropped", "refused"), answer, store_status, store_answer, applied_mono_ns.
    """

    def __init__(self, entry):
        self.entry = entry

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self.entry.get(name)

    def __repr__(self):
        return f"<{self.n} {self.host} {self.op} {self.outcome} {self.status} {self.faults}>"

    def is_write(self):
        return self.op in ("PutItem", "UpdateItem", "DeleteItem")

    @property
    def key(self):
        """The label that the request is about."""
        body = self.body if isinstance(self.body, dict) else {}
        return plain(body.get("Key") or body.get("Item") or {}).get("label")

    @property
    def written(self):
        """What a write sets, as plain values by attribute name."""
        if self.op == "PutItem":
            return plain(self.body["Item"])
        if self.op == "UpdateItem":
            return _assignments(self.body)
        return {}

    @property
    def version(self):
        return self.written.get("version")


def _assignments(body):
    """The `name = :value` pairs of an UpdateExpression's SET, aliases resolved."""
    names = body.get("ExpressionAttributeNames", {})
    values = plain(body.get("ExpressionAttributeValues", {}))
    found = {}
    for part in body.get("UpdateExpression", "").partition("SET ")[2].split(","):
        name, equals, value = (word.strip() for word in part.partition("="))
        value = value.split()[0] if value else ""
        if equals and value in values:
            found[names.get(name, name)] = values[value]
    return found


def plain(item):
    """An item in DynamoDB's JSON as a dict of str and int."""
    return {name: int(value["N"]) if "N" in value else next(iter(value.values()))
            for name, value in item.items()}


def typed(values):
    """The reverse of plain()."""
    return {name: {"N": str(value)} if isinstance(value, int) else {"S": value}
            for name, value in values.items()}


class Front:
    def __init__(self, control, log):
        self._control, self._log = control, log

    def fault(self, kind, *, host=None, op=None, times=None, seconds=None, **more):
        """Add a fault (see faults.py); returns its id."""
        name = getattr(host, "name", host)
        return self.ask("fault", rule={"kind": kind, "host": name, "op": op, "times": times,
                                       "seconds": seconds, **more})

    def clear(self, number=None):
        """Remove one fault, or all."""
        self.ask("clear", id=number)

    def used(self, number):
        """How many requests a fault has struck."""
        return self.ask("used", id=number)

    def counts(self):
        """verified, refused, refusals (by host), bad_tls."""
        return self.ask("counts")

    def set_keys(self, keys):
        self.ask("keys", keys=keys)

    def requests(self, host=None, op=None, since=0):
        """The requests so far; of one host, of one operation, with a number above `since`."""
        with open(self._log, encoding="utf-8") as file:
            # A line that is being written has no end yet.
            found = [Request(json.loads(line)) for line in file if line.endswith("\n")]
        name = getattr(host, "name", host)
        return [one for one in found
                if name in (None, one.host) and op in (None, one.op) and one.n > since]

    def last_number(self):
        return max((one.n for one in self.requests()), default=0)

    # -- the table, past TLS, signatures, faults and log

    def store(self, op, body):
        status, answer = self.ask("store", op=op, body=body)
        if status != 200:
            raise Failure(f"the store answered {op} with {status}: {answer}")
        return answer

    def create_table(self):
        self.store("CreateTable", CREATE_TABLE)

    def get(self, label):
        """The item as a dict of plain values; None when there is none."""
        answer = self.store("GetItem", {"TableName": TABLE, "Key": typed({"label": label}),
                                        "ConsistentRead": True})
        return plain(answer["Item"]) if answer.get("Item") else None

    def put(self, item):
        self.store("PutItem", {"TableName": TABLE, "Item": typed(item)})

    def delete(self, label):
        self.store("DeleteItem", {"TableName": TABLE, "Key": typed({"label": label})})

    def ask(self, what, **more):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(CONTROL_TIMEOUT_S)
            connection.connect(self._control)
            connection.sendall(json.dumps({"do": what, **more}).encode() + b"\n")
            answer = json.loads(connection.makefile("rb").readline())
        if "error" in answer:
            raise Failure(f"the front end refused {what}: {answer['error']}")
        return answer["ok"]
