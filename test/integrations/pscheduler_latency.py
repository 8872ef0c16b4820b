"""What the pScheduler tool makes of `latency`; run by pscheduler.py."""

import pathlib
import random
import shutil

from pscheduler_tool import ToolCase


class Latency(ToolCase):
    """Specifications of one-way delays in, results out."""

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

    def test_latency_of_one_participant(self):
        """As every release of pScheduler has it: alone, also at the destination, and asked for the other way."""
        spec = {"schema": 4, "source": "127.0.0.1", "dest": "127.0.0.2", "protocol": "udperf", "packet-count": 20,
                "packet-interval": 0.03, "traverse-nat": True}
        for more, asked, own, way in (({}, "127.0.0.2", "127.0.0.1", "up"),
                                      ({"reverse": True}, "127.0.0.2", "127.0.0.1", "down"),
                                      ({"flip": True, "traverse-nat": False}, "127.0.0.1", "127.0.0.2", "down")):
            wanted = dict(spec, **more)
            result = self.check_delays(wanted, self.measure_beside_server("latency", wanted, "ctrl-port"))
            for words in (f"client {asked} ", f"--bind {own} ", f"--direction {way} "):
                self.assertIn(words, result["diags"])

    def test_latency_of_one_participant_has_to_ask_for_udperf(self):
        """owping measures against its own server, which is there: no test of it may come to udperf by itself."""
        classes = pathlib.Path(self.folder.name, "classes")
        shutil.copytree(self.room, classes / "tool/udperf")
        for kind, participants in (("latency", "[null]"), ("throughput", "[null, 1]")):
            told = classes / "test" / kind / "participants"
            told.parent.mkdir(parents=True)
            told.write_text(f"#!/bin/sh\ncat >/dev/null\necho '{{\"participants\": {participants}}}'\n")
            told.chmod(0o755)
        self.tool.room = classes / "tool/udperf"
        spec = {"schema": 1, "source": "127.0.0.1", "dest": "127.0.0.1"}
        self.assertIn("--protocol udperf", self.reasons("latency", spec))
        self.assertIn("owamp", self.reasons("latency", dict(spec, protocol="owamp")))
        can = {"can-run": True}
        self.assertEqual(self.tool.ask("can-run", {"type": "latency", "spec": dict(spec, protocol="udperf")}), can)
        self.assertEqual(self.tool.ask("can-run", {"type": "throughput", "spec": dict(spec, udp=True)}), can)
        with self.tool.settings.open("a") as settings:
            settings.write("latency-port = 1\n")
        self.assertEqual(self.tool.ask("can-run", {"type": "latency", "spec": spec}), can)
        result = self.tool.ask("run", dict(self.question("latency", spec), **{"participant-data": [{}]}))
        self.assertIn("--port 1 ", result["diags"])

    def test_what_takes_longer_than_the_timeout_is_lost(self):
        spec = {"schema": 1, "source": "127.0.0.1", "dest": "127.0.0.1", "packet-count": 10,
                "packet-interval": 0.02, "packet-timeout": 1e-9}
        self.assertEqual(self.check_latency(spec)["packets-lost"], 10)
        self.assertEqual(self.check_latency(dict(spec, **{"packet-timeout": 60}))["packets-sent"], 10)
