# SPDX-License-Identifier: LGPL-2.1-or-later
"""The control socket and the D-Bus object, for real: test-control.py HOST XML [--idle].

HOST is control-host; it serves one picture on a socket and on a dbus-daemon of this test's own. XML is the installed
interface file. --idle instead waits for the 30 seconds after which a peer that only dribbles is cut off.
"""
import contextlib
import errno
import itertools
import json
import os
import pathlib
import queue
import re
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree

NAME = "org.cloudlock1.validator_2d1"
PATH = "/org/cloudlock1/lock/validator_2d1"
INTERFACE = "org.cloudlock1.Lock"
MARK = "org.cloudlock.Test"
STATUS = b'{"method":"org.cloudlock1.Lock.Status"}\0'
WATCH = b'{"method":"org.cloudlock1.Lock.Status","more":true}\0'
RENEW = b'{"method":"org.cloudlock1.Lock.Renew"}\0'
FLOOD_USERS = (65531, 65532, 65533, 65534)
IDLE_S = 30  # src/control: a peer that only dribbles
SLOW_S = 60  # nothing here takes so long unless it hangs
WORK_US_MAX = 100_000
IDLE_TICKS_MAX = 10  # of CPU in a second in which there is nothing to do


BUS_CONFIG = """<busconfig>
  <type>session</type>
  <listen>unix:path={0}/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <{1} own="*"/>
    <allow user="*"/>
  </policy>
</busconfig>
"""


class Failure(Exception):
    pass


def check(condition, what):
    if not condition:
        raise Failure(what)


def wait_for(what, condition):
    end = time.monotonic() + SLOW_S
    while not condition():
        check(time.monotonic() < end, f"waited in vain for {what}")
        time.sleep(0.02)


class Bed:
    """One bus, one host, both ended with the test."""

    def __init__(self, stack, host, own="allow"):
        self.directory = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cloudlock-control-")))
        self.directory.chmod(0o755)
        self.socket_path = self.directory / "control"
        config = self.directory / "bus.conf"
        config.write_text(BUS_CONFIG.format(self.directory, own))
        self.bus = subprocess.Popen(["dbus-daemon", "--nofork", f"--config-file={config}"])
        stack.callback(self.end, self.bus)
        wait_for("the bus", (self.directory / "bus").exists)
        self.address = f"unix:path={self.directory}/bus"
        self.host = subprocess.Popen([host, self.socket_path, self.address], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, bufsize=0)
        stack.callback(self.end, self.host)
        wait_for("the socket", self.socket_path.exists)
        self.operations = []  # that the host was asked for, as of the last command
        self.lines = queue.SimpleQueue()  # whatever else it said
        threading.Thread(target=self.read_host, daemon=True).start()

    def read_host(self):
        for line in self.host.stdout:
            if line.startswith(b"operation "):
                self.operations.append(line.decode().strip())
            else:
                self.lines.put(line)
        self.lines.put(b"")

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.wait()

    def command(self, letter):
        """Changes the picture; returns how late, at most, the host's own timer was since the last time, how much CPU time
        was spent between two of its ticks, both in microseconds, and the errno with which the bus refused its name."""
        self.host.stdin.write(letter.encode())
        words = self.lines.get(timeout=SLOW_S).split()
        check(words, "the host said nothing")
        return int(words[2]), int(words[5]), int(words[-1])

    def busctl(self, *words):
        return subprocess.run(["busctl", f"--address={self.address}", *words], check=True, capture_output=True,
                              text=True, timeout=SLOW_S).stdout

    def connect(self):
        s = socket.socket(socket.AF_UNIX)
        s.connect(str(self.socket_path))  # with a time limit it would not wait for its turn
        s.settimeout(SLOW_S)
        return s

    def status(self):
        with self.connect() as s:
            s.sendall(STATUS)
            return json.loads(read_message(s))["parameters"]

    def wait_served(self):
        """Until there is room for one more connection."""
        def is_served():
            with contextlib.suppress(Failure, OSError):
                return self.status()
            return None
        wait_for("an answer", is_served)

    def cpu_ticks(self):
        return sum(map(int, pathlib.Path(f"/proc/{self.host.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]))


def read_message(s):
    data = b""
    while not data.endswith(b"\0"):
        more = s.recv(65536)
        check(more, f"closed after {data!r}")
        data += more
    return data[:-1]


def is_closed(s, timeout_s=SLOW_S):
    """Whether the other end closes within that time; what it says before is passed over."""
    end = time.monotonic() + timeout_s
    while True:
        ready, _, _ = select.select([s], [], [], max(0, end - time.monotonic()))
        if not ready:
            return False
        try:
            if not s.recv(65536):
                return True
        except ConnectionResetError:
            return True


def test_varlink(bed):
    status = bed.status()
    check(status["holder"] == "node1#0123abcd" and status["fence"] == 1763928001123, status)
    with bed.connect() as s:  # two calls in one piece, then a half-closed connection
        s.sendall(STATUS + STATUS[:10])
        s.sendall(STATUS[10:])
        s.shutdown(socket.SHUT_WR)
        data = b""
        while more := s.recv(65536):
            data += more
        check(data.count(b"\0") == 2, data)
    with bed.connect() as s:
        s.sendall(b"GET / HTTP/1.1\r\n\r\n\0" + STATUS)
        check(json.loads(read_message(s))["error"] == "org.varlink.service.InvalidParameter", "no error answer")
        check(is_closed(s), "still open after what is no call")
    with bed.connect() as s:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            s.sendall(b" " * 200_000)
        check(is_closed(s), "still open after a message that is too long")


def call(s, method, **parameters):
    """The error's name, or "", and the parameters of the answer."""
    s.sendall(json.dumps({"method": f"{INTERFACE}.{method}", "parameters": parameters}).encode() + b"\0")
    answer = json.loads(read_message(s))
    return answer.get("error", "").rpartition(".")[2], answer["parameters"]


def test_operations(bed):
    """By socket and by bus the same is asked for; who is not root is refused where there is no polkit."""
    uid = os.geteuid()
    with bed.connect() as s:
        answers = [call(s, "Pause"), call(s, "Release", forUSec=5), call(s, "ForceUnlock", holder="a b", version="v")]
        if uid == 0:
            check(answers == [("", {}), ("", {}), ("OtherRecord", {"message": "Look again"})], answers)
        s.sendall(RENEW.replace(b"}", b',"oneway":true}') + STATUS)  # done without an answer of its own
        check("paused" in json.loads(read_message(s))["parameters"], "a oneway call was answered")
    bed.busctl("call", NAME, PATH, INTERFACE, "Handover", "s", "node2")
    bed.busctl("call", NAME, PATH, INTERFACE, "Resume")
    bed.command("x")
    if uid == 0:
        check(bed.operations == [
            "operation pause by 0 for 0 to '' holder '' version ''",
            "operation release by 0 for 5 to '' holder '' version ''",
            "operation force-unlock by 0 for 0 to '' holder 'a b' version 'v'",
            "operation renew by 0 for 0 to '' holder '' version ''",
            "operation handover by 0 for 0 to 'node2' holder '' version ''",
            "operation resume by 0 for 0 to '' holder '' version ''"], bed.operations)
        check_refused(bed)
    bed.operations.clear()


def as_user(user, function):
    """What `function` returns in a process of another user, as JSON can say it."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setuid(user)
            os.write(write_end, json.dumps(function()).encode())
        finally:
            os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as answer:
        data = answer.read()
    os.waitpid(pid, 0)
    check(data, "nothing came of it")
    return json.loads(data)


def check_refused(bed):
    def ask():
        with bed.connect() as s:
            return [call(s, "Pause")[0], call(s, "Metrics")[0]]
    bed.command("x")
    bed.operations.clear()
    check(as_user(FLOOD_USERS[0], ask) == ["PermissionDenied", ""], "a user was let")
    bed.command("x")
    check(not bed.operations, bed.operations)


SAMPLE = re.compile(r'([a-z_]+)\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*)\} (-?[0-9]+(?:\.[0-9]+)?)')
SUFFIXES = {"gauge": "", "stateset": "", "counter": "_total", "info": "_info"}


def check_open_metrics(text):
    """By https://prometheus.io/docs/specs/om/open_metrics_spec/: families one after the other, each with its type, unit and
    help first, names by their type and unit, no sample twice. Returns the samples."""
    lines = text.split("\n")
    check(lines[-2:] == ["# EOF", ""], lines[-2:])
    samples, types, family = {}, {}, None
    for line in lines[:-2]:
        if line.startswith("# TYPE "):
            family, kind = line.split()[2:]
            check(family not in types, f"{family} twice")
            types[family] = kind
        elif line.startswith("# UNIT "):
            check(line.split()[2] == family and family.endswith("_" + line.split()[3]), line)
        elif line.startswith("# HELP "):
            check(line.split()[2] == family and line.endswith("."), line)
        else:
            match = SAMPLE.fullmatch(line)
            check(match and match[1] == family + SUFFIXES[types[family]], f"{line} in {family}")
            check(match.groups()[:2] not in samples, f"{line} twice")
            samples[match.groups()[:2]] = float(match[3])
    return samples


def test_metrics(bed):
    with bed.connect() as s:
        text = call(s, "Metrics")[1]["text"]
    samples = check_open_metrics(text)
    check(json.loads(bed.busctl("--json=short", "call", NAME, PATH, INTERFACE, "Metrics"))["data"] == [text], "they differ")
    instance = 'instance="validator-1"'
    for name, labels, value in (("held", "", 1), ("fence", "", 1763928001123), ("clock_skew_seconds", "", -0.25),
                                ("state", ',cloudlock_state="running"', 1), ("state", ',cloudlock_state="lost"', 0),
                                ("stop_timestamp_seconds", "", 1763930600), ("lease_seconds", "", 1800),
                                ("target_active", ',unit="validator.service"', 1), ("renewals_total", "", 0),
                                ("requests_total", ',kind="read"', 0), ("operations_total", ',result="accepted"', 0),
                                ("layer_armed", ',layer="hardware-watchdog"', 1), ("layer_armed", ',layer="host-clock"', 1)):
        found = samples.get((f"cloudlock_{name}", instance + labels))
        check(found == value, f"cloudlock_{name}{labels} is {found}")
    check(sum(value for (name, _), value in samples.items() if name == "cloudlock_state") == 1, "not one state")


def test_watch(bed):
    """The first answer at once, then one for each change, at most four a second; what trembles is none."""
    with bed.connect() as s:
        s.sendall(WATCH + STATUS)  # which is never answered
        first = json.loads(read_message(s))
        check(first["continues"] and first["parameters"]["state"] == "running", first)
        begin = time.monotonic()
        for _ in range(20):
            bed.command("t")
            bed.command("p")
        paused, answers, took = None, 0, 0
        while select.select([s], [], [], 0.6)[0]:  # twice as long as there is between two
            answer = json.loads(read_message(s))
            answers, paused, took = answers + 1, answer["parameters"]["paused"], time.monotonic() - begin
        check(paused is False, "the last change was not told")
        check(answers <= 4 * took + 2, f"{answers} answers in {took:.2f} s")
        for _ in range(20):
            bed.command("t")
        check(not select.select([s], [], [], 0.6)[0], "told of nothing new")
        s.shutdown(socket.SHUT_WR)
        check(is_closed(s), "a watch goes on without its watcher")


def members(interface):
    """Name, type, access and emission of each property, the arguments of each method, and whatever else there is."""
    found = set()
    for node in interface:
        if node.tag == "property":
            emission = [a.get("value") for a in node if a.tag == "annotation"]
            found.add((node.get("name"), node.get("type"), node.get("access"), *emission))
        else:
            arguments = [(a.get("name"), a.get("type"), a.get("direction")) for a in node if a.tag == "arg"]
            found.add((node.tag, node.get("name"), *arguments))
    return found


def read_interface(text):
    root = xml.etree.ElementTree.fromstring(text)
    return members(next(i for i in root.iter("interface") if i.get("name") == INTERFACE))


def test_introspection(bed, xml_file):
    shown = read_interface(bed.busctl("--xml-interface", "introspect", NAME, PATH))
    promised = read_interface(pathlib.Path(xml_file).read_bytes())
    check(shown == promised, f"the XML and the object differ in {sorted(shown ^ promised)}")


def test_properties(bed):
    def get(*names):
        return bed.busctl("get-property", NAME, PATH, INTERFACE, *names).splitlines()

    values = get("Holder", "Fence", "Held", "StopAtUSec", "ClockSkewUSec", "Targets", "Next", "StoreError")
    check(values == ['s "node1#0123abcd"', "t 1763928001123", "b true", "t 1763930600000000", "x -250000",
                     'a(ss) 1 "validator.service" "active"', 's "renew"', 's ""'], values)


def test_name(bed, host, stack):
    """A refused name is told, and the socket works all the same."""
    check(bed.command("x")[-1] == 0, "the bus refused the name")
    refused = Bed(stack, host, own="deny")
    wait_for("the name to be refused", lambda: refused.command("x")[-1] != 0)
    error = refused.command("x")[-1]
    check(error == -errno.EACCES, f"the bus refused the name, and the host says {error}")
    check(refused.status()["state"] == "running", "no answer without a name")


def test_changes(bed, stack):
    monitor = subprocess.Popen(
        ["busctl", f"--address={bed.address}", "--json=short", "monitor", "--match",
         "type='signal',interface='org.freedesktop.DBus.Properties'", "--match", f"type='signal',interface='{MARK}'"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    stack.callback(bed.end, monitor)
    lines = []
    threading.Thread(target=lambda: lines.extend(map(json.loads, monitor.stdout)), daemon=True).start()

    def marks(name):
        bed.busctl("emit", "/", MARK, name)
        return [line for line in lines if line.get("member") == name]

    wait_for("the monitor", lambda: marks("Begin"))
    for letter in "ttst":  # only the third is worth a signal
        bed.command(letter)
    # What the host has sent before it answers is on the bus before what is sent after that.
    bed.busctl("get-property", NAME, PATH, INTERFACE, "State")
    wait_for("the signals", lambda: marks("End"))
    monitor.terminate()
    signals = [line["payload"]["data"] for line in lines if line.get("member") == "PropertiesChanged"]
    check(len(signals) == 1, f"{len(signals)} signals: {signals}")
    interface, changed, invalidated = signals[0]
    check(interface == INTERFACE and not invalidated, signals)
    check({name: value["data"] for name, value in changed.items()} ==
          {"State": "standby", "Held": False, "Fence": 0, "Holder": "", "HolderHost": "", "SinceUSec": 0}, changed)


def send_changes(s):
    """Changes without end, by root, whose answers are read."""
    with contextlib.suppress(OSError):
        s.sendall(RENEW * 20)
        while answers := s.recv(65536):
            s.sendall(RENEW * answers.count(b"\0"))


def flood(bed, user):
    """Never returns: as `user`, 25 connections that send the beginning of a call, calls without end, or nothing."""
    os.setuid(user)
    connections = []
    for i in range(25):
        s = bed.connect()
        s.setblocking(False)
        with contextlib.suppress(OSError):
            s.send((b'{"method":', STATUS, b"\0", b"[" * 5000, b"")[i % 5])
        connections.append(s)
    for turn in itertools.count():
        for i, s in enumerate(connections):
            if i % 5 == 4 and turn % 100 == 0:  # vanishes, and comes again to watch without reading
                s.close()
                with contextlib.suppress(OSError):
                    connections[i] = s = bed.connect()
                    s.setblocking(False)
                    s.send(WATCH)
            with contextlib.suppress(OSError):
                if i % 5 == 0:
                    s.send(b" ")
                elif i % 5 == 1:
                    s.send(STATUS * 100)
                    if i % 2:
                        s.recv(65536)
        time.sleep(0.001)


def start_flood(bed, stack):
    users = FLOOD_USERS if os.geteuid() == 0 else (os.geteuid(),)
    children = []
    for user in users:
        pid = os.fork()
        if pid == 0:
            try:
                flood(bed, user)
            finally:
                os._exit(1)
        children.append(pid)

    def stop():
        while children:
            pid = children.pop()
            os.kill(pid, 9)
            os.waitpid(pid, 0)
    stack.callback(stop)
    return stop


def test_flood(bed, stack):
    bed.command("x")
    stop = start_flood(bed, stack)
    watchers = [bed.connect() for _ in range(8)] if os.geteuid() == 0 else []
    for s in watchers:
        s.sendall(WATCH)
    changing = [bed.connect() for _ in range(4)] if os.geteuid() == 0 else []
    for s in changing:
        stack.callback(s.close)
        threading.Thread(target=send_changes, args=(s,), daemon=True).start()
    time.sleep(1)  # of flood
    if os.geteuid() == 0:  # others have all the places that they can get
        ticks = bed.cpu_ticks()
        slowest_s = 0.0
        for _ in range(20):
            begin = time.monotonic()
            bed.status()
            slowest_s = max(slowest_s, time.monotonic() - begin)
            bed.command("p")
            time.sleep(0.1)
        ticks = bed.cpu_ticks() - ticks
        late_us, work_us, _ = bed.command("x")
        check(work_us < WORK_US_MAX, f"the host's timer had to wait for {work_us} us of work")
        print(f"in a flood: slowest answer {slowest_s * 1000:.0f} ms, timer at most {late_us / 1000:.1f} ms late, "
              f"{work_us / 1000:.1f} ms of CPU between two ticks, {ticks} ticks of CPU in 2 s")
        check(len(bed.operations) > 100, f"only {len(bed.operations)} changes were asked for")
    for s in watchers + changing:
        s.close()
    stop()
    bed.wait_served()
    bed.command("x")
    bed.operations.clear()


def test_limits(bed):
    connections = [bed.connect() for _ in range(40)]
    for s in connections:
        with contextlib.suppress(OSError):
            s.sendall(STATUS)
    answered = 0
    for s in connections:
        with contextlib.suppress(Failure, OSError):
            answered += read_message(s).startswith(b'{"parameters"')
    check(answered == 16, f"{answered} of 40 connections of one user were served")
    for s in connections:
        s.close()
    bed.wait_served()


def test_unread(bed):
    """Peers that take no answers, half-closed or not, cost nothing."""
    connections = [bed.connect() for _ in range(10)]
    for i, s in enumerate(connections):
        s.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            for _ in range(2000):
                s.send(STATUS * 20)
        if i % 2:
            s.shutdown(socket.SHUT_WR)

    def is_quiet():
        """On a busy machine there is something to do for longer; a loop that spins is never quiet."""
        ticks = bed.cpu_ticks()
        time.sleep(1)
        return bed.cpu_ticks() - ticks <= IDLE_TICKS_MAX
    wait_for("a second with nothing to do", is_quiet)
    bed.status()
    for s in connections:
        s.close()


def test_without_bus(bed):
    bed.end(bed.bus)
    for letter in "stbt":
        bed.command(letter)
    check(bed.status()["state"] == "standby", "no answer without the bus")


def test_end(bed):
    keep = bed.connect()
    bed.host.stdin.close()
    check(bed.host.wait(SLOW_S) == 0, "the host failed at its end")
    keep.close()


def is_gone(s):
    """Whether the other end closed, without a look at what it said."""
    poll = select.poll()
    poll.register(s, 0)
    return bool(poll.poll(0))


def test_idle(bed):
    """Who only dribbles is cut off, and who watches without reading; who watches and reads is not."""
    stalled, watching = bed.connect(), bed.connect()
    stalled.sendall(WATCH)
    watching.sendall(WATCH)
    threading.Thread(target=is_closed, args=(watching, 3 * SLOW_S), daemon=True).start()
    bed.command("l")
    for _ in range(4):
        time.sleep(0.3)  # longer than what is told as one change
        bed.command("p")
    begin = time.monotonic()
    dribble, silent, active = bed.connect(), bed.connect(), bed.connect()
    ends = {}
    while len(ends) < 3 and time.monotonic() - begin < IDLE_S + SLOW_S:
        for name, s in (("dribble", dribble), ("silent", silent)):
            if name not in ends and is_closed(s, 0):
                ends[name] = time.monotonic() - begin
        if "stalled" not in ends and is_gone(stalled):
            ends["stalled"] = time.monotonic() - begin
        if int(time.monotonic() - begin) % 5 == 0:
            active.sendall(STATUS)
            read_message(active)
        with contextlib.suppress(OSError):
            dribble.send(b" ")
        time.sleep(0.5)
    check(len(ends) == 3 and all(end > IDLE_S - 3 for end in ends.values()), ends)
    check(not is_gone(watching), "who watches and reads was cut off")
    print("cut off after", ", ".join(f"{name} {end:.1f} s" for name, end in ends.items()))
    active.sendall(STATUS)
    read_message(active)


def main():
    host, xml_file, *options = sys.argv[1:]
    with contextlib.ExitStack() as stack:
        bed = Bed(stack, host)
        if "--idle" in options:
            tests = [(test_idle, bed)]
        else:
            tests = [(test_varlink, bed), (test_introspection, bed, xml_file), (test_properties, bed),
                     (test_name, bed, host, stack), (test_operations, bed), (test_metrics, bed), (test_watch, bed), (test_limits, bed), (test_flood, bed, stack), (test_unread, bed),
                     (test_changes, bed, stack), (test_without_bus, bed), (test_end, bed)]
        for test, *arguments in tests:
            test(*arguments)
            print("ok", test.__name__)


if __name__ == "__main__":
    main()
