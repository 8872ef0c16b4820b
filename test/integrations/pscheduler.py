#!/usr/bin/env python3
"""pscheduler.py UDPERF [ROOM]: the six programs of the pScheduler tool, piped as pScheduler pipes them,
with two real ends on 127.0.0.1, and every answer checked against what pScheduler's schemas say.
ROOM is where the programs are; the source tree's as a rule."""

import datetime
import json
import pathlib
import random
import socket
import subprocess
import sys
import time
import unittest

import jsonschema

from pscheduler_latency import Latency  # pylint: disable=unused-import # its cases are run, too
from pscheduler_tool import ENUMERATE, LATENCY, THROUGHPUT, ToolCase

SOURCE = pathlib.Path(__file__).resolve().parents[2]
ROOM = SOURCE / "app/integrations/pscheduler"


class PScheduler(ToolCase):
    """Specifications in, results out."""

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
        self.assertEqual((told["tests"], told["preference"]), (["throughput", "latency"], 20))
        self.tool.settings.write_text("tests = throughput\npreference = -1\n")
        told = self.tool.ask("enumerate")
        self.assertEqual((told["tests"], told["preference"]), (["throughput"], -1))

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
            "schema": 1, "dest": "127.0.0.1", "duration": "PT1S", "udp": True, "reverse": True}, slot="PT0.5S")
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

    def test_throughput_to_a_server_that_runs(self):
        self.check_throughput(self.measure_beside_server("throughput", {
            "schema": 1, "dest": "127.0.0.1", "duration": "PT1S", "udp": True,
            "single-ended": True}, "single-ended-port"))

    def test_a_long_path_has_more_room(self):
        spec = {"schema": 1, "dest": "h", "duration": "PT10S", "udp": True}
        near, far = (int(self.tool.ask("duration", dict(spec, **more))["duration"][2:-1])
                     for more in ({}, {"link-rtt": "PT0.6S"}))
        self.assertEqual(far - near, 12)

    def test_a_client_waits_for_its_time(self):
        spec = {"dest": "127.0.0.1", "udp": True}
        self.tool.settings.write_text("program = /nonexistent\n")
        for ahead, least in ((0.7, 0.7), (-5, 0), (10_000, 0)):
            since = time.monotonic()
            due = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=ahead)
            self.tool.ask("run", dict(self.question("throughput", spec),
                                      schedule={"start": due.isoformat(), "duration": "PT100S"}))
            self.assertGreaterEqual(time.monotonic() - since, least)
        self.assertIn("start", self.refused("run", dict(self.question("throughput", spec), schedule={
            "start": "soon", "duration": "PT100S"})))

    def test_what_udperf_cannot_do_has_a_reason(self):
        base = {"schema": 1, "dest": "127.0.0.1", "udp": True}
        self.assertIn("UDP only", self.reasons("throughput", {"schema": 1, "dest": "h"}))
        self.assertIn("congestion", self.reasons("throughput", dict(base, congestion="bbr")))
        self.assertIn("omit", self.reasons("throughput", dict(base, omit="PT2H")))
        self.assertIn("ISO 8601", self.reasons("throughput", dict(base, duration="10")))
        self.assertIn("parallel", self.reasons("throughput", dict(base, parallel=129)))
        self.assertIn("dest ", self.reasons("throughput", dict(base, dest="--output=/x")))
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
                     {"local-address": "--json"}, {"local-address": 17}, {"dest": "a\0b"}, {"source": 17},
                     {"duration": "PT2H", "interval": "PT0.01S"}):
            self.reasons("throughput", dict(base, **more))
        self.reasons("latency", {"schema": 1, "dest": "127.0.0.1", "packet-count": 50_001})
        self.reasons("latency", {"schema": 1, "dest": "127.0.0.1", "packet-timeout": -1})

    def test_what_is_said_to_run_is_no_misuse_of_udperf(self):
        sys.path.insert(0, str(self.room))
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
                done = subprocess.run([self.program, "client", plan.host, "--port", str(silent.getsockname()[1]),
                                       "--connect-timeout", "10ms", *plan.arguments], capture_output=True, text=True,
                                      timeout=60, check=False)
                self.assertEqual(done.returncode, 3, f"{plan.arguments}: {done.stderr}")

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

    def test_a_client_sends_from_the_source(self):
        for spec in ({"source": "127.0.0.3"}, {"source": "127.0.0.3", "local-address": "127.0.0.4"},
                     {"local-address": "localhost", "ip-version": 4}):
            result = self.tool.measure("throughput", {
                "schema": 1, "dest": "127.0.0.1", "duration": "PT0.1S", "udp": True, **spec})
            self.check_throughput(result)
            own = spec.get("local-address", spec.get("source")).replace("localhost", "127.0.0.1")
            self.assertIn(f"--bind {own} ", result["diags"])
        self.assertIn("--bind 127.0.0.3 ", self.check_latency({
            "schema": 1, "source": "127.0.0.1", "dest": "127.0.0.3", "packet-count": 5, "flip": True})["diags"])

    def test_a_source_that_is_not_this_host_s_is_no_reason_not_to_test(self):
        spec = {"schema": 1, "source": "192.0.2.77", "dest": "127.0.0.1", "duration": "PT0.1S", "udp": True}
        result = self.tool.measure("throughput", spec)
        self.check_throughput(result)
        self.assertNotIn("--bind", result["diags"])
        for own in ("192.0.2.77", "::1"):
            result = self.tool.ask("run", self.question("throughput", dict(spec, **{"local-address": own})))
            self.assertFalse(result["succeeded"])
            self.assertIn(f"{own} leads to 127.0.0.1", result["diags"])

    def test_an_own_name_that_leads_nowhere_is_not_sent_from(self):
        sys.path.insert(0, str(self.room))
        import udperf_address  # pylint: disable=import-outside-toplevel
        # As where /etc/hosts has 127.0.1.1 for the host's name.
        self.assertIsNone(udperf_address.own_address("127.0.1.1", "192.0.2.1", None))
        self.assertEqual(udperf_address.own_address("127.0.1.1", "127.0.0.1", None), "127.0.1.1")

    def test_what_is_off_changes_nothing(self):
        for kind, spec in (("throughput", {"udp": True, "loopback": False, "zero-copy": False, "mss": None,
                                           "single-ended-port": None}),
                           ("latency", {"reverse": False, "output-raw": False, "ctrl-port": None})):
            answer = self.tool.ask("can-run", {"type": kind, "spec": dict(spec, schema=1, dest="127.0.0.1")})
            self.assertEqual(answer, {"can-run": True})

    def test_what_is_always_so_may_be_asked_for(self):
        spec = {"schema": 1, "dest": "127.0.0.1", "udp": True, "bandwidth-strict": True, "no-delay": True}
        self.assertEqual(self.tool.ask("can-run", {"type": "throughput", "spec": spec}), {"can-run": True})
        self.assertIn("no-delay", self.reasons("latency", {"dest": "h", "no-delay": True}))

    def test_what_is_no_input_fails_with_a_reason(self):
        for name in ("can-run", "duration", "participant-data", "run", "merged-results"):
            for text in ("", "[]", "{", '{"participant": 7, "test": 3}', "[" * 100_000):
                done = self.tool.raw(name, text)
                if done.returncode == 0:
                    self.assertEqual((name, json.loads(done.stdout)["can-run"]), ("can-run", False))
                else:
                    self.assertNotIn("Traceback", done.stderr, name)
                    self.assertTrue(done.stderr.strip(), name)

    def test_every_part_of_an_input_is_checked(self):
        good = self.question("throughput", {"dest": "127.0.0.1", "udp": True})
        other = {"port": 9, "key": "k"}
        for name, value in [(name, value) for name in good if name != "schema" for value in (None, 3.5, "x", [], {})]:
            self.refused("run", dict(good, **{name: value}))
        for data in ({}, 3, None, {"key": "k"}, {"port": 9}, dict(other, port=0), dict(other, port=70000),
                     dict(other, port=True), dict(other, key=None)):
            self.assertIn("input", self.refused("run", dict(good, **{"participant-data": [other, data]})))
            self.assertIn("input", self.refused("run", dict(good, participant=1, **{"participant-data": [other, data]})))
        for results in (None, 3, {}):
            self.assertIn("results", self.refused("merged-results", {"test": good["test"], "results": results}))
        self.assertIn("duration", self.refused("run", dict(good, schedule={"duration": "soon"})))

    def test_a_result_without_figures_did_not_succeed(self):
        specs = {"throughput": {"dest": "h", "udp": True}, "latency": {"dest": "h"}}
        for kind, schema in (("throughput", THROUGHPUT), ("latency", LATENCY)):
            for results in ([{"succeeded": True}, None], [{}, {}], [None, {"succeeded": True}], [], [3, "x"]):
                merged = self.tool.ask("merged-results", {"test": {"type": kind, "spec": specs[kind]},
                                                          "results": results})
                jsonschema.validate(merged, schema)
                self.assertFalse(merged["succeeded"], (kind, results))

    def test_what_is_configured_wrongly_is_said(self):
        for line, program in (("program = /nonexistent", "participant-data"), ("program = /", "participant-data"),
                              ("ports = 100000-100010", "participant-data"), ("ports = 0", "participant-data"),
                              ("ports = 9-8", "participant-data"), ("ports = 1-99999999999", "participant-data"),
                              ("tests = trace", "enumerate"), ("tests =", "enumerate"), ("preference = high", "enumerate")):
            self.tool.settings.write_text(line + "\n")
            self.refused(program, {"participant": 0})
        self.tool.settings.write_bytes(b"\xff")
        self.refused("participant-data", {"participant": 0})
        self.tool.settings.write_text("program = /nonexistent\n")
        question = self.question("throughput", {"dest": "127.0.0.1", "udp": True})
        for participant in (0, 1):
            result = self.tool.ask("run", dict(question, participant=participant))
            self.assertFalse(result["succeeded"])
            self.assertIn("/nonexistent", result["error"] + result["diags"])


if __name__ == "__main__":
    ToolCase.program = str(pathlib.Path(sys.argv.pop(1)).resolve())
    ToolCase.room = pathlib.Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else ROOM
    unittest.main(verbosity=1)
