#include "report/find_field.hpp"
#include "report/writer.hpp"

// The flat table: one row a test, RFC 4180 but for the line end, which is a bare LF.

namespace udperf::report {
namespace {

/// Scripts count columns: new ones go to the end.
std::vector<std::string> columns() {
  std::vector<std::string> names{"status",
                                 "test.id",
                                 "test.start_unix_ns",
                                 "test.client_address",
                                 "test.client_port",
                                 "test.server_address",
                                 "test.server_port",
                                 "test.direction",
                                 "test.streams",
                                 "test.payload_bytes",
                                 "test.rate_target_bps",
                                 "goodput_bps",
                                 "loss_percent",
                                 "limited_by"};
  for (const std::string way : {"up.", "down."}) {
    for (const char* field :
         {"tx.packets", "tx.payload_bytes", "tx.offered_bps", "rx.unique", "rx.unique_bytes",
          "rx.goodput_bps", "rx.pps", "rx.span_ns", "loss.packets", "loss.ratio",
          "loss.rx_socket_drop", "loss.local_tx_drop", "loss.network_packets", "duplicates.packets",
          "reordering.packets", "jitter.rfc3550_ns", "delay_variation.p50_ns",
          "delay_variation.p99_ns"}) {
      names.push_back(way + field);
    }
  }
  for (const char* field : {"rtt.idle.p50_ns", "rtt.loaded.p50_ns", "rtt.loaded.p99_ns",
                            "classic.kilobytes_per_second", "error.code", "test.labels",
                            "search.answer_bps", "search.confirmed", "search.limited_by"}) {
    names.emplace_back(field);
  }
  return names;
}

/// Empty for null; quoted where it holds a comma, a quote or a line end.
std::string cell(const Json* json) {
  if (json == nullptr || json->is_null()) {
    return {};
  }
  std::string text = bare_text(json);
  if (text.find_first_of(",\"\r\n") == std::string::npos) {
    return text;
  }
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += c == '"' ? "\"\"" : std::string(1, c);
  }
  return quoted + "\"";
}

}  // namespace

std::string csv_header() {
  std::string line;
  for (const std::string& column : columns()) {
    line += (line.empty() ? "" : ",") + column;
  }
  return line + "\n";
}

std::string to_csv(const result::ResultDocument& document) {
  const Json tree = document_tree(document);
  std::string line;
  const char* separator = "";
  for (const std::string& column : columns()) {
    line += separator + cell(find_field(tree, column, Indices::exact));
    separator = ",";
  }
  return line + "\n";
}

}  // namespace udperf::report
