#pragma once

#include "wire/compact_header.hpp"
#include "wire/header.hpp"
#include "wire/visit.hpp"

namespace udperf::wire {

UDPERF_VISIT(CommonHeader) {
  std::uint32_t magic = kMagic;
  io.field(magic, "magic: 0x55445046, \"UDPF\"");
  io.field(m.version, "version: 1");
  io.field(m.type, "type: of the message, below");
  io.field(m.stream, "stream: 0..127; 0 in messages about the session as a whole");
  io.field(m.flags,
           "flags: bit 0 = the datagram ends with an authentication trailer (section 8), in DATA = "
           "it is of the warm-up (section 4); other bits are sent as 0 and ignored");
  io.field(m.session,
           "session: chosen at random by the server; 0 in HELLO, CHALLENGE, REQUEST and REJECT");
}

/// What follows the common header in DATA. encode() and decode_data() do the same faster.
UDPERF_VISIT(DataHeader) {
  io.field(m.sequence, "sequence: from 0, per stream");
  io.field(m.tx_time_ns, "tx_time: when the batch was handed to the kernel, by the sender's mono");
  io.field(m.batch, "batch: numbers what was handed over at once, modulo 2^32");
  io.field(m.index, "index: place in the batch, below count");
  io.field(m.count, "count: datagrams in the batch, 1..128");
  io.field(m.token, "token: unpredictable, to be echoed in FEEDBACK");
}

/// As it stands in the datagram. encode() and decode_compact() do the same.
UDPERF_VISIT(CompactHeader) {
  std::uint32_t head =
      0x8000'0000U | (std::uint32_t{m.stream} << 24U) | (m.batch % kCompactBatches);
  io.field(head,
           "head: the highest bit is 1, the next 7 are the stream, the other 24 the batch modulo "
           "2^24");
  io.field(m.sequence_low, "sequence: its low half");
  io.field(m.tx_units, "tx_time: in 64 ns, rounded down, modulo 2^32");
  io.field(m.tag,
           "tag: the first two bytes of the SHA-256 of \"tag\", session (8 bytes) and stream (1); "
           "of a warm-up with all bits turned (section 4)");
  io.field(m.token, "token: as in the full header");
}

}  // namespace udperf::wire
