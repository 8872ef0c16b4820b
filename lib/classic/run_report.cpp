#include "classic/run_report.hpp"

#include <string>

#include "base/decimal.hpp"
#include "base/units.hpp"
#include "report/block.hpp"
#include "report/fields/field.hpp"
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

// NOLINTNEXTLINE(readability-function-size): the rows of a table
const report::Fields<RunOutcome>& run_fields() {
  static const report::Fields<RunOutcome> fields{
      {"classic",
       [](const RunOutcome& /*of*/) { return true; },
       {"True: the client spoke the START/STOP protocol."}},
      {"status",
       [](const RunOutcome& r) { return std::string{report::status_name(r.status)}; },
       {"How the run ended.", "", "", "", "complete incomplete interrupted error"}},
      {"reason", &RunOutcome::reason, {"Why it ended, in words."}},
      {"closed_unix_ns",
       [](const RunOutcome& r) { return to_ns(r.closed); },
       {"When it ended.", "ns since 1970, UTC"}},
      {"client_address",
       [](const RunOutcome& r) { return r.client.address.to_string(); },
       {"The client's address."}},
      {"client_port",
       [](const RunOutcome& r) { return r.client.port; },
       {"The client's UDP port."}},
      {"server_address",
       [](const RunOutcome& r) { return r.server.address.to_string(); },
       {"The server's address that the client used."}},
      {"server_port", [](const RunOutcome& r) { return r.server.port; }, {"The server's port."}},
      {"start_seen", &RunOutcome::start_seen, {"Whether a START came."}},
      {"first_unix_ns",
       [](const RunOutcome& r) { return to_ns(r.first); },
       {"When its clock started: at START, or else at the first data.", "ns since 1970, UTC"}},
      {"datagrams", &RunOutcome::datagrams, {"Of data, as they came, copies included."}},
      {"payload_bytes", &RunOutcome::payload_bytes, {"Their payload.", "B"}},
      {"span_ns",
       [](const RunOutcome& r) { return r.span.count(); },
       {"From the start of its clock to the last data.", "ns"}},
      {"kilobytes_per_second",
       &RunOutcome::kilobytes_per_second,
       {"payload_bytes / span_ns, as the client was told.", "kB/s", "", "no time passed"}},
  };
  return fields;
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
  return report::dump(Json{{"event", "session"},
                           {"t_unix_ns", to_ns(outcome.closed)},
                           {"data", report::tree_of(run_fields(), outcome)}},
                      -1);
}

std::vector<report::Described> described_run() {
  return report::describe(run_fields());
}

}  // namespace udperf::classic
