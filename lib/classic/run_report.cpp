#include "classic/run_report.hpp"

#include <string>

#include "base/decimal.hpp"
#include "base/units.hpp"
#include "report/block.hpp"
#include "report/json_tree.hpp"

namespace udperf::classic {
namespace {

using report::Block;
using report::Json;

std::string decimals(double value) {
  return decimal("%.3f", value);
}

std::string throughput(const RunOutcome& outcome) {
  const auto rate = outcome.kilobytes_per_second();
  if (!rate) {
    return outcome.datagrams == 0 ? "not measurable: nothing arrived"
                                  : "not measurable: all arrived at the same moment";
  }
  return decimals(*rate) + " kB/s, " + format_bit_rate(*rate * 8000.0);
}

}  // namespace

std::string to_text(const RunOutcome& outcome) {
  Block block{0};  // one value a line, for programs that read a server's output
  block.line("server", outcome.server.to_string());
  block.line("client", outcome.client.to_string());
  block.line("session", "classic, " + outcome.reason);
  block.line("first packet received", format_utc(outcome.first));
  block.line("received", std::to_string(outcome.payload_bytes) + " bytes (" +
                             format_bytes(outcome.payload_bytes) + ") in " +
                             std::to_string(outcome.datagrams) +
                             (outcome.datagrams == 1 ? " packet" : " packets"));
  block.line("time taken", decimals(std::chrono::duration<double>{outcome.span}.count()) + " s");
  block.line("throughput", throughput(outcome));
  block.heading("", "");
  return block.text();
}

std::string to_json(const RunOutcome& outcome) {
  return report::dump(
      Json{{"event", "session"},
           {"t_unix_ns", to_ns(outcome.closed)},
           {"data",
            {{"classic", true},
             {"status", report::status_name(outcome.status)},
             {"reason", outcome.reason},
             {"closed_unix_ns", to_ns(outcome.closed)},
             {"client_address", outcome.client.address.to_string()},
             {"client_port", outcome.client.port},
             {"server_address", outcome.server.address.to_string()},
             {"server_port", outcome.server.port},
             {"start_seen", outcome.start_seen},
             {"first_unix_ns", to_ns(outcome.first)},
             {"datagrams", outcome.datagrams},
             {"payload_bytes", outcome.payload_bytes},
             {"span_ns", outcome.span.count()},
             {"kilobytes_per_second", report::json_of(outcome.kilobytes_per_second())}}}},
      -1);
}

}  // namespace udperf::classic
