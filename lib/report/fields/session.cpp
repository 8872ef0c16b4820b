#include "model/session_text.hpp"
#include "report/fields/parts.hpp"
#include "report/json_tree.hpp"

namespace udperf::report {
namespace {

/// A direction as far as the server knows it; nothing where it did not run.
std::optional<result::DirectionPart> part_of(const SessionOutcome& outcome, Way direction) {
  const auto& way = direction == Way::up ? outcome.up : outcome.down;
  if (!way) {
    return std::nullopt;
  }
  auto part =
      result::build_direction(*way, {outcome.params, direction, outcome.client.address.family}, {});
  if (outcome.iperf3) {
    const auto client =
        direction == Way::up ? result::Iperf3Side::sender : result::Iperf3Side::receiver;
    result::keep_what_iperf3_tells(part, client, outcome.iperf3->tells_copies);
  }
  return part;
}

}  // namespace

// NOLINTNEXTLINE(readability-function-size): the rows of a table
const Fields<SessionOutcome>& session_fields() {
  static const Fields<SessionOutcome> fields{
      {"id",
       [](const SessionOutcome& s) { return session_text(s.session); },
       {"Session id, 16 hex digits, as in `test.id` of the client's result."}},
      {"status",
       [](const SessionOutcome& s) { return std::string{status_name(s.status)}; },
       {"How the session ended.", "", "", "", "complete incomplete interrupted error"}},
      {"reason", &SessionOutcome::reason, {"Why it closed, in words."}},
      {"opened_unix_ns",
       [](const SessionOutcome& s) { return to_ns(s.opened); },
       {"When it was opened.", "ns since 1970, UTC"}},
      {"closed_unix_ns",
       [](const SessionOutcome& s) { return to_ns(s.closed); },
       {"When it was closed.", "ns since 1970, UTC"}},
      {"client_address",
       [](const SessionOutcome& s) { return s.client.address.to_string(); },
       {"The client's address as the server sees it."}},
      {"client_port",
       [](const SessionOutcome& s) { return s.client.port; },
       {"The client's UDP port as the server sees it."}},
      {"server_address",
       [](const SessionOutcome& s) { return s.server.address.to_string(); },
       {"The server's address that the client used."}},
      {"server_port",
       [](const SessionOutcome& s) { return s.server.port; },
       {"The server's port."}},
      {"direction",
       [](const SessionOutcome& s) { return std::string{direction_name(s.params.direction)}; },
       {"`up` is from the client to the server.", "", "", "", "up down both"}},
      {"streams",
       [](const SessionOutcome& s) { return s.params.streams; },
       {"Streams in each direction that runs."}},
      {"payload_bytes",
       [](const SessionOutcome& s) { return s.params.payload_bytes; },
       {"UDP payload of each datagram, or the largest of a mix.", "B"}},
      {"concurrent_sessions_max",
       &SessionOutcome::concurrent_sessions_max,
       {"Most sessions at once during this one, itself included."}},
      {"up",
       object<SessionOutcome>([](const SessionOutcome& s) { return part_of(s, Way::up); },
                              direction_fields(), "direction"),
       {"From the client to the server, as far as the server knows.", "", "",
        "this direction did not run"}},
      {"down",
       object<SessionOutcome>([](const SessionOutcome& s) { return part_of(s, Way::down); },
                              direction_fields(), "direction"),
       {"From the server to the client, as far as the server knows.", "", "",
        "this direction did not run"}},
  };
  return fields;
}

}  // namespace udperf::report
