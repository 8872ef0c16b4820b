#!/usr/bin/env python3
"""smokeping.py UDPERF [ROOM]: Debian's smokeping with the probe of ROOM (the source tree's as a rule)
measures a real udperf server, one that loses on the way, and one that is not there, and writes what it
should into its round robin databases."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
ROOM = SOURCE / "app/integrations/smokeping"
PROGRAM = "udperf"
PINGS = 12

CONFIGURATION = """
*** General ***
owner = nobody
contact = nobody@udperf.invalid
mailhost = localhost
sendmail = /bin/true
imgcache = {folder}
imgurl = img
datadir = {folder}
piddir = {folder}
cgiurl = http://localhost/smokeping.cgi
smokemail = /etc/smokeping/smokemail
tmail = /etc/smokeping/tmail

*** Database ***
step = 60
pings = {pings}
AVERAGE 0.5 1 1008

*** Presentation ***
template = /etc/smokeping/basepage.html
+ overview
width = 600
height = 50
range = 10h
+ detail
width = 600
height = 200
"Last 3 Hours" 3h

*** Probes ***
+ UDPerf
binary = {program}
spacing = 0.2

*** Targets ***
probe = UDPerf
menu = Top
title = udperf
+ there
menu = there
title = there
host = 127.0.0.1
port = {port}
packetsize = 300
+ nobody
menu = nobody
title = nobody
host = 127.0.0.1
{nobody}
"""


class Server:
    """A udperf server on a port of the kernel's choice."""

    def __enter__(self):
        ready, write = os.pipe()
        self.process = subprocess.Popen(
            [PROGRAM, "server", "--bind", "127.0.0.1", "--port", "0", "--ready-fd", str(write)],
            pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(ready) as line:
            self.port = json.loads(line.readline())["data"]["port"]
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=60)


def perl(expression, *arguments):
    """What perl prints, with the probe at hand."""
    done = subprocess.run(["perl", f"-I{ROOM.parent}", "-MJSON::PP", "-e", expression, *arguments],
                          capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout)


class SmokePing(unittest.TestCase):
    """One round of smokeping."""

    def smokeping(self, here, port, nobody, command="--debug"):
        """What smokeping did in a folder, with what it said in `stdout`: a server at this port, and a target with
        settings of its own."""
        probes = here / "Smokeping/probes"
        probes.mkdir(parents=True)
        shutil.copy(ROOM / "UDPerf.pm", probes)
        configuration = here / "config"
        configuration.write_text(CONFIGURATION.format(folder=here, pings=PINGS, port=port, program=PROGRAM,
                                                      nobody=nobody))
        return subprocess.run(["smokeping", f"--config={configuration}", command],
                              env=dict(os.environ, PERL5LIB=str(here), LC_ALL="C"), timeout=300,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)

    def round(self, port):
        """The values of each target: {name: [losses, median, round trips...]}."""
        with tempfile.TemporaryDirectory() as folder:
            here = pathlib.Path(folder)
            done = self.smokeping(here, port, "port = 1")
            self.assertEqual(done.returncode, 0, done.stdout)
            databases = {file.stem for file in here.glob("*.rrd")}
            self.assertEqual(databases, {"there", "nobody"})
        told = {}
        for name, values in re.findall(r"RRDs::update\(\S*/(\w+)\.rrd --template \S+ ([^)]+)\)",
                                        done.stdout):
            told[name] = values.split(":")[2:]
        self.assertEqual(set(told), {"there", "nobody"}, done.stdout)
        return told

    def test_smokeping_records_round_trips_and_losses(self):
        with Server() as server:
            told = self.round(server.port)
        losses, median, *trips = told["there"]
        self.assertEqual(losses, "0")
        numbers = [float(trip) for trip in trips if trip != "U"]
        self.assertEqual(len(numbers), PINGS)
        self.assertEqual(numbers, sorted(numbers))
        self.assertTrue(0 < numbers[0] <= float(median) <= numbers[-1] < 60)
        self.assertEqual(told["nobody"][0], str(PINGS))
        self.assertEqual(told["nobody"][1], "U")

    def test_a_slow_test_is_not_killed(self):
        """What smokeping allows a target is its log's word; a minute between pings would last too long here."""
        with tempfile.TemporaryDirectory() as folder:
            log = self.smokeping(pathlib.Path(folder), 1, "spacing = 60\npings = 3").stdout
        allowed = [int(seconds) for seconds in re.findall(r"timeout for each target (\d+)", log)]
        self.assertTrue(allowed, log)
        self.assertGreaterEqual(min(allowed), 3 * 60 + 10)

    def test_why_there_is_no_test_is_in_the_log(self):
        with tempfile.TemporaryDirectory() as folder:
            log = self.smokeping(pathlib.Path(folder), 1, "keyfile = /nonexistent/key").stdout
        self.assertIn("/nonexistent/key", log)
        self.assertRegex(log, r"WARNING: 127\.0\.0\.1: the test is error: ")

    def test_mistakes_are_found_in_the_configuration(self):
        for setting in ("port = 0", "port = 70000", "dscp = 64", "dscp = FAST", "dscp = AF14", "spacing = 61"):
            with tempfile.TemporaryDirectory() as folder:
                done = self.smokeping(pathlib.Path(folder), 1, setting, "--check")
            self.assertNotEqual(done.returncode, 0, setting)
            self.assertIn(setting.split()[0] + " is ", done.stdout, setting)
        for setting in ("port = 65535", "dscp = 63", "dscp = ef", "dscp = AF43", "spacing = 60",
                        "localaddress = fe80::1%br-lan"):
            with tempfile.TemporaryDirectory() as folder:
                done = self.smokeping(pathlib.Path(folder), 1, setting, "--check")
            self.assertEqual(done.returncode, 0, done.stdout)

    def test_either_way_that_loses_makes_a_ping_lost(self):
        cases = [  # lost up, lost down, answered, pings that come back
            ([0, 0, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1], 4),
            ([0, 1, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1], 3),
            ([0, 1, 0, 0], [0, 1, 0, 0], [1, 1, 1, 1], 3),
            ([0, 1, 0, 0], [0, 0, 0, 1], [1, 1, 1, 1], 2),
            ([1, 1, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0], 0),
            ([0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 1, 1], 4),
            ([0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0], 4),
            ([0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], 0),
            ([0, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1, 0, 0], [1, 0, 1, 1, 1, 1, 0, 1], 3),
        ]
        program = ("use lib shift; require UDPerf; my $d = decode_json(shift);"
                   "print encode_json([Smokeping::probes::UDPerf::round_trips($d, shift)])")
        for up, down, answered, expected in cases:
            document = {
                way: {"rx": {"unique": 4 - sum(lost)},
                      "intervals": [{"lost": one, "rtt_p50_ns": 1000 * (9 - i) if answer else None}
                                    for i, (one, answer) in enumerate(zip(lost, answered))]}
                for way, lost in (("up", up), ("down", down))}
            trips = perl(program, str(ROOM), json.dumps(document), "4")
            self.assertEqual(len(trips), expected, (up, down, answered))
            self.assertEqual(trips, sorted(trips))

    def test_its_documentation_is_there(self):
        with tempfile.TemporaryDirectory() as folder:
            probes = pathlib.Path(folder) / "Smokeping/probes"
            probes.mkdir(parents=True)
            shutil.copy(ROOM / "UDPerf.pm", probes)
            done = subprocess.run(["smokeping", "-makepod", "Smokeping::probes::UDPerf"],
                                  env=dict(os.environ, PERL5LIB=folder), capture_output=True, text=True,
                                  timeout=60, check=True)
        for name in ("spacing", "packetsize", "keyfile", "binary"):
            self.assertIn(name, done.stdout)


if __name__ == "__main__":
    PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
    if len(sys.argv) > 1:
        ROOM = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=1)
