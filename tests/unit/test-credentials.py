#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The chain of credentials against stand-ins for IMDS, the container's endpoint and STS, at their real addresses in a network
namespace of its own. Usage: test-credentials.py PROBE [WRAPPER...]."""

import json
import os
import pathlib
import random
import shlex
import subprocess
import sys
import tempfile
import time
import unittest

try:
    from botocore import configloader
except ImportError:
    print("skipped: botocore is missing (Debian: python3-botocore)")
    sys.exit(77)

from credential_stubs import ROLE, SECRET, Container, Hop, Instance, Sts, expiry


def children(pid):
    return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()


def is_running(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(what, condition):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.01)


class Answer:
    def __init__(self, line):
        self.key, self.secret, self.token, transient, self.source, self.error = line.rstrip("\n").split("\t")
        self.transient = transient == "1"


class CredentialsTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.folder = pathlib.Path(directory.name)

    def write(self, name, text, mode=0o600):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return str(path)

    def stub(self, kind, *where):
        stub = kind(*where)
        self.addCleanup(stub.close)
        return stub

    def environment(self, **more):
        return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(self.folder), **more}

    def probe(self, **environment):
        probe = subprocess.Popen([*WRAPPER, PROBE, "ask"], env=self.environment(**environment), text=True,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(self.end, probe)
        return probe

    def end(self, probe):
        probe.stdin.close()
        rest = probe.stdout.read()
        probe.stdout.close()
        self.assertEqual((probe.wait(30), rest), (0, ""))

    def line(self, probe, command):
        probe.stdin.write(command + "\n")
        probe.stdin.flush()
        return probe.stdout.readline()

    def ask(self, probe, key=None, says="", transient=False, ms=15000):
        answer = Answer(self.line(probe, f"ask {ms}"))
        self.assertEqual(answer.key, key or "-", answer.error)
        self.assertIn(says, answer.source if key else answer.error)
        self.assertEqual(answer.transient, transient, answer.error)
        self.assertNotIn(SECRET, answer.source + answer.error)
        if key:
            self.assertEqual(answer.secret, SECRET)
        return answer

    def run_probe(self, *arguments, **environment):
        return subprocess.run([*WRAPPER, PROBE, *arguments], env=self.environment(**environment), capture_output=True,
                              text=True, check=False)

    def test_order(self):
        self.stub(Instance, "169.254.169.254")
        self.stub(Container, "169.254.170.2")
        self.write("aws_key_id", "DIRECTORY\n")
        self.write("aws_secret", SECRET + "\n")
        places = [("CONFIGURED", {"cloudlock_aws_key_id": "CONFIGURED", "cloudlock_aws_secret": SECRET}),
                  ("DIRECTORY", {"CREDENTIALS_DIRECTORY": str(self.folder)}),
                  ("ENVIRONMENT", {"AWS_ACCESS_KEY_ID": "ENVIRONMENT", "AWS_SECRET_ACCESS_KEY": SECRET}),
                  ("PROFILE", {"AWS_SHARED_CREDENTIALS_FILE": self.write(
                      "shared", f"[default]\naws_access_key_id = PROFILE\naws_secret_access_key = {SECRET}\n")}),
                  ("ASIA1", {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/x"}), ("ASIA1", {})]
        for i, (key, _) in enumerate(places):
            with self.subTest(key):
                self.ask(self.probe(**{k: v for _, more in places[i:] for k, v in more.items()}), key)

    def test_half_a_pair_is_no_fall_through(self):
        self.ask(self.probe(AWS_ACCESS_KEY_ID="A", AWS_EC2_METADATA_DISABLED="true"),
                 says="AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not")
        self.write("aws_secret", SECRET)
        self.ask(self.probe(CREDENTIALS_DIRECTORY=str(self.folder)), says="aws_key_id is not")

    def test_instance(self):
        stub = self.stub(Instance, "169.254.169.254")
        probe = self.probe(http_proxy="http://127.0.0.1:9", HTTPS_PROXY="http://127.0.0.1:9")
        self.assertEqual(self.ask(probe, "ASIA1", "role validator (IMDS)").token, "token1")
        self.ask(probe, "ASIA1")
        self.assertEqual(stub.requests, [("PUT", "/latest/api/token"), ("GET", ROLE), ("GET", ROLE + "validator")])

    def test_instance_over_ipv6(self):
        self.stub(Instance, "fd00:ec2::254")
        self.ask(self.probe(AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE="IPv6"), "ASIA1")

    def test_instance_errors(self):
        stub = self.stub(Instance, "169.254.169.254")
        stub.role = None
        self.ask(self.probe(), says="IMDS answered 404: this instance has no role attached; attach one or set")
        for broken, says, transient in (((403,), "IMDS answered 403: it is turned off", False),
                                        ((302,), "IMDS answered 302", False), ((500,), "IMDS answered 500", True),
                                        ((200, "two words"), "a token that is no word", True)):
            stub.broken = broken
            self.ask(self.probe(), says=says, transient=transient)

    def test_instance_is_none(self):
        self.ask(self.probe(), says="no metadata service answers", transient=True)
        self.ask(self.probe(AWS_EC2_METADATA_DISABLED="true"), says="turned off by AWS_EC2_METADATA_DISABLED")
        for url in ("http://192.0.2.1", "http://127.0.0.1@192.0.2.1", "ftp://127.0.0.1"):
            self.ask(self.probe(AWS_EC2_METADATA_SERVICE_ENDPOINT=url), says="is refused")

    def test_hop_limit(self):
        self.stub(Hop, "169.254.169.254")
        self.ask(self.probe(), says="raise the hop limit to 2")

    def test_token_is_renewed(self):
        stub = self.stub(Instance, "169.254.169.254")
        stub.life_s = 6
        probe = self.probe()
        self.ask(probe, "ASIA1")
        stub.token = "AQAE-another"
        deadline = time.monotonic() + 60
        while stub.n < 2 and time.monotonic() < deadline:
            time.sleep(0.02)  # nobody asks: the timer alone renews
        self.assertIn(("GET", ROLE), stub.requests[3:])
        self.assertEqual(stub.requests.count(("PUT", "/latest/api/token")), 2)
        self.ask(probe, f"ASIA{stub.n}")

    def test_keys_outlive_the_service(self):
        stub = self.stub(Instance, "169.254.169.254")
        stub.life_s = 5
        probe = self.probe()
        stub.broken = None
        self.ask(probe, "ASIA1")
        stub.broken = (500,)
        time.sleep(stub.life_s)  # the life of the keys, which is what is tested
        begin = time.monotonic()
        answer = self.ask(probe, "ASIA1", "can't be renewed: IMDS answered 500", ms=60000)
        self.assertLess(time.monotonic() - begin, 30, "a question waits for better keys for all of its time")
        self.assertIn("expired", answer.source)

    def test_container(self):
        stub = self.stub(Container, "169.254.170.23")
        token = self.write("token", "eks-1\n")
        stub.token = "eks-1"
        url = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials"}
        self.ask(self.probe(**url, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=token, AWS_CONTAINER_AUTHORIZATION_TOKEN="other"),
                 "ASIA1", "container")
        self.ask(self.probe(**url), says="answered 401: AccessDenied: who are you")
        self.ask(self.probe(**url, AWS_CONTAINER_AUTHORIZATION_TOKEN="a\r\nX-Evil: 1"), says="control character")
        for bad in ("http://192.0.2.1/", "http://169.254.170.23.example/", "http://169.254.170.23@192.0.2.1/"):
            self.ask(self.probe(AWS_CONTAINER_CREDENTIALS_FULL_URI=bad), says="is refused")
        self.ask(self.probe(AWS_CONTAINER_CREDENTIALS_RELATIVE_URI="@192.0.2.1/"), says="must begin with '/'")

    def test_web_identity(self):
        stub = self.stub(Sts, "127.0.0.1", 8001)
        token = self.write("token", "eyJ0.a+b/=")
        environment = {"AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:8001"}
        self.ask(self.probe(**environment), says="AWS_ROLE_ARN is not")
        environment["AWS_ROLE_ARN"] = "arn:aws:iam::123456789012:role/x"
        self.ask(self.probe(**environment), "ASIA1", "role/x (web identity)")
        self.write("token", "wrong")
        self.ask(self.probe(**environment), says="InvalidIdentityToken: No <good>")
        os.unlink(token)
        self.ask(self.probe(**environment), says="No such file", transient=True)
        self.assertEqual(stub.n, 1)

    def process(self, body, **environment):
        script = self.write(f"script-{len(list(self.folder.iterdir()))}", "#!/bin/sh\n" + body + "\n", 0o700)
        return self.probe(AWS_CONFIG_FILE=self.write("config", f"[default]\ncredential_process = '{script}' a\\ b\n"), **environment)

    def test_process(self):
        keys = json.dumps({"Version": 1, "AccessKeyId": "P", "SecretAccessKey": SECRET, "Expiration": expiry(3600)})
        slow = self.process("sleep 100 & exec sleep 100")  # asked first, heard last
        slow.stdin.write("ask 15000\n")
        slow.stdin.flush()
        wait_until("no command", lambda: children(slow.pid) and children(children(slow.pid)[0]))
        left_behind = children(children(slow.pid)[0])[0]
        # The shell itself has the script at 10.
        descriptors = "for f in /proc/$$/fd/*; do case ${f##*/} in 0|1|2|10) ;; *) [ ! -e $f ] || exit 9 ;; esac; done"
        self.ask(self.process(f"{descriptors}; [ \"$1\" = 'a b' ] && [ $# = 1 ] && echo '{keys}'"), "P", "credential_process")
        for body, says, transient in ((f"echo '{keys}' | sed s/1,/2,/", "another Version", False), ("echo nope", "is not JSON", False),
                                      ("echo broken pipe >&2; exit 3", "exit status 3; it says: broken pipe", True),
                                      (f"echo no {'tOk-en.' * 20} here >&2; exit 3", "it says: no [...] here", True),
                                      (f"echo key={SECRET} is bad >&2; exit 3", "it says: key=[...] is bad", True),
                                      ("kill -SEGV $$", "SIGSEGV", True), ("yes | head -c 100000", "more than 64 KiB", True),
                                      (f"echo '{keys}' | sed s/20[0-9]*-/2001-/", "expired already", True)):
            with self.subTest(says):
                self.ask(self.process(body), says=says, transient=transient)
        self.ask(self.probe(AWS_CONFIG_FILE=self.write("config", "[default]\ncredential_process = /nowhere\n")),
                 says="can't be run: No such file")
        self.assertIn("did not end within 10s", Answer(slow.stdout.readline()).error)
        wait_until("what was killed is left as a zombie", lambda: not children(slow.pid))
        wait_until("what the command started runs on", lambda: not is_running(left_behind))

    def test_kinds_that_are_left_to_the_tool(self):
        for lines, says in (("role_arn=r\nsource_profile=b", "source_profile"), ("sso_session=s", "sso_*"),
                            ("role_arn=r\ncredential_source=Environment", "credential_source")):
            answer = self.ask(self.probe(AWS_CONFIG_FILE=self.write("config", f"[profile a]\n{lines}\n"), AWS_PROFILE="a"), says=says)
            self.assertIn("env HOME=/tmp aws configure export-credentials --profile a --format process", answer.error)

    def test_changed_file(self):
        text = "[default]\naws_access_key_id={}\naws_secret_access_key=" + SECRET + "\n"
        path = self.write("shared", text.format("A"))
        probe = self.probe(AWS_SHARED_CREDENTIALS_FILE=path)
        self.ask(probe, "A", f"profile default of {path}")
        self.write("shared", text.format("BB"))
        self.ask(probe, "BB")
        self.write("shared", "[default]\nnonsense\n")
        self.ask(probe, "BB", "line 2 of")

    def test_missing_profile(self):
        path = self.write("shared", "[a]\n[b]\n")
        self.ask(self.probe(AWS_SHARED_CREDENTIALS_FILE=path, AWS_PROFILE="c"), says="there are: a, b")

    def tell(self, probe, command):
        self.assertEqual(self.line(probe, command), "done\n")

    def test_refused(self):
        stub = self.stub(Instance, "169.254.169.254")
        probe = self.probe()
        self.ask(probe, "ASIA1")
        for elapsed_s, key in ((0, "ASIA1"), (20, "ASIA1"), (10, "ASIA2"), (20, "ASIA2"), (10, "ASIA3")):
            self.tell(probe, f"elapse {elapsed_s}")
            self.tell(probe, "refused")
            self.ask(probe, key)
        stub.broken = (500,)
        self.tell(probe, "elapse 30")
        self.tell(probe, "refused")
        self.ask(probe, "ASIA3", "can't be renewed: IMDS answered 500")  # they may be good again: better than none
        stub.broken = None
        self.tell(probe, "elapse 2")
        self.ask(probe, "ASIA4")
        self.assertEqual(stub.n, 4)

    def test_refused_keys_that_do_not_expire(self):
        keys = json.dumps({"Version": 1, "AccessKeyId": "@", "SecretAccessKey": SECRET})
        vault = self.write("vault", keys.replace("@", "A"))
        probe = self.process(f"cat {vault}")
        self.ask(probe, "A")
        self.write("vault", keys.replace("@", "B"))
        self.tell(probe, "elapse 86400")
        self.ask(probe, "A")
        self.tell(probe, "refused")
        self.ask(probe, "B")

    def test_elapsed_time_decides_and_no_other_clock(self):
        stub = self.stub(Instance, "169.254.169.254")
        probe = self.probe()
        for offset_s in (-7200, 7200):  # of the wall clock; IMDS says in its answers what time it is
            self.tell(probe, f"set-clock {offset_s}")
            self.ask(probe, "ASIA1")
        self.tell(probe, "elapse 2640")  # 1 min before the last quarter of the hour
        self.ask(probe, "ASIA1")
        self.assertEqual(stub.n, 1)
        self.tell(probe, "elapse 360")  # 10 min before expiry: insisting
        self.ask(probe, "ASIA2")
        stub.broken = (500,)
        self.tell(probe, "elapse 259200")  # a suspend
        self.assertIn("expired 2d 23h ago", self.ask(probe, "ASIA2", "IMDS answered 500").source)

    def test_command_goes_by_the_wall_clock(self):
        keys = json.dumps({"Version": 1, "AccessKeyId": "P", "SecretAccessKey": SECRET, "Expiration": expiry(3600)})
        probe = self.process(f"echo '{keys}'")
        self.tell(probe, "set-clock 7200")
        self.ask(probe, says="keys that have expired already: look at the clock of this host", transient=True)
        self.tell(probe, "set-clock 0")
        self.tell(probe, "elapse 10")
        self.ask(probe, "P")

    def test_profiles_as_botocore_reads_them(self):
        names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "credential_process", "region")
        pieces = ["region = eu-west-1", "AWS_ACCESS_KEY_ID: AKID", "aws_secret_access_key=a=b", "# comment", "; other", "", "  deeper",
                  "credential_process = x\n   y\n# no\n\n   z", "s3 =\n  region = no\n", "aws_session_token =", "[profile x]",
                  '[profile "y z"]', "[profile default]", "[preview]", "region=b # c", "  [indented]", "no delimiter", "=", "\tregion = tab"]
        random.seed(4)
        compared = 0
        for _ in range(30):
            text = "[default]\n" + "\n".join(random.sample(pieces, random.randint(1, 7))) + "\n"
            path = self.write("config", text)
            try:
                profile = configloader.load_config(path)["profiles"].get("default", {})
            except Exception:  # pylint: disable=broad-except
                continue  # ours merges what botocore refuses as double
            if "[profile default]" in text:
                continue  # botocore takes one of the two sections, ours both
            done = self.run_probe("profile", AWS_CONFIG_FILE=path)
            expected = [profile.get(name) for name in names]
            self.assertEqual(done.stdout, "".join((v or "-") + "\n" for v in expected), text)
            compared += 1
        self.assertGreater(compared, 8)

    def test_words_as_shlex_has_them(self):
        random.seed(4)
        for _ in range(30):
            text = "".join(random.choices("ab \t'\"\\", k=random.randint(1, 12)))
            done = self.run_probe("words", text)
            try:
                self.assertEqual(done.stdout, "".join(w + "\n" for w in shlex.split(text)), repr(text))
            except ValueError:
                self.assertNotEqual(done.returncode, 0, repr(text))


if "IN_NAMESPACE" not in os.environ:
    os.execvpe("unshare", ["unshare", "--net", *([] if os.geteuid() == 0 else ["--map-root-user"]), sys.executable, *sys.argv],
               {**os.environ, "IN_NAMESPACE": "1"})
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
for address in ("169.254.169.254/32", "169.254.170.2/32", "169.254.170.23/32", "fd00:ec2::254/128"):
    subprocess.run(["ip", "address", "add", address, "dev", "lo", *(["nodad"] if ":" in address else [])], check=True)
PROBE, WRAPPER = os.path.abspath(sys.argv[1]), sys.argv[2:]
unittest.main(argv=sys.argv[:1], verbosity=2)
