#pragma once

#include "wire/messages.hpp"
#include "wire/visit.hpp"

namespace udperf::wire {

UDPERF_VISIT(Empty) {
  static_cast<void>(io);
  static_cast<void>(m);
}

UDPERF_VISIT(Probe) {
  io.field(m.id, "id: another one for each probe");
  io.field(m.t1_ns, "t1: departure, by the asker's mono");
  io.field(m.reply_bytes, "reply size: the answer is to be padded to this; 0 = not at all");
}

UDPERF_VISIT(ProbeReply) {
  io.field(m.id, "id: of the probe");
  io.field(m.t1_ns, "t1: of the probe; -2^60..2^60, as the other times");
  io.field(m.t2_ns, "t2: arrival of the probe, by the replier's mono");
  io.field(m.t3_ns, "t3: departure of this answer, by the replier's mono");
  io.field(m.received_bytes, "received: UDP payload of the probe");
  io.field(m.sessions_max,
           "sessions: most at once at the server since this one began; 1 from a client");
  io.field(m.utc_minus_mono_ns, "wall clock: the replier's UTC less its mono, -2^62..2^62");
  io.field(m.path_mtu,
           "path MTU: largest IP packet towards the asker as ICMP told the replier; 0 = nothing");
  io.later(m.stamp,
           "stamp: what stamped t2, 0 not told, 1 the program when it read the probe, 2 the kernel "
           "when it came");
}

UDPERF_VISIT(Feedback) {
  io.field(m.number, "number: counts up from 1; older ones are ignored");
  io.field(m.next_expected,
           "next expected: highest sequence number seen plus one; of a warm-up added (section 4)");
  io.field(m.unique, "unique: datagrams so far, first copies; at most next expected");
  io.field(m.unique_bytes, "bytes: of those");
  io.field(m.duplicates, "duplicates: further copies");
  io.field(m.reordered, "reordered: of the unique, those with a number below next expected then");
  io.field(m.echo_batch, "echoed batch: of the latest DATA");
  io.field(m.echo_token, "echoed token: of the latest DATA");
  io.field(m.has_echo, "echo: 1 = the two before and the two after are valid, else 0");
  io.field(m.echo_tx_ns, "echoed tx_time: of the latest DATA, -2^60..2^60");
  io.field(m.held_ns, "held: ns since its arrival, 0..2^60");
  io.field(m.intervals, "intervals: complete ones so far");
  io.field(m.at_unique, "unique then: at the end of the last of them, as the next four");
  io.field(m.at_bytes, "bytes then");
  io.field(m.at_next, "next expected then");
  io.field(m.at_duplicates, "duplicates then");
  io.field(m.at_reordered, "reordered then");
  io.later(m.queue_bytes,
           "queue: what waits in the receiving socket, as its kernel charges for it");
  io.later(m.queue_limit, "queue limit: how much of that it takes; 0 = not told");
  io.later(m.queue_drops, "queue drops: buffers that it has dropped so far, modulo 2^32");
  io.later(m.queue_cost, "queue cost: what 1024 bytes of DATA take of it");
  io.later(m.omitted_next, "warm-up: how much of next expected is of the warm-up");
}

UDPERF_VISIT(Bye) {
  io.field(m.reason,
           "reason: 0 done, 1 interrupted (the other end should stop sending and say FIN), 2 "
           "failed, 3 the server is shutting down");
}

}  // namespace udperf::wire
