#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`cloudlockctl check` and `init` against real stores, through the booted tests' front end (TLS, signatures verified) and
with one deliberate mistake at a time. What check prints is compared with golden-check/*.txt, which are for people to read:
would an operator know what to do? Usage: test-check.py [--write] PROBE [WRAPPER...]; --write makes the files anew."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import types
import unittest

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE / "golden-check"
sys.path.insert(0, str(HERE.parent / "nodes"))
try:
    from rig import front, frontend, store
except ImportError as missing:
    print(f"skipped: {missing} (Debian: python3-botocore)")
    sys.exit(77)

REGION, TABLE, LABEL, KEY, SECRET = "eu-central-1", "locks", "validator", "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG/EXAMPLEKEY"
SLOW_S = 60  # nothing here takes so long unless it hangs
HOST = "127.0.0.1"
DESCRIBED = "arn:aws:dynamodb:eu-central-1:123456789012:table/locks"


def free_port():
    with socket.create_server((HOST, 0)) as s:
        return s.getsockname()[1]


def wait_for_port(port, process):
    deadline = time.monotonic() + SLOW_S
    while True:
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), 1):
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the store does not come up: {process.args}")
        time.sleep(0.05)


class Store:
    """dynalite or DynamoDB Local, on a port of its own."""

    def __init__(self, name):
        self.port = free_port()
        command = [str(self.port) if word == str(store.PORT) else word for word in store.command(name)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def wait(self):
        wait_for_port(self.port, self.process)

    def close(self):
        self.process.terminate()
        self.process.wait()


AUTHORITY = f"""
[ca]
default_ca = own
[own]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[server]
subjectAltName = IP:{HOST}
"""


def make_certificate(folder, name, end):
    """A self-signed certificate for 127.0.0.1, and its key, in one file; returns that and the certificate alone."""
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    for file, text in (("authority.cnf", AUTHORITY), ("index.txt", "")):
        pathlib.Path(folder, file).write_text(text, encoding="ascii")
    openssl("req", "-new", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=test",
            "-keyout", f"{name}.key", "-out", f"{name}.csr")
    openssl("ca", "-batch", "-notext", "-config", "authority.cnf", "-extensions", "server", "-selfsign", "-keyfile",
            f"{name}.key", "-startdate", "20200101000000Z", "-enddate", end, "-in", f"{name}.csr", "-out", f"{name}.pem")
    both, alone = f"{folder}/{name}.both.pem", f"{folder}/{name}.pem"
    pathlib.Path(both).write_text("".join(pathlib.Path(folder, f"{name}.{part}").read_text(encoding="ascii")
                                          for part in ("key", "pem")), encoding="ascii")
    return both, alone


class Handler(frontend.Handler):
    """The front end's, with answers of the test's own to some operations."""

    def serve(self, request, entry, rules):
        made_up = self.front.answers.get(request.op)
        if made_up is None or rules:
            super().serve(request, entry, rules)
            return
        answer = frontend.ask_store(self.store, REGION, request.op, request.body)
        self.answer(entry, made_up(answer))


class Front:
    """A front end on loopback, in this process, so that tests can reach into it."""

    def __init__(self, folder, store_port, certificate):
        self.log = f"{folder}/front.{store_port}.log"
        self.port = free_port()
        self.state = frontend.FrontEnd({
            "hosts": {}, "keys": {KEY: {"secret": SECRET}}, "region": REGION, "listen": HOST, "port": self.port,
            "store_port": store_port, "certificate": certificate, "key": certificate, "log": self.log})
        self.state.answers = {}
        self.server = frontend.Server(self.state)
        self.server.RequestHandlerClass = type("TestHandler", (Handler,), {"front": self.state})
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def store(self, op, **body):
        control = types.SimpleNamespace(front=self.state)
        return frontend.Control.ask_store(control, op, body)

    def operations(self):
        with open(self.log, encoding="utf-8") as file:
            return [json.loads(line)["op"] for line in file]

    def reset(self):
        self.state.faults.remove(None)
        self.state.answers.clear()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def error(code, message="m"):
    return frontend.error(400, f"com.amazonaws.dynamodb.v20120810#{code}", message)


def edited(edit):
    """An answer that is the store's, with a change."""
    def answer(original):
        status, headers, body = original
        value = json.loads(body)
        edit(value)
        headers = {name: text for name, text in headers.items() if name.lower() != "x-amz-crc32"}
        return status, headers, json.dumps(value).encode()
    return answer


def proper_table(described):
    """What AWS says of a table and neither store does."""
    described["Table"].update(DeletionProtectionEnabled=True, TableArn=DESCRIBED)


def record(**changes):
    now_ms = int(time.time() * 1000)
    return front.typed({"label": LABEL, "holder": "node2#00c0ffee", "version": "11111111-2222-4333-8444-555555555555",
                        "expire_time": now_ms + 1_700_000, "start_time": now_ms - 3_600_000, "lease_ms": 1_800_000,
                        "host": 32 * "1", "boot": 32 * "2", "fence": now_ms, **changes})


class CheckTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.front = FRONTS["dynalite"]
        self.front.reset()
        self.front.state.answers["DescribeTable"] = edited(proper_table)
        self.addCleanup(self.front.store, "DeleteItem", TableName=TABLE, Key={"label": {"S": LABEL}})
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name
        self.config = f"{self.folder}/validator.conf"
        self.write()

    def write(self, mode=0o600, **changes):
        values = {"aws_key_id": KEY, "aws_secret": SECRET, "dynamodb_table": TABLE, "aws_region": REGION,
                  "lock_label": LABEL, "my_id": "node1", "dynamodb_endpoint": f"https://{HOST}:{self.front.port}",
                  "stop_timeout": "90s", **changes}
        with open(self.config, "w", encoding="utf-8") as file:
            file.writelines(f"cloudlock_{name}={value}\n" for name, value in values.items() if value is not None)
        os.chmod(self.config, mode)

    def run_probe(self, what, **environment):
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "AWS_CA_BUNDLE": CERTIFICATE,
                       "AWS_EC2_METADATA_DISABLED": "true", "HOME": self.folder, **environment}
        return subprocess.run([*WRAPPER, PROBE, what, self.config], text=True, timeout=SLOW_S, check=False,
                              env={name: value for name, value in environment.items() if value is not None},
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def masked(self, text):
        self.assertNotIn(SECRET, text)
        text = text.replace(self.folder, "/DIR").replace(FOLDER, "/CERTIFICATES")
        text = re.sub(rf"{HOST}(:| port )\d+", rf"{HOST}\1PORT", text)
        text = re.sub(r"localhost:\d+", "localhost:PORT", text)
        text = re.sub(r"after \d+ ms", "after N ms", text)
        text = re.sub(r"( clock +)[0-9a-z ]+? (ahead of|behind)", r"\1TIME \2", text)
        return re.sub(r"(runs out in|ran out) [0-9a-z ]+?(?= ago|\n)", r"\1 TIME", text)

    def golden(self, name, fails=True, whole=False, **environment):
        """What check prints, held against the file of that name; if not the whole, then what is not as it should be."""
        done = self.run_probe("check", **environment)
        self.assertEqual(done.returncode, int(fails), done.stdout)
        text, path = self.masked(done.stdout), GOLDEN / f"{name}.txt"
        if not whole:
            text = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("✓"))
        if WRITE:
            GOLDEN.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.assertEqual(text, path.read_text(encoding="utf-8"))

    # -- nothing is wrong

    def test_fine(self):
        self.golden("fine", fails=False, whole=True)
        # The record is never touched, and none is made.
        self.assertEqual(self.front.store("GetItem", TableName=TABLE, Key={"label": {"S": LABEL}})[1], {})

    def test_held(self):
        item = record()
        self.front.store("PutItem", TableName=TABLE, Item=item)
        self.golden("held", fails=False, whole=True)
        found = self.front.store("GetItem", TableName=TABLE, Key={"label": {"S": LABEL}})[1]["Item"]
        self.assertEqual(found, item)

    # -- the file

    def test_readable_by_all(self):
        self.write(mode=0o644)
        self.golden("readable-by-all")

    def test_writable_by_group(self):
        self.write(mode=0o620)
        self.golden("writable-by-group")

    def test_directory_of_others(self):
        os.chmod(self.folder, 0o777)
        self.golden("directory-writable")

    def test_no_file(self):
        os.unlink(self.config)
        self.golden("no-file")

    def test_unknown_key(self):
        self.write(lock_labl="x")
        self.golden("unknown-key")

    def test_lease_too_short(self):
        self.write(lock_expiration="2min", renew_time="30s")
        self.golden("lease-too-short")

    def test_short_gap(self):
        self.write(restart_gap="5min")
        self.golden("short-gap", fails=False)

    def test_hidden_profile(self):
        self.write(aws_key_id=None, aws_secret=None)
        self.golden("hidden-profile", AWS_SHARED_CREDENTIALS_FILE="/root/.aws/credentials-of-nobody", AWS_ACCESS_KEY_ID=KEY,
                    AWS_SECRET_ACCESS_KEY=SECRET)

    # -- where the store is

    def test_no_region(self):
        self.write(aws_region=None)
        self.golden("no-region")

    def test_unknown_name(self):
        self.write(dynamodb_endpoint="https://dynamodb.eu-centrl-1.amazonaws.invalid")
        self.golden("unknown-name")

    def test_nobody_there(self):
        self.write(dynamodb_endpoint=f"https://{HOST}:{free_port()}")
        self.golden("nobody-there")

    def test_wrong_name_in_certificate(self):
        self.write(dynamodb_endpoint=f"https://localhost:{self.front.port}")
        self.golden("wrong-name")

    def test_untrusted(self):
        self.golden("untrusted", AWS_CA_BUNDLE=None)

    def test_expired_certificate(self):
        expired = Front(FOLDER, self.front.state.config["store_port"], EXPIRED[0])
        self.addCleanup(expired.close)
        self.write(dynamodb_endpoint=f"https://{HOST}:{expired.port}")
        self.golden("expired-certificate", AWS_CA_BUNDLE=EXPIRED[1])

    # -- clocks

    def test_clock_off_a_bit(self):
        # The clock is read when the answer is judged: between 20 and 40 s off, also when a busy machine takes a while to.
        self.front.state.faults.add({"kind": "date", "seconds": 39})
        self.golden("clock-a-bit-off", fails=False)

    def test_clock_off(self):
        self.front.state.faults.add({"kind": "date", "seconds": -1200.5})
        self.golden("clock-20min")

    # -- keys

    def test_no_keys(self):
        self.write(aws_key_id=None, aws_secret=None)
        self.golden("no-keys")

    def test_unknown_keys(self):
        self.write(aws_key_id="AKIDOTHER")
        self.golden("unknown-keys")

    def test_wrong_secret(self):
        self.write(aws_secret="wrong")
        self.golden("wrong-secret")

    # -- rights

    def deny(self, op):
        self.front.state.faults.add({"kind": "deny", "op": op})

    def test_each_right_denied_alone(self):
        for op in ("GetItem", "UpdateItem", "DescribeTable", "DescribeTimeToLive"):
            with self.subTest(op):
                self.front.state.faults.remove(None)
                self.deny(op)
                self.golden(f"denied-{op}")

    def test_looks_denied_and_accepted(self):
        self.write(accept_unchecked_table="yes")
        self.deny("DescribeTable")
        self.deny("DescribeTimeToLive")
        self.golden("looks-denied-accepted", fails=False)

    # -- the table

    def test_no_table(self):
        self.write(dynamodb_table="lokcs")
        self.golden("no-table")

    def test_wrong_key(self):
        self.write(dynamodb_table="by-id")
        self.front.state.answers.clear()
        self.golden("wrong-key")

    def test_time_to_live(self):
        self.front.state.answers["DescribeTimeToLive"] = edited(lambda d: d.update(
            TimeToLiveDescription={"TimeToLiveStatus": "ENABLED", "AttributeName": "expire_time"}))
        self.golden("time-to-live")

    def test_global_table(self):
        self.front.state.answers["DescribeTable"] = edited(lambda d: (proper_table(d), d["Table"].update(
            GlobalTableVersion="2019.11.21", Replicas=[{"RegionName": "us-east-1", "ReplicaStatus": "ACTIVE"}])))
        self.golden("global-table")

    def test_global_table_of_2017(self):
        self.front.state.answers["DescribeTable"] = edited(lambda d: (proper_table(d), d["Table"].update(
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})))
        self.front.state.answers["DescribeGlobalTable"] = lambda _: frontend.error(
            400, "com.amazon.coral.service#AccessDeniedException", "not authorized")
        self.golden("global-table-of-2017")

    def test_unprotected(self):
        self.front.state.answers.clear()
        self.golden("unprotected", fails=False)

    def test_being_created(self):
        self.front.state.answers["DescribeTable"] = edited(
            lambda d: (proper_table(d), d["Table"].update(TableStatus="CREATING")))
        self.golden("being-created")

    # -- the record

    def put(self, **changes):
        item = {name: value for name, value in record(**changes).items() if value != {"S": None}}
        self.front.store("PutItem", TableName=TABLE, Item=item)

    def test_other_machine_with_our_name(self):
        self.put(holder="node1#00c0ffee")
        self.golden("same-my-id")

    def test_absurd_times(self):
        self.put(expire_time=9_999_999_999_999)
        self.golden("absurd-record")

    def test_other_lease(self):
        self.put(lease_ms=1_200_000)
        self.golden("other-lease", fails=False)

    def test_record_of_the_original(self):
        self.put(holder="node2", lease_ms=None, host=None, boot=None, fence=None)
        self.golden("record-of-the-original")

    def test_no_record(self):
        self.front.store("PutItem", TableName=TABLE, Item={"label": {"S": LABEL}, "note": {"S": "mine"}})
        self.golden("no-record")


class InitTest(unittest.TestCase):
    """DynamoDB Local knows deletion protection; dynalite leaves it out of a creation and refuses it in UpdateTable."""

    write, run_probe = CheckTest.write, CheckTest.run_probe

    def begin(self, name):
        self.front = FRONTS[name]
        self.front.reset()
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name
        self.config = f"{self.folder}/validator.conf"
        self.table = f"made-{time.monotonic_ns()}"
        self.write(dynamodb_table=self.table)

    def init(self, what="init", status=0, **environment):
        done = self.run_probe(what, **environment)
        self.assertEqual(done.returncode, status, done.stdout)
        self.assertNotIn(SECRET, done.stdout)
        return done.stdout.replace(self.table, "TABLE")

    def described(self):
        return self.front.store("DescribeTable", TableName=self.table)[1]["Table"]

    def count(self, op):
        return self.front.operations().count(op)

    def check_life(self, name):
        self.begin(name)
        before = self.count("CreateTable")
        self.assertIn("TABLE in eu-central-1 does not exist; it would be created", self.init("dry-run"))
        self.assertEqual(self.count("CreateTable"), before)
        made = self.init()
        self.assertIn("Table TABLE in eu-central-1 is created and active: on demand, key label (String).", made)
        self.assertEqual(self.described()["KeySchema"], [{"AttributeName": "label", "KeyType": "HASH"}])
        self.assertEqual(self.described()["BillingModeSummary"]["BillingMode"], "PAY_PER_REQUEST")
        again = self.init()
        self.assertIn("Table TABLE in eu-central-1 exists and is right.", again)
        self.assertEqual(self.count("CreateTable"), before + 1)
        return made, again

    def test_life_in_dynalite(self):
        for said in self.check_life("dynalite"):
            self.assertIn("knows no deletion protection", said)

    def test_life_in_dynamodb_local(self):
        made, again = self.check_life("ddblocal")
        self.assertIn("It is protected against deletion.", made)
        self.assertIs(self.described()["DeletionProtectionEnabled"], True)
        self.assertNotIn("protection", again)
        self.front.store("UpdateTable", TableName=self.table, DeletionProtectionEnabled=False)
        self.assertIn("would be turned on", self.init("dry-run"))
        self.assertIs(self.described()["DeletionProtectionEnabled"], False)
        self.assertIn("was off, and is on now", self.init())
        self.assertIs(self.described()["DeletionProtectionEnabled"], True)

    def test_waits_until_active(self):
        self.begin("dynalite")
        states = iter(["CREATING", "CREATING"])
        self.front.state.answers["DescribeTable"] = edited(
            lambda d: "Table" in d and d["Table"].update(TableStatus=next(states, "ACTIVE")))
        before = self.count("DescribeTable")
        self.assertIn("is created and active", self.init())
        self.assertEqual(self.count("DescribeTable"), before + 4)

    def test_wrong_key_is_left_alone(self):
        self.begin("dynalite")
        self.write(dynamodb_table="by-id")
        said = self.init(status=1)
        self.assertIn("another key than label (String)", said)
        self.assertIn("Nothing was changed", said)

    def test_the_shells_keys_come_first(self):
        self.begin("dynalite")
        self.write(dynamodb_table=TABLE, aws_key_id="AKIDOTHER")
        self.assertIn("Keys: cloudlockd's", self.init(status=1))
        self.assertIn("Keys: this shell's", self.init(AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=SECRET))

    def test_denied(self):
        self.begin("dynalite")
        self.front.state.faults.add({"kind": "deny", "op": "CreateTable"})
        said = self.init(status=1)
        self.assertIn("allow dynamodb:CreateTable on it", said)
        self.assertIn("set AWS_PROFILE", said)


class TableTest(unittest.TestCase):
    """`list --table`: every item, page after page, also what is no lock."""

    write, run_probe, begin, count = CheckTest.write, CheckTest.run_probe, InitTest.begin, InitTest.count

    def setUp(self):
        self.begin("dynalite")
        self.front.store("CreateTable", TableName=self.table, BillingMode="PAY_PER_REQUEST",
                         KeySchema=[{"AttributeName": "label", "KeyType": "HASH"}],
                         AttributeDefinitions=[{"AttributeName": "label", "AttributeType": "S"}])
        deadline = time.monotonic() + SLOW_S
        while self.front.store("DescribeTable", TableName=self.table)[1]["Table"]["TableStatus"] != "ACTIVE":
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def put(self, label, **changes):
        item = {name: value for name, value in record(label=label, **changes).items() if value != {"S": ""}}
        self.assertEqual(self.front.store("PutItem", TableName=self.table, Item=item)[0], 200)

    def test_states(self):
        self.put("a-held")
        self.put("b-released", expire_time=0)
        self.put("c-expired", expire_time=int(time.time() * 1000) - 5000)
        self.front.store("PutItem", TableName=self.table, Item=front.typed({"label": "d-other", "holder": "me\x1b[2J"}))
        done = self.run_probe("list")
        self.assertEqual(done.returncode, 0, done.stdout)
        lines = done.stdout.splitlines()
        self.assertEqual(lines[0].split(), "LABEL STATE HOLDER LEASE LEFT SINCE (UTC)".split())
        self.assertEqual({line.split()[0]: line.split()[1] for line in lines[1:5]},
                         {"a-held": "held", "b-released": "released", "c-expired": "expired", "d-other": "no"})
        held = next(line for line in lines if line.startswith("a-held"))
        self.assertRegex(held, r"^a-held +held +node2#00c0ffee +30min +28min \d+s 20\d\d-")
        self.assertEqual(lines[-1], f"4 locks in table {self.table}.")
        self.assertNotIn("\x1b", done.stdout)
        locks = {lock["label"]: lock for lock in json.loads(self.run_probe("list-json").stdout)}
        self.assertEqual(locks["a-held"]["holderHost"], 32 * "1")
        self.assertEqual(locks["d-other"], {"table": self.table, "label": "d-other", "state": "no lock"})

    def test_pages(self):
        """More than one answer brings: each lock once, and the number of requests is that of the pages."""
        labels = {f"lock-{number}" for number in range(101)}
        for label in labels:
            self.put(label)
        before = self.count("Scan")
        found = [lock["label"] for lock in json.loads(self.run_probe("list-json").stdout)]
        self.assertEqual((len(found), set(found)), (len(labels), labels))
        self.assertEqual(self.count("Scan") - before, 3)

    def test_denied(self):
        self.front.state.faults.add({"kind": "deny", "op": "Scan"})
        done = self.run_probe("list")
        self.assertEqual(done.returncode, 1)
        self.assertIn("dynamodb:Scan", done.stdout)
        self.assertIn("set AWS_PROFILE", done.stdout)


WRITE = sys.argv[1] == "--write"
PROBE, WRAPPER = sys.argv[1 + WRITE], sys.argv[2 + WRITE:]
if not shutil.which("node") or not shutil.which("java") or not os.path.isdir(store.PACKAGES):
    print("skipped: node, java or the stores are missing (tests/install)")
    sys.exit(77)
with contextlib.ExitStack() as stack:
    FOLDER = stack.enter_context(tempfile.TemporaryDirectory())
    BOTH, CERTIFICATE = make_certificate(FOLDER, "good", "20991231235959Z")
    EXPIRED = make_certificate(FOLDER, "expired", "20210101000000Z")
    STORES = {kind: Store(kind) for kind in store.NAMES}
    FRONTS = {}
    for kind, started in STORES.items():
        stack.callback(started.close)
        started.wait()
        FRONTS[kind] = Front(FOLDER, started.port, BOTH)
        stack.callback(FRONTS[kind].close)
    for table, key in ((TABLE, "label"), ("by-id", "id")):
        FRONTS["dynalite"].store("CreateTable", TableName=table, BillingMode="PAY_PER_REQUEST",
                                 KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
                                 AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}])
    # Each run of the probe takes seconds in valgrind; these take it through all that it does.
    chosen = [f"CheckTest.test_{name}" for name in ("fine", "held", "no_region", "no_keys", "unknown_name", "wrong_key")]
    unittest.main(argv=[sys.argv[0], *(chosen + ["InitTest"] if WRAPPER else [])], verbosity=2)
