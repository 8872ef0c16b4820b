"""What the six programs share: JSON in and out, and running udperf."""

import json
import os
import random
import socket
import subprocess
import sys
import tempfile

CONFIGURATION = os.environ.get("UDPERF_PSCHEDULER_CONF", "/etc/pscheduler/tool/udperf.conf")
DEFAULTS = {"program": "udperf", "ports": "8760-9960"}  # perfSONAR's test ports: firewalls let them in
MOST_INPUT = 1 << 24


def fail(message):
    """pScheduler takes a failure from the exit status, and the reason from stderr."""
    print(message, file=sys.stderr)
    sys.exit(1)


def read_input():
    """The JSON object on stdin."""
    text = sys.stdin.read(MOST_INPUT + 1)
    if len(text) > MOST_INPUT:
        fail("the input is too long")
    try:
        value = json.loads(text)
    except ValueError as problem:
        fail(f"the input is not JSON: {problem}")
    if not isinstance(value, dict):
        fail("the input is not a JSON object")
    return value


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
    return settings


def free_port():
    """A UDP port of the configured range that nobody has now, at either IP version."""
    first, _, last = configuration()["ports"].partition("-")
    try:
        ports = list(range(int(first), int(last or first) + 1))
    except ValueError:
        fail(f"{CONFIGURATION}: ports is FIRST-LAST")
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
    made = subprocess.run([configuration()["program"], "keygen"], capture_output=True, text=True,
                          timeout=30, check=False)
    if made.returncode != 0:
        fail(f"udperf keygen: {made.stderr.strip()}")
    return made.stdout


class KeyFile:
    """The key as a file that only its owner can read, while it is needed."""

    def __init__(self, text):
        self.text = text
        self.path = None

    def __enter__(self):
        if not isinstance(self.text, str) or not self.text:
            fail("the participant that serves has told no key")
        handle, self.path = tempfile.mkstemp(prefix="udperf-pscheduler-")  # 0600
        with os.fdopen(handle, "w", encoding="utf-8") as key:
            key.write(self.text)
        return self.path

    def __exit__(self, *_):
        os.unlink(self.path)


def run_server(data, limit):
    """Serves one test, at most `limit` seconds; the result of this participant."""
    with KeyFile(data.get("key")) as key:
        command = [configuration()["program"], "server", "--one-off", "--port", str(data["port"]),
                   "--key-file", key, "--realtime", "auto"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False)
        except subprocess.TimeoutExpired:
            return {"succeeded": False, "error": f"no client came within {limit:.0f} s", "diags": ""}
        except OSError as problem:
            return {"succeeded": False, "error": f"udperf: {problem}", "diags": ""}
    if done.returncode != 0:
        return {"succeeded": False, "error": done.stderr.strip(), "diags": done.stdout}
    return {"succeeded": True, "diags": done.stdout}


def run_client(plan, data, limit):
    """The result document (None where there is none) and what was run, for people."""
    program = configuration()["program"]
    command = [program, "client", plan.host, "--json", "--quiet", "--wait-server", "10s"]
    if plan.server_runs_already:
        return run_to_document(command + ["--port", str(plan.server_port)] + plan.arguments, limit)
    server = data[1 - plan.client]
    with KeyFile(server.get("key")) as key:
        command += ["--port", str(server["port"]), "--key-file", key]
        return run_to_document(command + plan.arguments, limit)


def run_to_document(command, limit):
    """Runs a client; its document and its command line with what it said on stderr."""
    shown = " ".join(command)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        return None, f"{shown}\nnot done within {limit:.0f} s"
    except OSError as problem:
        return None, f"{shown}\n{problem}"
    try:
        return json.loads(done.stdout), f"{shown}\n{done.stderr}"
    except ValueError:
        return None, f"{shown}\n{done.stderr}"
