#!/usr/bin/env python3
"""pscheduler.py UDPERF [ROOM]: the six programs of the pScheduler tool, piped as pScheduler pipes them,
with two real ends on 127.0.0.1, and every answer checked against what pScheduler's schemas say.
ROOM is where the programs are; the source tree's as a rule."""

import json
import os
import pathlib
import random
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

import jsonschema

SOURCE = pathlib.Path(__file__).resolve().parents[2]
ROOM = SOURCE / "app/integrations/pscheduler"
PROGRAM = "udperf"

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

    def __init__(self, folder):
        first = random.randrange(10000, 19000)
        settings = folder / "udperf.conf"
        settings.write_text(f"program = {PROGRAM}\nports = {first}-{first + 300}\n")
        self.environment = dict(os.environ, UDPERF_PSCHEDULER_CONF=str(settings),
                                PYTHONDONTWRITEBYTECODE="1")

    def raw(self, name, text):
        return subprocess.run([str(ROOM / name)], input=text, capture_output=True, text=True,
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


class PScheduler(unittest.TestCase):
    """Specifications in, results out."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.tool = Tool(pathlib.Path(self.folder.name))

    def reasons(self, kind, spec):
        answer = self.tool.ask("can-run", {"type": kind, "spec": spec})
        self.assertFalse(answer["can-run"])
        return " ".join(answer["reasons"])

    def check_throughput(self, result):
        jsonschema.validate(result, THROUGHPUT)
        self.assertTrue(result["succeeded"], result["diags"])
        whole = result["summary"]["summary"]
        for key in ("sent", "lost"):
            self.assertEqual(whole[key], sum(row["summary"][key] for row in result["intervals"]))
            self.assertEqual(whole[key], sum(row[key] for row in result["summary"]["streams"]))
            for row in result["intervals"]:
                self.assertEqual(row["summary"][key], sum(part[key] for part in row["streams"]))
        return whole

    def test_enumerate_names_the_tests(self):
        told = self.tool.ask("enumerate")
        jsonschema.validate(told, ENUMERATE)
        self.assertEqual(told["tests"], ["throughput", "latency"])

    def test_throughput_counts_every_datagram(self):
        rate, size, streams = random.randrange(2, 6) * 1_000_000, 1000, 3
        result = self.tool.measure("throughput", {
            "schema": 1, "source": "127.0.0.1", "dest": "127.0.0.1", "duration": "PT2S", "udp": True,
            "interval": "PT0.5S", "bandwidth": rate, "buffer-length": size, "parallel": streams,
            "ip-version": 4, "ip-tos": 184})
        whole = self.check_throughput(result)
        # 2 s at the rate of each stream, and never more; a host that stood still sends less.
        self.assertLessEqual(whole["sent"], streams * (2 * rate / 8 / size + 2))
        self.assertGreater(whole["sent"], streams)
        self.assertEqual(len(result["summary"]["streams"]), streams)
        self.assertGreater(whole["receiver-throughput-bits"], 0)
        self.assertGreater(whole["rtt"], 0)

    def test_throughput_backwards(self):
        result = self.tool.measure("throughput", {
            "schema": 1, "dest": "127.0.0.1", "duration": "PT1S", "udp": True, "reverse": True})
        whole = self.check_throughput(result)
        self.assertGreater(whole["sent"], 0)
        self.assertIn("--direction down", result["diags"])

    def test_throughput_leaves_out_what_it_is_told_to(self):
        spec = {"schema": 1, "dest": "127.0.0.1", "duration": "PT1S", "udp": True, "omit": "PT1.5S",
                "bandwidth": 2_000_000, "buffer-length": 1000, "interval": "PT0.5S"}
        result = self.tool.measure("throughput", spec)
        whole = self.check_throughput(result)
        # What was omitted is in neither count: 1 s at the rate, and not 2.5 s.
        self.assertLessEqual(whole["sent"], 2_000_000 / 8 / 1000 + 2)
        self.assertGreater(whole["sent"], 0)
        self.assertEqual(result["intervals"][0]["summary"]["start"], 0)
        self.assertIn("--omit 1500ms", result["diags"])
        with_it, without = (int(self.tool.ask("duration", dict(spec, omit=omit))["duration"][2:-1])
                            for omit in ("PT20S", "PT0S"))
        self.assertEqual(with_it - without, 20)

    def measure_beside_server(self, kind, spec, port_key):
        """A test with one participant, to a server that runs already."""
        ready, write = os.pipe()
        with subprocess.Popen([PROGRAM, "server", "--bind", "127.0.0.1", "--port", "0", "--one-off",
                               "--ready-fd", str(write)], pass_fds=[write],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
            os.close(write)
            try:
                with os.fdopen(ready) as line:
                    port = json.loads(line.readline())["data"]["port"]
                return self.tool.measure(kind, dict(spec, **{port_key: port}), participants=1)
            finally:
                server.terminate()

    def test_throughput_to_a_server_that_runs(self):
        self.check_throughput(self.measure_beside_server("throughput", {
            "schema": 1, "dest": "127.0.0.1", "duration": "PT1S", "udp": True,
            "single-ended": True}, "single-ended-port"))

    def test_a_long_path_has_more_room(self):
        spec = {"schema": 1, "dest": "h", "duration": "PT10S", "udp": True}
        near, far = (int(self.tool.ask("duration", dict(spec, **more))["duration"][2:-1])
                     for more in ({}, {"link-rtt": "PT0.6S"}))
        self.assertEqual(far - near, 12)

    def check_latency(self, spec):
        return self.check_delays(spec, self.tool.measure("latency", spec))

    def check_delays(self, spec, result):
        jsonschema.validate(result, LATENCY)
        self.assertTrue(result["succeeded"], result["diags"])
        self.assertEqual(result["packets-sent"], spec["packet-count"])
        self.assertEqual(result["packets-sent"], result["packets-received"] + result["packets-lost"])
        self.assertEqual(sum(result["histogram-latency"].values()), result["packets-received"])
        return result

    def test_latency_tells_the_delay_of_every_packet(self):
        self.check_latency({"schema": 1, "source": "127.0.0.1", "dest": "127.0.0.1",
                            "packet-count": random.randrange(30, 60), "packet-interval": 0.03,
                            "packet-padding": 100, "bucket-width": 0.00001})

    def test_latency_flipped(self):
        result = self.check_latency({"schema": 1, "source": "127.0.0.1", "dest": "127.0.0.1",
                                     "packet-count": 20, "packet-interval": 0.05, "flip": True})
        self.assertIn("--direction down", result["diags"])

    def test_latency_to_a_server_that_runs(self):
        spec = {"schema": 1, "dest": "127.0.0.1", "packet-count": 25, "packet-interval": 0.04,
                "single-participant-mode": True}
        self.check_delays(spec, self.measure_beside_server("latency", spec, "ctrl-port"))

    def test_what_udperf_cannot_do_has_a_reason(self):
        base = {"schema": 1, "dest": "127.0.0.1", "udp": True}
        self.assertIn("UDP only", self.reasons("throughput", {"schema": 1, "dest": "h"}))
        self.assertIn("congestion", self.reasons("throughput", dict(base, congestion="bbr")))
        self.assertIn("omit", self.reasons("throughput", dict(base, omit="PT2H")))
        self.assertIn("ISO 8601", self.reasons("throughput", dict(base, duration="10")))
        self.assertIn("parallel", self.reasons("throughput", dict(base, parallel=129)))
        self.assertIn("destination", self.reasons("throughput", dict(base, dest="--output=/x")))
        self.assertIn("packet-interval", self.reasons("latency", {"dest": "h", "packet-interval": 0.001}))
        self.assertIn("output-raw", self.reasons("latency", {"dest": "h", "output-raw": True}))
        alone = {"dest": "h", "single-participant-mode": True}
        self.assertIn("two participants", self.reasons("latency", dict(alone, source="g", flip=True)))
        self.assertIn("ctrl-port", self.reasons("latency", {"dest": "h", "ctrl-port": 861}))
        self.assertIn("ctrl-port", self.reasons("latency", dict(alone, **{"ctrl-port": 0})))
        self.assertIn("single-ended", self.reasons("throughput", dict(base, **{"single-ended-port": 9})))
        self.assertIn("link-rtt", self.reasons("throughput", dict(base, **{"link-rtt": "PT1M"})))
        self.assertIn("trace", self.reasons("trace", base))
        self.assertIn("specification", self.reasons("throughput", None))

    def test_what_udperf_would_refuse_is_not_said_to_run(self):
        base = {"schema": 1, "dest": "127.0.0.1", "udp": True}
        for more in ({"duration": "PT0.0001S"}, {"duration": "P900D"}, {"bandwidth": 10**12, "parallel": 2},
                     {"bandwidth": 10**12, "buffer-length": 40}, {"window-size": 2**30},
                     {"local-address": "--json"}, {"local-address": 17},
                     {"duration": "PT2H", "interval": "PT0.01S"}):
            self.reasons("throughput", dict(base, **more))
        self.reasons("latency", {"schema": 1, "dest": "127.0.0.1", "packet-count": 50_001})
        self.reasons("latency", {"schema": 1, "dest": "127.0.0.1", "packet-timeout": -1})

    def test_what_is_said_to_run_is_no_misuse_of_udperf(self):
        sys.path.insert(0, str(ROOM))
        import udperf_spec  # pylint: disable=import-outside-toplevel
        base = {"schema": 1, "dest": "127.0.0.1", "udp": True}
        plans = [udperf_spec.plan_of("throughput", dict(base, **more)) for more in (
            {}, {"duration": "PT0.001S"}, {"duration": "P31D", "interval": "PT1H"}, {"bandwidth": 10**12},
            {"bandwidth": 1, "parallel": 128}, {"bandwidth": 32 * 10**10, "buffer-length": 40}, {"window-size": 2**30 - 1},
            {"local-address": "127.0.0.1"}, {"local-address": "127.0.0.1", "ip-version": 4, "ip-tos": 255},
            {"omit": "PT1H"}, {"omit": "PT0.001S"}, {"duration": "PT990S", "interval": "PT0.01S"},
            {"reverse": True, "buffer-length": 65507, "parallel": 128})]
        plans += [udperf_spec.plan_of("latency", {"schema": 1, "dest": "127.0.0.1", **more}) for more in (
            {}, {"packet-count": 49_500, "packet-interval": 0.02}, {"packet-count": 1, "packet-interval": 60},
            {"packet-padding": 65000, "packet-interval": 0.02}, {"packet-padding": 0, "packet-interval": 60})]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:  # takes what is sent and says nothing
            silent.bind(("127.0.0.1", 0))
            for plan in plans:
                done = subprocess.run([PROGRAM, "client", plan.host, "--port", str(silent.getsockname()[1]),
                                       "--connect-timeout", "10ms", *plan.arguments], capture_output=True, text=True,
                                      timeout=60, check=False)
                self.assertEqual(done.returncode, 3, f"{plan.arguments}: {done.stderr}")

    def test_what_takes_longer_than_the_timeout_is_lost(self):
        spec = {"schema": 1, "source": "127.0.0.1", "dest": "127.0.0.1", "packet-count": 10,
                "packet-interval": 0.02, "packet-timeout": 1e-9}
        self.assertEqual(self.check_latency(spec)["packets-lost"], 10)
        self.assertEqual(self.check_latency(dict(spec, **{"packet-timeout": 60}))["packets-sent"], 10)

    def test_durations_have_room_for_setting_up(self):
        for text, seconds in (("PT10S", 10), ("PT1M30S", 90), ("PT0.5S", 0.5), ("P1DT1H", 90000)):
            told = self.tool.ask("duration", {"dest": "h", "udp": True, "duration": text})["duration"]
            self.assertRegex(told, r"^PT\d+S$")
            self.assertGreaterEqual(int(told[2:-1]), seconds + 10)

    def test_a_server_that_is_not_there_is_a_failed_result(self):
        result = self.tool.measure("throughput", {
            "schema": 1, "dest": "127.0.0.1", "duration": "PT1S", "udp": True, "single-ended": True,
            "single-ended-port": 1}, participants=1)
        jsonschema.validate(result, THROUGHPUT)
        self.assertFalse(result["succeeded"])
        self.assertIn("127.0.0.1", result["diags"])

    def test_what_is_no_input_fails_with_a_reason(self):
        for name in ("can-run", "duration", "participant-data", "run", "merged-results"):
            for text in ("", "[]", "{", '{"participant": 7, "test": 3}'):
                done = self.tool.raw(name, text)
                if done.returncode == 0:
                    self.assertEqual((name, json.loads(done.stdout)["can-run"]), ("can-run", False))
                else:
                    self.assertNotIn("Traceback", done.stderr, name)
                    self.assertTrue(done.stderr.strip(), name)


if __name__ == "__main__":
    PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
    if len(sys.argv) > 1:
        ROOM = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=1)
