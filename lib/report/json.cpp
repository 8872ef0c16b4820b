#include "model/session_text.hpp"
#include "report/json_tree.hpp"
#include "report/writer.hpp"

namespace udperf::report {

std::string to_json(const result::ResultDocument& document) {
  return dump(document_tree(document), 2);
}

std::string session_to_json(const SessionOutcome& outcome) {
  const IpFamily family = outcome.client.address.family;
  const auto way = [&](const std::optional<WayOutcome>& w, Way direction) {
    if (!w) {
      return Json(nullptr);
    }
    auto part = result::build_direction(*w, {outcome.params, direction, family}, {});
    if (outcome.iperf3) {
      const auto client =
          direction == Way::up ? result::Iperf3Side::sender : result::Iperf3Side::receiver;
      result::keep_what_iperf3_tells(part, client, outcome.iperf3->tells_copies);
    }
    return direction_tree(part);
  };
  return dump(Json{{"event", "session"},
                   {"t_unix_ns", to_ns(outcome.closed)},
                   {"data",
                    {{"id", session_text(outcome.session)},
                     {"status", status_name(outcome.status)},
                     {"reason", outcome.reason},
                     {"opened_unix_ns", to_ns(outcome.opened)},
                     {"closed_unix_ns", to_ns(outcome.closed)},
                     {"client_address", outcome.client.address.to_string()},
                     {"client_port", outcome.client.port},
                     {"server_address", outcome.server.address.to_string()},
                     {"server_port", outcome.server.port},
                     {"direction", direction_name(outcome.params.direction)},
                     {"streams", outcome.params.streams},
                     {"payload_bytes", outcome.params.payload_bytes},
                     {"concurrent_sessions_max", outcome.concurrent_sessions_max},
                     {"up", way(outcome.up, Way::up)},
                     {"down", way(outcome.down, Way::down)}}}},
              -1);
}

}  // namespace udperf::report
