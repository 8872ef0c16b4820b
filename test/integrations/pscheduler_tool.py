"""The six programs of the pScheduler tool as its tests ask them, and what pScheduler's schemas say of their answers."""

import json
import os
import random
import subprocess
import threading

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

    def measure(self, kind, spec, participants=2):
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
                "schedule": {"start": "2026-01-01T00:00:00Z", "duration": "PT100S"},  # keeps from hanging
                "test": {"type": kind, "spec": spec}})

        threads = [threading.Thread(target=take_part, args=(number,)) for number in range(participants)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self.ask("merged-results", {"test": {"type": kind, "spec": spec}, "results": parts})
