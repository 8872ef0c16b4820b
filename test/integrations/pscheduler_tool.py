"""The six programs of the pScheduler tool as its tests ask them, and what pScheduler's schemas say of their answers."""

import json
import os
import pathlib
import random
import subprocess
import tempfile
import threading
import unittest

import jsonschema

CARDINAL = {"type": "integer", "minimum": 0}
COUNT = {"type": ["integer", "null"], "minimum": 0}
FIGURES = {
    "type": "object", "additionalProperties": False,
    "properties": {
        "throughput-bits": {"type": "number"}, "receiver-throughput-bits": {"type": "number"},
        "sent": COUNT, "lost": COUNT, "jitter": {"type": ["number", "null"]},
        "rtt": {"type": ["number", "null"]}, "stream-id": {"type": ["string", "integer"]},
        "start": {"type": "number"}, "end": {"type": "number"}},
}
PART = {"type": "object",
        "properties": {"streams": {"type": "array", "items": FIGURES}, "summary": FIGURES}}
THROUGHPUT = {
    "type": "object", "additionalProperties": False,
    "required": ["succeeded", "diags", "intervals", "summary"],
    "properties": {"succeeded": {"type": "boolean"}, "diags": {"type": "string"},
                   "intervals": {"type": "array", "items": PART}, "summary": PART},
}
LATENCY = {
    "type": "object", "required": ["schema", "succeeded"],
    "properties": {
        "schema": {"type": "integer", "minimum": 1}, "succeeded": {"type": "boolean"},
        "packets-sent": CARDINAL, "packets-received": CARDINAL, "packets-lost": CARDINAL,
        "packets-duplicated": CARDINAL, "packets-reordered": CARDINAL,
        "max-clock-error": {"type": "number"},
        "histogram-latency": {
            "type": "object", "additionalProperties": False,
            "patternProperties": {r"^[-+]?([0-9]+(\.[0-9]+)?|\.[0-9]+)$": {"type": "integer"}}}},
}
ENUMERATE = {
    "type": "object", "required": ["schema", "name", "description", "version", "tests", "preference"],
    "properties": {"schema": {"const": 1}, "name": {"const": "udperf"},
                   "tests": {"type": "array", "items": {"type": "string"}},
                   "preference": {"type": "integer"}},
}


def published(value):
    """As pScheduler's interface hands it on from one host to another: what has a private name is null."""
    if isinstance(value, dict):
        return {name: None if name.startswith("_") else published(part) for name, part in value.items()}
    return [published(part) for part in value] if isinstance(value, list) else value


class Tool:
    """The programs, with a configuration that takes ports which the kernel gives to nobody, nor the
    other tests of this machine (test/e2e/program.cpp) to theirs: what is free stays so."""

    def __init__(self, folder, room, program):
        self.room = room
        first = random.randrange(10000, 19000)
        settings = self.settings = folder / "udperf.conf"
        settings.write_text(f"program = {program}\nports = {first}-{first + 300}\n")
        self.environment = dict(os.environ, UDPERF_PSCHEDULER_CONF=str(settings),
                                PYTHONDONTWRITEBYTECODE="1")

    def raw(self, name, text):
        return subprocess.run([str(self.room / name)], input=text, capture_output=True, text=True,
                              env=self.environment, timeout=120, check=False)

    def ask(self, name, question=None):
        done = self.raw(name, "" if question is None else json.dumps(question))
        assert done.returncode == 0, f"{name}: {done.stderr}"
        return json.loads(done.stdout)

    def measure(self, kind, spec, participants=2, slot="PT100S"):
        """All six in pScheduler's order; the merged result."""
        self.ask("enumerate")
        answer = self.ask("can-run", {"type": kind, "spec": spec})
        assert answer == {"can-run": True}, answer
        self.ask("duration", spec)
        data = [published(self.ask("participant-data", {"participant": number, "type": kind, "spec": spec}))
                for number in range(participants)]
        parts = [None] * participants

        def take_part(number):
            parts[number] = self.ask("run", {
                "schema": 1, "participant": number, "participant-data": data,
                "schedule": {"start": "2026-01-01T00:00:00Z", "duration": slot},  # keeps from hanging
                "test": {"type": kind, "spec": spec}})

        threads = [threading.Thread(target=take_part, args=(number,)) for number in range(participants)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self.ask("merged-results", {"test": {"type": kind, "spec": spec}, "results": parts})


class ToolCase(unittest.TestCase):
    """A case with the programs of `room`, which run `program`; pscheduler.py says which these are."""

    room = None
    program = None

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.tool = Tool(pathlib.Path(self.folder.name), self.room, self.program)

    def reasons(self, kind, spec):
        answer = self.tool.ask("can-run", {"type": kind, "spec": spec})
        self.assertFalse(answer["can-run"])
        return " ".join(answer["reasons"])

    def check_latency(self, spec):
        return self.check_delays(spec, self.tool.measure("latency", spec))

    def check_delays(self, spec, result):
        jsonschema.validate(result, LATENCY)
        self.assertTrue(result["succeeded"], result["diags"])
        self.assertEqual(result["packets-sent"], spec["packet-count"])
        self.assertEqual(result["packets-sent"], result["packets-received"] + result["packets-lost"])
        self.assertEqual(sum(result["histogram-latency"].values()), result["packets-received"])
        return result

    def measure_beside_server(self, kind, spec, port_key):
        """A test with one participant, to a server that runs already at the other end."""
        far = spec["source" if spec.get("flip") else "dest"]
        ready, write = os.pipe()
        with subprocess.Popen([self.program, "server", "--bind", far, "--port", "0", "--one-off",
                               "--ready-fd", str(write)], pass_fds=[write],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
            os.close(write)
            try:
                with os.fdopen(ready) as line:
                    port = json.loads(line.readline())["data"]["port"]
                return self.tool.measure(kind, dict(spec, **{port_key: port}), participants=1)
            finally:
                server.terminate()

    def question(self, kind, spec):
        """What `run` is asked of the client."""
        return {"schema": 1, "participant": 0, "schedule": {"start": "2026-01-01T00:00:00Z", "duration": "PT100S"},
                "participant-data": [{"port": 9, "key": "k"}, {"port": 9, "key": "k"}],
                "test": {"type": kind, "spec": spec}}

    def refused(self, name, question):
        """Why a program fails: in words, and not by a traceback."""
        done = self.tool.raw(name, json.dumps(question))
        self.assertNotEqual(done.returncode, 0, (name, question))
        self.assertNotIn("Traceback", done.stderr, (name, question))
        self.assertTrue(done.stderr.strip(), (name, question))
        return done.stderr
