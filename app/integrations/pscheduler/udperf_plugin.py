"""What the six programs share: JSON in and out, checked, and running udperf."""

import datetime
import json
import os
import pathlib
import random
import socket
import subprocess
import sys
import tempfile

import udperf_address
import udperf_spec

CONFIGURATION = os.environ.get("UDPERF_PSCHEDULER_CONF", "/etc/pscheduler/tool/udperf.conf")
DEFAULTS = {"program": "udperf", "ports": "8760-9960",  # perfSONAR's test ports: firewalls let them in
            "tests": "throughput latency",
            "latency-port": "",  # of the servers that latency tests are measured against
            "preference": "20"}  # above iperf3 (10) for what both can do: only UDP is taken here
MOST_INPUT = 1 << 24
LAST_PORT = 65535
# pScheduler starts a participant somewhat before its time (run_start_margin, 3 s); what is further away is no such
# time but a clock that is wrong.
LONGEST_WAIT = 60
# classes/test beside the folder classes/tool/udperf that this file is in, where there is a pScheduler.
TESTS = pathlib.Path(__file__).absolute().parents[2] / "test"
KINDS = {dict: "an object", list: "an array", int: "a whole number", str: "a text"}


def fail(message):
    """pScheduler takes a failure from the exit status, and the reason from stderr."""
    print(message, file=sys.stderr)
    sys.exit(1)


def checked(value, name, kind):
    """The value, which has to be of this kind."""
    if not isinstance(value, kind) or isinstance(value, bool):
        fail(f"the input's {name} is not {KINDS[kind]}: {json.dumps(value)[:100]}")
    return value


def read_input():
    """The JSON object on stdin."""
    text = sys.stdin.buffer.read(MOST_INPUT + 1)
    if len(text) > MOST_INPUT:
        fail("the input is too long")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as problem:
        fail(f"the input is not JSON: {problem}")
    return checked(value, "outermost value", dict)


def member(value, name, kind):
    """value[name], which has to be there and of this kind."""
    return checked(value.get(name), name, kind)


def plan_in(request, participants):
    """The Plan of the test in an input, which has so many participants."""
    test = member(request, "test", dict)
    try:
        return udperf_spec.plan_of(test.get("type"), test.get("spec"), participants)
    except udperf_spec.Unsupported as problem:
        return fail(str(problem))


def seconds_in(request):
    """How long the schedule has for a run."""
    try:
        return udperf_spec.seconds_of(member(request, "schedule", dict).get("duration"))
    except udperf_spec.Unsupported as problem:
        return fail(f"the schedule's duration: {problem}")


def seconds_ahead(request):
    """How long until a run is due; 0 where it is, or nothing says when."""
    start = member(request, "schedule", dict).get("start")
    if start is None:
        return 0
    try:
        due = datetime.datetime.fromisoformat(checked(start, "schedule's start", str).replace("Z", "+00:00"))
    except ValueError:
        return fail(f"the schedule's start is no time: {start}")
    if due.tzinfo is None:
        due = due.replace(tzinfo=datetime.timezone.utc)
    ahead = (due - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
    return ahead if 0 < ahead <= LONGEST_WAIT else 0


def participants_of(kind, spec):
    """How many participants pScheduler gives such a test; 2, which udperf would have, where nothing here tells."""
    program = TESTS / kind / "participants"
    try:
        told = subprocess.run([str(program)], input=json.dumps(spec), capture_output=True, text=True, timeout=10,
                              check=False).stdout
        return len(json.loads(told)["participants"])
    except (OSError, ValueError, KeyError, TypeError, subprocess.TimeoutExpired):
        return 2


def reasons_against(kind, spec):
    """Why udperf cannot run a test here: a list of texts, empty where it can."""
    # Of `latency` every release of pScheduler makes a test of one participant, and leaves it to the tool what answers.
    participants = participants_of(kind, spec) if kind == "latency" else 2
    reasons = udperf_spec.reasons_against(kind, spec, participants)
    if reasons or participants != 1 or spec.get("protocol") == udperf_spec.PROTOCOL or latency_port():
        return reasons
    return ["latency has one participant here, and udperf needs a udperf server at the other end: where one runs, say "
            f"--protocol {udperf_spec.PROTOCOL}, or have latency-port in {CONFIGURATION}"]


def write_output(value):
    """The answer, as one JSON document."""
    print(json.dumps(value, allow_nan=False))


def configuration():
    """`name = value` lines of the configuration file over DEFAULTS."""
    settings = dict(DEFAULTS)
    try:
        with open(CONFIGURATION, encoding="utf-8") as lines:
            for line in lines:
                name, equals, value = line.partition("#")[0].partition("=")
                if equals:
                    settings[name.strip()] = value.strip()
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as problem:
        fail(f"{CONFIGURATION}: {problem}")
    return settings


def offered_tests():
    """The tests that pScheduler may give to this tool, and its preference among the tools for them."""
    settings = configuration()
    tests = settings["tests"].split()
    if not tests or not set(tests) <= set(DEFAULTS["tests"].split()):
        fail(f"{CONFIGURATION}: tests is some of: {DEFAULTS['tests']}, not {settings['tests']}")
    try:
        return tests, int(settings["preference"])
    except ValueError:
        return fail(f"{CONFIGURATION}: preference is a whole number, not {settings['preference']}")


def latency_port():
    """The port of the servers that latency tests are measured against; None where none is configured."""
    text = configuration()["latency-port"]
    try:
        port = int(text) if text else None
    except ValueError:
        port = 0
    if port is not None and not 1 <= port <= LAST_PORT:
        fail(f"{CONFIGURATION}: latency-port is within 1..{LAST_PORT}, not {text}")
    return port


def ports_of(text):
    """The ports of FIRST-LAST, or of one port."""
    first, _, last = text.partition("-")
    try:
        ports = list(range(int(first), min(int(last or first), LAST_PORT + 1) + 1))
    except ValueError:
        ports = []
    if not ports or ports[0] < 1 or ports[-1] > LAST_PORT:
        fail(f"{CONFIGURATION}: ports is FIRST-LAST, within 1..{LAST_PORT}, not {text}")
    return ports


def free_port():
    """A UDP port of the configured range that nobody has now, at either IP version."""
    ports = ports_of(configuration()["ports"])
    random.shuffle(ports)
    family = socket.AF_INET6 if os.path.exists("/proc/net/if_inet6") else socket.AF_INET
    for port in ports:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("", port))
                return port
            except OSError:
                continue
    return fail("no UDP port of the configured range is free")


def new_key():
    """A key for this one test: whoever else finds the port is not served."""
    try:
        made = subprocess.run([configuration()["program"], "keygen"], capture_output=True, text=True,
                              timeout=30, check=False)
    except (OSError, ValueError, subprocess.TimeoutExpired) as problem:
        return fail(f"udperf keygen: {problem}")
    if made.returncode != 0:
        fail(f"udperf keygen: {made.stderr.strip()}")
    return made.stdout


class Offer:
    """What a participant told before the run: a port that it can serve on, and a key."""

    def __init__(self, data):
        checked(data, "participant-data", dict)
        self.port = member(data, "port", int)
        if not 1 <= self.port <= LAST_PORT:
            fail(f"the input's port is not in 1..{LAST_PORT}: {self.port}")
        self.key = member(data, "key", str)


class KeyFile:
    """The key as a file that only its owner can read, while it is needed."""

    def __init__(self, text):
        self.text = text
        self.path = None

    def __enter__(self):
        try:
            handle, self.path = tempfile.mkstemp(prefix="udperf-pscheduler-")  # 0600
            with os.fdopen(handle, "w", encoding="utf-8") as key:
                key.write(self.text)
        except (OSError, ValueError) as problem:
            self.__exit__()
            fail(f"no file for the key: {problem}")
        return self.path

    def __exit__(self, *_):
        if self.path is not None:
            os.unlink(self.path)


def run_udperf(arguments, limit):
    """(what udperf did, None), or (None, why it did not)."""
    command = [configuration()["program"]] + arguments
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=min(limit, udperf_spec.LONGEST * 2),
                              check=False), None
    except subprocess.TimeoutExpired:
        return None, f"not done within {limit:.0f} s"
    except (OSError, ValueError) as problem:
        return None, f"udperf: {problem}"


def run_server(offer, limit):
    """Serves one test, at most `limit` seconds; the result of this participant."""
    with KeyFile(offer.key) as key:
        done, problem = run_udperf(["server", "--one-off", "--port", str(offer.port), "--key-file", key,
                                    "--realtime", "auto"], limit)
    if done is None:
        return {"succeeded": False, "error": f"no test was served: {problem}", "diags": ""}
    if done.returncode != 0:
        return {"succeeded": False, "error": done.stderr.strip(), "diags": done.stdout}
    return {"succeeded": True, "diags": done.stdout}


def run_client(plan, server, limit):
    """The result document (None where there is none) and what was run, for people. `server` is the Offer of
    the other participant, None where a server runs already."""
    own = plan.own_address or plan.own_host
    address = own and udperf_address.own_address(own, plan.host, plan.ip_version)
    if plan.own_address and not address:
        return None, f"no address of this host by the name {own} leads to {plan.host}"
    arguments = ["client", plan.host, "--json", "--quiet", "--wait-server", "10s"]
    if address:
        arguments += ["--bind", address]
    if server is None:
        port = plan.server_port or latency_port() or udperf_spec.SERVER_PORT
        return run_to_document(arguments + ["--port", str(port)] + plan.arguments, limit)
    with KeyFile(server.key) as key:
        arguments += ["--port", str(server.port), "--key-file", key]
        return run_to_document(arguments + plan.arguments, limit)


def run_to_document(arguments, limit):
    """Runs a client; its document and its command line with what it said on stderr."""
    shown = " ".join(["udperf"] + arguments)
    done, problem = run_udperf(arguments, limit)
    if done is None:
        return None, f"{shown}\n{problem}"
    try:
        document = json.loads(done.stdout)
    except ValueError:
        document = None
    return document if isinstance(document, dict) else None, f"{shown}\n{done.stderr}"
