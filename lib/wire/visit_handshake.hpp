#pragma once

#include "wire/messages.hpp"
#include "wire/visit.hpp"
#include "wire/visit_params.hpp"

namespace udperf::wire {

template <typename Io, typename M>
void visit_versions(Io& io, M& m) {
  io.field(m.lowest, "lowest version: that is spoken");
  io.field(m.highest, "highest version: that is spoken");
}

template <typename Io, typename M>
void visit_endpoint(Io& io, M& m) {
  io.field(m.address.family, "family: of the client's address as the server sees it, 4 or 6");
  io.field(m.address.bytes, "address: IPv4 in the first four bytes, the others 0");
  io.field(m.port, "port: of the client as the server sees it");
}

UDPERF_VISIT(Hello) {
  io.field(m.nonce, "nonce: the client's, fresh for every test and for every JOIN");
  io.field(m.params_hash,
           "params_hash: SHA-256 of the 71 bytes of parameters that REQUEST will carry, first 16 "
           "bytes; before JOIN of \"join\" (4 bytes), session (8) and stream (1)");
  visit_versions(io, m.versions);
  io.field(m.capabilities, "capabilities: below");
}

UDPERF_VISIT(Challenge) {
  io.field(m.nonce, "nonce: the client's");
  io.field(m.cookie, "cookie: opaque to the client (section 3.2)");
  visit_versions(io, m.versions);
  io.field(m.capabilities, "capabilities: below");
  io.field(m.needs_key, "needs key: 1 = the server has a key, else 0");
}

UDPERF_VISIT(Request) {
  io.field(m.nonce, "nonce: as in HELLO");
  io.field(m.cookie, "cookie: as it came in CHALLENGE");
  io.field(m.capabilities, "capabilities: below");
  io.part("parameters", "parameters: of the test (section 3.1)",
          [&m](auto& in) { visit_params(in, m.params); });
  visit_wishes(io, m.params);
}

UDPERF_VISIT(Accept) {
  io.field(m.nonce, "nonce: the client's");
  io.field(m.server_nonce, "server nonce: to be returned in GO and JOIN");
  io.part("parameters",
          "parameters: as granted: rates and datagram size may be lower than asked, and 366 days "
          "shorter; the rest is as asked",
          [&m](auto& in) { visit_params(in, m.params); });
  visit_endpoint(io, m.client);
  io.field(m.host,
           "host: fingerprint of the server's host and clock (boot id, time namespace): who has "
           "the same shares the server's mono");
  io.field(m.capabilities, "capabilities: below");
  io.field(m.concurrent,
           "sessions: at the server, this one included; light ones are not counted among others");
  io.later(m.receive_buffer,
           "receive buffer: of each of the server's sockets, payload bytes; 0 = not told");
  io.part("shapes", "shapes: as asked (section 3.3)",
          [&m](auto& in) { visit_traffic(in, m.params); });
  io.later(m.instance, "instance: another number for each start of the server; 0 = not told");
}

UDPERF_VISIT(Reject) {
  io.field(m.nonce, "nonce: the client's");
  io.field(m.reason,
           "reason: 1 version, 2 busy, 3 too many from this address, 4 exclusive, 5 address "
           "denied, 6 authentication, 7 parameters, 8 duration, 9 no bandwidth left, 10 a rate "
           "must be given, 11 shutting down; any other is a refusal, too");
  visit_versions(io, m.versions);
  io.field(m.retry_after_ms, "retry after: ms; 0 = not known or pointless");
  io.field(m.limit,
           "limit: ns for 8, bit/s for 9 and 10; for 7 the bits that may be due at one moment, "
           "where that is why; else 0");
}

UDPERF_VISIT(Join) {
  io.field(m.nonce, "nonce: of the HELLO from this port");
  io.field(m.cookie, "cookie: of the CHALLENGE to it");
  io.field(m.server_nonce, "server nonce: of the session's ACCEPT");
}

UDPERF_VISIT(Go) {
  io.field(m.server_nonce, "server nonce: of ACCEPT");
  io.field(m.payload_bytes, "datagram size: the final one, 16 to what was granted");
  io.later(m.receive_buffer,
           "receive buffer: of each of the client's sockets, payload bytes; 0 = not told");
  io.later(m.round_trip_ns,
           "round trip: the shortest that the client has seen on the idle path, ns; 0 = not told");
}

}  // namespace udperf::wire
