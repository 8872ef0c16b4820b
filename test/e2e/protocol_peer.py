"""protocol_peer.py HOST PORT up|down PACKETS KEY: a client written from docs/protocol.md alone.

Sends or receives so many datagrams of 200 bytes at 2000 a second on one stream, leaves out each 100th
where it sends, and prints what became of them as JSON. KEY is that of `udperf keygen`, or "-".
"""
import hashlib
import hmac
import json
import os
import socket
import struct
import sys
import time

HELLO, CHALLENGE, REQUEST, ACCEPT, REJECT, GO, GO_ACK, PROBE, PROBE_REPLY = range(1, 10)
DATA, FEEDBACK, FIN, FIN_ACK, REPORT, REPORT_PULL, BYE = range(10, 17)
SIZE, PER_1000_S, PIECE, TIMEOUT = 200, 2_000_000, 1100, 60


def mac(key, *parts):
    h = hmac.new(key, digestmod=hashlib.sha256)
    for part in parts:
        h.update(struct.pack(">I", len(part)) + part)
    return h.digest()


class Seal:
    """Section 8."""

    def __init__(self, key, what, *parts):
        self.keys = key and [mac(key, b"udperf v1 %s %s" % (what, way), *parts)
                             for way in (b"c2s", b"s2c")]
        self.counter = 0

    def close(self, datagram):
        if not self.keys:
            return datagram
        self.counter += 1
        datagram = datagram[:7] + bytes([datagram[7] | 1]) + datagram[8:]
        datagram += struct.pack(">Q", self.counter)
        return datagram + mac(self.keys[0], datagram)[:16]

    def open(self, datagram):
        if not self.keys:
            return datagram
        good = len(datagram) >= 40 and mac(self.keys[1], datagram[:-16])[:16] == datagram[-16:]
        return datagram[:-24] if good else None


class Peer:
    def __init__(self, host, port, way, packets, key):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect((host, port))
        self.way, self.packets, self.key = way, packets, key
        self.session = 0
        self.seal = None
        self.deadline = time.monotonic() + TIMEOUT
        self.came = {}  # number: bytes
        self.echo = (0, 0, 0, 0, 0)
        self.times = []
        self.datagrams = self.feedback_number = self.told = 0

    def head(self, kind, session=None):
        return b"UDPF" + struct.pack(">BBBBQ", 1, kind, 0, 0,
                                     self.session if session is None else session)

    def send(self, kind, fields=b"", padded=0):
        datagram = self.head(kind) + fields
        self.socket.send(self.seal.close(datagram + bytes(max(padded - len(datagram), 0))))

    def receive(self, seconds):
        """The next control message that is not answered here, or None."""
        until = time.monotonic() + seconds
        while time.monotonic() < self.deadline:
            self.socket.settimeout(max(until - time.monotonic(), 0.0001))
            try:
                datagram = self.socket.recv(2048)
            except (socket.timeout, ConnectionRefusedError):
                return None
            if len(datagram) < 16 or datagram[:5] != b"UDPF\x01":
                continue
            if datagram[5] == DATA:
                self.on_data(datagram)
                continue
            datagram = self.seal.open(datagram)
            if datagram is None:
                continue
            if datagram[5] == PROBE:
                self.on_probe(datagram)
            elif datagram[5] == FEEDBACK:
                self.told = struct.unpack(">Q", datagram[32:40])[0]
            else:
                return datagram
        sys.exit("the time is over")

    def on_probe(self, datagram):
        number, t1, _ = struct.unpack(">QqH", datagram[16:34])
        now = time.monotonic_ns()
        self.send(PROBE_REPLY, struct.pack(">QqqqIIqIB", number, t1, now, now, len(datagram), 1,
                                           time.time_ns() - now, 0, 1))

    def on_data(self, datagram):
        session, sequence, tx_time, batch, _, _, token = struct.unpack(">QQqIBBH", datagram[8:40])
        if session != self.session:
            return
        self.datagrams += 1
        self.came.setdefault(sequence, len(datagram))
        self.times.append((time.time_ns(), time.monotonic_ns()))
        self.echo = (batch, token, 1, tx_time, self.times[-1][1])

    def ask(self, kind, fields, answers, padded):
        """Says it until one of the answers comes."""
        while True:
            self.send(kind, fields, padded)
            datagram = self.receive(0.05)
            if datagram and datagram[5] == REJECT:
                sys.exit("rejected: %d" % struct.unpack(">H", datagram[32:34]))
            if datagram and datagram[5] in answers:
                return datagram

    def shake_hands(self):
        nonce = os.urandom(16)
        rate = (2, PER_1000_S, 0, 0) if self.way == "up" else (0, 0, 2, PER_1000_S)
        params = struct.pack(">BBHIQQqBQBQqqBBBBB", 1 if self.way == "up" else 2, 0, 1, SIZE, 0,
                             self.packets, 0, *rate, 10**9, 50 * 10**6, 0, 0, 0, 0, 0)
        self.seal = Seal(self.key, b"handshake", nonce)
        capabilities = struct.pack(">I", 6 | (1 if self.key else 0))
        digest = hashlib.sha256(params).digest()[:16]
        challenge = self.ask(HELLO, nonce + digest + b"\x01\x01" + capabilities, [CHALLENGE], 512)
        cookie = challenge[32:64]
        self.seal = Seal(self.key, b"session", nonce, cookie, b"\x00")
        accept = self.ask(REQUEST, nonce + cookie + struct.pack(">I", 6) + params, [ACCEPT], 512)
        if accept[16:32] != nonce or accept[48:119] != params:
            sys.exit("another grant than was asked for")
        self.session = struct.unpack(">Q", accept[8:16])[0]
        self.ask(GO, accept[32:48] + struct.pack(">I", SIZE), [GO_ACK], 1100)

    def send_data(self):
        first, begun, sent = time.time_ns(), time.monotonic_ns(), 0
        for number in range(self.packets):
            while (time.monotonic_ns() - begun) * PER_1000_S < number * 10**12:
                self.receive(0.0001)
            if number % 100 != 50:
                self.socket.send(self.head(DATA) + struct.pack(
                    ">QqIBBH", number, time.monotonic_ns(), number, 0, 1, number * 40503 % 65536)
                    + bytes(SIZE - 40))
                sent += 1
        fin = struct.pack(">6Q3q4IBB3qQq", self.packets, self.packets * SIZE, 0, 0, 0, self.packets,
                          first, time.time_ns(), time.monotonic_ns() - begun, SIZE, 0, 0xFFFFFFFF, 0,
                          1, 0, -1, -1, -1, PER_1000_S, 0)
        report, total = b"", None
        while total is None or len(report) < total:
            if total is None:
                self.send(FIN, fin)
            else:
                self.send(REPORT_PULL, struct.pack(">IH", len(report), 32), 1126)
            piece = self.receive(0.1)
            while piece:
                if piece[5] == REPORT:
                    total, offset, length = struct.unpack(">IIH", piece[16:26])
                    if offset == len(report):
                        report += piece[26:26 + length]
                piece = self.receive(0.01)
        self.send(REPORT_PULL, struct.pack(">IH", total, 1), 1126)
        figures = struct.unpack(">H9Q", report[:74])
        return {"sent": figures[8], "unique": figures[2], "lost": figures[9], "left_out":
                self.packets - sent, "told": self.told}

    def send_feedback(self):
        self.feedback_number += 1
        batch, token, valid, tx_time, arrived = self.echo
        held = max(time.monotonic_ns() - arrived, 0) if valid else 0
        highest = max(self.came) + 1 if self.came else 0
        self.send(FEEDBACK, struct.pack(
            ">6QIHBqq6Q", self.feedback_number, highest, len(self.came), sum(self.came.values()), 0, 0,
            batch, token, valid, tx_time, held, 0, 0, 0, 0, 0, 0))

    def report(self, packets):
        unique, size = len(self.came), sum(self.came.values())
        times = self.times or [(0, 0)]
        return b"".join([
            struct.pack(">H12Q", 1, self.datagrams, unique, size, 0, 0, self.datagrams - unique, 0,
                        packets, packets - unique, packets * SIZE - size, 0, 0),
            struct.pack(">4qI", times[0][0], times[-1][0], times[0][1], times[-1][1], SIZE),
            bytes(2),  # socket drops
            struct.pack(">2QB", 0, 0, 0),  # loss periods, burst ratio
            bytes(3 * 8 + 4 * 8 + 8 + 8),  # bursts to n3 reordered
            bytes(5 + 1 + 1 + 1),  # jitter to smallest delay, stamps
            bytes(2),  # ecn, dscp
            struct.pack(">QIIIB", self.datagrams, 0, 0xFFFFFFFF, 0, 0),  # up to ttl
            struct.pack(">IQBBqq", 0, 0, 1, 1, 10**9, times[0][1]),
            struct.pack(">III", 0, 0, 0)])

    def receive_data(self):
        next_feedback, packets, fin_at = 0, None, 0
        total = None
        while True:
            now = time.monotonic()
            if now >= next_feedback and total is None:
                self.send_feedback()
                next_feedback = now + 0.05
            if packets is not None and total is None and (
                    len(self.came) == packets or now - fin_at > 1):
                report = self.report(packets)
                total = len(report)
            datagram = self.receive(0.01)
            if datagram is None:
                continue
            if datagram[5] == FIN:
                if packets is None:
                    packets, fin_at = struct.unpack(">Q", datagram[16:24])[0], now
                if total is None:
                    self.send(FIN_ACK)
                else:
                    self.send(REPORT, struct.pack(">IIH", total, 0, total) + report)
            elif datagram[5] == REPORT_PULL and total is not None:
                offset = struct.unpack(">I", datagram[16:20])[0]
                if offset == total:
                    return {"sent": packets, "unique": len(self.came),
                            "lost": packets - len(self.came)}
                self.send(REPORT, struct.pack(">IIH", total, offset, total - offset)
                          + report[offset:])


def main():
    host, port, way, packets, key = sys.argv[1:]
    peer = Peer(host, int(port), way, int(packets), None if key == "-" else bytes.fromhex(key))
    peer.shake_hands()
    told = peer.send_data() if way == "up" else peer.receive_data()
    for _ in range(3):
        peer.send(BYE, struct.pack(">H", 0))
    print(json.dumps(told))


main()
