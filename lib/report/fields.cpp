#include <charconv>
#include <sstream>

#include "report/json_tree.hpp"
#include "report/writer.hpp"

// Dotted paths into the document (--print), and the flat table (--csv).

namespace udperf::report {
namespace {

/// A document in which everything is there, to know which paths exist.
Json full_shape() {
  result::ResultDocument document;
  result::DirectionPart part;
  part.intervals.emplace_back();
  part.outages.emplace_back();
  part.streams.emplace_back();
  document.up = part;
  document.down = part;
  document.warnings.emplace_back();
  document.error = Error{};
  return document_tree(document);
}

std::vector<std::string> split(const std::string& path) {
  std::vector<std::string> parts;
  std::istringstream stream{path};
  std::string part;
  while (std::getline(stream, part, '.')) {
    parts.push_back(part);
  }
  return parts;
}

std::optional<std::size_t> as_index(const std::string& text) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return index;
}

enum class Indices { exact, any };

/// The value at the path, or null: `any` lets every index stand for the first element.
const Json* find(const Json& root, const std::string& path, Indices indices) {
  const Json* at = &root;
  for (const std::string& part : split(path)) {
    if (at->is_object() && at->contains(part)) {
      at = &(*at)[part];
    } else if (const auto index = as_index(part); at->is_array() && index) {
      const std::size_t i = indices == Indices::any ? 0 : *index;
      if (i >= at->size()) {
        return nullptr;
      }
      at = &(*at)[i];
    } else {
      return nullptr;
    }
  }
  return at;
}

bool is_label(const std::string& path) {
  return path.rfind("test.labels.", 0) == 0;
}

std::string bare(const Json* json) {
  if (json == nullptr) {
    return "null";
  }
  if (json->is_string()) {
    return json->get<std::string>();
  }
  std::string text = dump(*json, -1);
  text.pop_back();
  return text;
}

const std::vector<std::string>& columns() {
  static const std::vector<std::string> kColumns = [] {
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
    for (const std::string way : {"up", "down"}) {
      for (const char* field :
           {"tx.packets", "tx.payload_bytes", "tx.offered_bps", "rx.unique", "rx.unique_bytes",
            "rx.goodput_bps", "rx.pps", "rx.span_ns", "loss.packets", "loss.ratio",
            "loss.rx_socket_drop", "loss.local_tx_drop", "loss.network_packets",
            "duplicates.packets", "reordering.packets", "jitter.rfc3550_ns",
            "delay_variation.p50_ns", "delay_variation.p99_ns"}) {
        names.push_back(way + "." + field);
      }
    }
    for (const char* field : {"rtt.idle.p50_ns", "rtt.loaded.p50_ns", "rtt.loaded.p99_ns",
                              "classic.kilobytes_per_second", "error.code", "test.labels"}) {
      names.emplace_back(field);
    }
    return names;
  }();
  return kColumns;
}

/// RFC 4180: quoted where it holds a comma, a quote or a line end; nothing for null.
std::string csv_cell(const Json* json) {
  if (json == nullptr || json->is_null()) {
    return {};
  }
  const std::string text = bare(json);
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

std::optional<std::string> check_fields(const std::vector<std::string>& fields) {
  const Json shape = full_shape();
  for (const std::string& field : fields) {
    if (!is_label(field) && find(shape, field, Indices::any) == nullptr) {
      return "no such field: " + field +
             " (see docs/metrics.md, e.g. goodput_bps or up.loss.packets)";
    }
  }
  return std::nullopt;
}

Result<std::string> print_fields(const result::ResultDocument& document,
                                 const std::vector<std::string>& fields) {
  if (auto problem = check_fields(fields)) {
    return tl::unexpected<Error>{Error{ErrorCode::usage, *std::move(problem), 0, "output"}};
  }
  const Json tree = document_tree(document);
  std::string line;
  for (const std::string& field : fields) {
    line += (line.empty() ? "" : " ") + bare(find(tree, field, Indices::exact));
  }
  return line + "\n";
}

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
  bool first = true;
  for (const std::string& column : columns()) {
    line += (first ? "" : ",") + csv_cell(find(tree, column, Indices::exact));
    first = false;
  }
  return line + "\n";
}

}  // namespace udperf::report
