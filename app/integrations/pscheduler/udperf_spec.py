"""Test specifications of pScheduler, and what they mean to udperf."""

import re

DURATION = re.compile(
    r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:[.,]\d+)?)S)?)?")
WEIGHTS = (604800, 86400, 3600, 60, 1)

# Both participants start at the same moment by clocks that may differ; the server needs to be there.
PATIENCE = 10
# Packet sizes, handshake and the report at the end.
AROUND = 6

# What two ends tell each other around a test: `link-rtt` says how long one such round takes.
ROUND_TRIPS_AROUND = 20
LONGEST_RTT = 10  # seconds

LONGEST_OMISSION = 3600  # seconds

# What udperf takes at most.
MOST_INTERVALS = 99_000  # that a result has rows for
MOST_RATE = 10**12  # bit/s, of all streams together
MOST_WINDOW = 2**30 - 1  # bytes of a socket's buffer
LONGEST = 31 * 86400  # seconds

SERVER_PORT = 5555  # of a server that runs already

DEFAULT_RATE = 1_000_000  # bit/s a stream, as iperf3 has it for UDP: no mesh is flooded by default

COMMON = {"schema", "source", "source-node", "dest", "dest-node", "ip-tos", "ip-version"}
# Of UDP they are always true: the rate is kept, and no datagram waits for others.
ALWAYS_SO = {"bandwidth-strict", "no-delay"}
THROUGHPUT = COMMON | ALWAYS_SO | {"duration", "interval", "parallel", "bandwidth", "udp", "buffer-length",
                       "window-size", "local-address", "reverse", "single-ended",
                       "single-ended-port", "link-rtt", "omit"}
LATENCY = COMMON | {"packet-count", "packet-interval", "packet-timeout", "packet-padding", "bucket-width", "flip",
                    "reverse", "traverse-nat", "protocol", "single-participant-mode", "ctrl-port"}
PROTOCOL = "udperf"  # by which a latency test asks for this tool
OTHER_WAY = {"up": "down", "down": "up"}


class Unsupported(Exception):
    """What udperf does not do, in words for whoever asked for it."""


def seconds_of(text):
    """Seconds of an ISO 8601 duration without years and months."""
    parts = DURATION.fullmatch(text) if isinstance(text, str) else None
    if parts is None or not any(parts.groups()):
        raise Unsupported(f"not an ISO 8601 duration: {text!r}")
    return sum(float(part.replace(",", ".")) * weight
               for part, weight in zip(parts.groups(), WEIGHTS) if part)


def number_in(spec, name, default, least, most):
    """spec[name], which has to be a number in least..most; `default` where it is not there."""
    value = spec.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise Unsupported(f"{name} has to be in {least}..{most}, not {value!r}")
    return value


def whole_in(spec, name, default, least, most):
    """The same, of numbers that have to be whole."""
    value = number_in(spec, name, default, least, most)
    if value is not None and value != int(value):
        raise Unsupported(f"{name} has to be a whole number, not {value!r}")
    return value if value is None else int(value)


def host_in(spec, name):
    """spec[name], which has to be a name or an address; None where it is not there."""
    value = spec.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not value or value.startswith("-") or not value.isprintable():
        raise Unsupported(f"{name} has to be a host, not {value!r}")
    return value


class Plan:
    """A test as udperf runs it. `client` is the number of the participant that is the client."""

    def __init__(self, spec, known):
        # What is off changes nothing, whatever it would have been.
        unknown = sorted(name for name in set(spec) - known if spec[name] is not False)
        if unknown:
            raise Unsupported("udperf does not support " + ", ".join(unknown))
        self.client = 0
        self.warm_up = 0  # seconds before the test, in none of its figures
        self.link_rtt = 0  # seconds, where it is more than usual
        self.direction = "up"
        self.own_host = host_in(spec, "source")  # what the client sends from, where it is this host's
        self.own_address = None  # what it has to send from
        self.server_runs_already = False
        self.server_port = None
        self.host = host_in(spec, "dest")
        if self.host is None:
            raise Unsupported("no destination: dest")
        self.arguments = []
        self._ip(spec)

    def _ip(self, spec):
        self.ip_version = spec.get("ip-version")
        if self.ip_version not in (None, 4, 6):
            raise Unsupported(f"ip-version is 4 or 6, not {self.ip_version!r}")
        if self.ip_version:
            self.arguments.append(f"-{self.ip_version}")
        tos = whole_in(spec, "ip-tos", 0, 0, 255)
        if tos:
            self.arguments += ["--dscp", str(tos >> 2), "--ecn", str(tos & 3)]

    def seconds_in_all(self):
        """From the start to the last result, the clocks' difference included."""
        return (self.warm_up + self.seconds + PATIENCE + AROUND +
                ROUND_TRIPS_AROUND * self.link_rtt)


class Throughput(Plan):
    """`throughput` with UDP. The client is where `source` is; with `reverse` data comes from `dest`."""

    kind = "throughput"

    def __init__(self, spec):
        super().__init__(spec, THROUGHPUT)
        if spec.get("udp") is not True:
            raise Unsupported("udperf measures UDP only: the test has to say udp")
        self.direction = "down" if spec.get("reverse") else "up"
        self.server_runs_already = bool(spec.get("single-ended"))
        if self.server_runs_already:
            self.server_port = whole_in(spec, "single-ended-port", SERVER_PORT, 1, 65535)
        elif "single-ended-port" in spec:
            raise Unsupported("single-ended-port goes with single-ended")
        self.link_rtt = seconds_of(spec.get("link-rtt") or "PT0S")
        if self.link_rtt > LONGEST_RTT:
            raise Unsupported(f"link-rtt is at most {LONGEST_RTT} s, not {spec['link-rtt']}")
        self.seconds = seconds_of(spec.get("duration") or "PT10S")
        interval = seconds_of(spec.get("interval") or "PT1S")
        if not 0.001 <= self.seconds <= LONGEST or not 0.01 <= interval <= 3600:
            raise Unsupported("a test takes 1 ms to 31 days, in intervals of 10 ms to 1 h")
        if self.seconds / interval > MOST_INTERVALS:
            raise Unsupported(f"a test has at most {MOST_INTERVALS} intervals")
        omitted = seconds_of(spec.get("omit") or "PT0S")
        if omitted:
            if not 0.001 <= omitted <= LONGEST_OMISSION:
                raise Unsupported(f"omit is 1 ms to 1 h, not {spec['omit']}")
            self.warm_up = omitted
            self.arguments += ["--omit", f"{omitted * 1000:.0f}ms"]
        streams = whole_in(spec, "parallel", 1, 1, 128)
        rate = whole_in(spec, "bandwidth", DEFAULT_RATE, 1, MOST_RATE) * streams
        size = whole_in(spec, "buffer-length", None, 40, 65507)
        if rate > min(MOST_RATE, (size or 1000) * 8 * 10**9):  # nor 10^9 datagrams a second
            raise Unsupported(f"bandwidth is too much with {streams} streams of such datagrams: {rate} bit/s")
        self.arguments += ["--duration", f"{self.seconds * 1000:.0f}ms",
                           "--interval", f"{interval * 1000:.0f}ms",
                           "--streams", str(streams), "--rate", str(rate),
                           "--direction", self.direction]
        if size:
            self.arguments += ["--packet-size", str(size)]
        window = whole_in(spec, "window-size", None, 1, MOST_WINDOW)
        if window:
            self.arguments += ["--buffer", f"{window}B"]
        self.own_address = host_in(spec, "local-address")


class Latency(Plan):
    """`latency`, from `source` to `dest`: the client is at the source, with `flip` at the destination. Of two
    participants the other one serves; one alone asks a server that runs already.

    Every interval of the result is half as long as packets are apart, so that it holds one of them or
    none: its delay variation is that packet's, and the histogram is of packets."""

    kind = "latency"

    def __init__(self, spec, participants):
        super().__init__(spec, LATENCY)
        if spec.get("protocol", PROTOCOL) != PROTOCOL:
            raise Unsupported(f"protocol is {PROTOCOL}, not {spec['protocol']!r}")
        self._ends(spec, participants == 1)
        # Two intervals a packet; the delays of those behind the last one would be in none.
        self.count = whole_in(spec, "packet-count", 100, 1, MOST_INTERVALS // 2)
        self.spacing = number_in(spec, "packet-interval", 0.1, 0.02, 60)
        self.bucket = number_in(spec, "bucket-width", 0.001, 1e-6, 1)
        self.timeout = number_in(spec, "packet-timeout", 0, 0, 3600)  # 0: as long as udperf waits
        padding = whole_in(spec, "packet-padding", 0, 0, 65000)
        if self.count * self.spacing > 86400:
            raise Unsupported("packet-count times packet-interval is more than a day")
        self.seconds = self.count * self.spacing
        # A rate is in whole datagrams a second or in bits: bits say any spacing.
        self.size = max(64, 40 + padding)
        self.arguments += ["--packets", str(self.count),
                           "--rate", f"{max(1, round(self.size * 8 / self.spacing))}",
                           "--packet-size", str(self.size), "--direction", self.direction,
                           "--interval", f"{self.spacing / 2 * 1e6:.0f}us"]

    def _ends(self, spec, alone):
        """Which participant is the client, and whether there is one that serves."""
        flip = spec.get("flip")
        if spec.get("single-participant-mode"):
            alone = True
            if flip:
                raise Unsupported("flip needs two participants: it does not go with single-participant-mode")
        if "ctrl-port" in spec and not alone and "protocol" not in spec:
            raise Unsupported("udperf does not support ctrl-port but with a server that runs already")
        if alone:
            self.server_runs_already = True
            self.server_port = whole_in(spec, "ctrl-port", None, 1, 65535)
        if flip:
            if spec.get("traverse-nat"):
                raise Unsupported("traverse-nat does not go with flip: the source serves then")
            self.client = 0 if alone else 1
            self.direction = "down"
            self.own_host = self.host
            self.host = host_in(spec, "source")
            if self.host is None:
                raise Unsupported("flip needs a source")
        if spec.get("reverse"):
            self.direction = OTHER_WAY[self.direction]


def type_of(request, spec):
    """The test's type; `duration` is told none, and a specification shows which it is."""
    if isinstance(request.get("type"), str):
        return request["type"]
    return "throughput" if "udp" in spec else "latency"


def plan_of(kind, spec, participants=2):
    """The Plan of a test that pScheduler gives so many participants; raises Unsupported."""
    if not isinstance(spec, dict):
        raise Unsupported("there is no test specification")
    spec = {name: value for name, value in spec.items() if value is not None}
    if kind == "throughput":
        return Throughput(spec)
    if kind == "latency":
        return Latency(spec, participants)
    raise Unsupported(f"udperf does not do tests of the type {kind!r}")


def reasons_against(kind, spec, participants=2):
    """Why udperf cannot run it: a list of texts, empty where it can."""
    try:
        plan_of(kind, spec, participants)
        return []
    except Unsupported as reason:
        return [str(reason)]
