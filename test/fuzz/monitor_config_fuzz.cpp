// Any bytes as a configuration, as a file of file_sd, as a query and as a row of the history:
// nothing breaks, and what is taken is what was meant.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "app/monitor/params_bytes.hpp"
#include "app/monitor/setup.hpp"
#include "app/monitor/web_config.hpp"
#include "monitor/http_query.hpp"
#include "monitor/round_document.hpp"
#include "monitor/round_record.hpp"
#include "monitor/totals_codec.hpp"

namespace {

using namespace udperf;

void expect(bool good) {
  if (!good) {
    std::abort();
  }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text{reinterpret_cast<const char*>(data), size};
  std::vector<std::string> errors;
  app::MonitorCommand command;
  command.config = "f";
  // A key file would be opened.
  if (text.find("key-file") == std::string::npos) {
    const auto setup = app::make_setup(command, text, errors);
    expect(setup.has_value() == errors.empty());
    expect(!setup || setup->modules.contains("light"));
  }
  std::vector<monitor::ConfigError> found;
  for (const auto& target : monitor::parse_file_sd(text, found).targets) {
    expect(!target.name.empty() && !target.address.host.empty());
  }
  static_cast<void>(app::parse_web_config("f", text, errors));
  if (const auto query = monitor::HttpQuery::parse(text)) {
    static_cast<void>(query->get("target"));
  }
  static_cast<void>(monitor::parse_target(text));
  static_cast<void>(monitor::parse_unix_time(text));
  expect(monitor::probe_deadline(text) >= std::chrono::milliseconds{100});
  if (const auto totals = monitor::decode_totals(text)) {
    expect(monitor::decode_totals(monitor::encode_totals(*totals)) == totals);
    expect(totals->up.sent == totals->up.unique + totals->up.lost);
  }
  if (const auto round = monitor::decode_record(text, monitor::Totals{})) {
    expect(monitor::decode_record(monitor::encode_record(*round), monitor::Totals{}).has_value());
    static_cast<void>(monitor::round_document(*round, monitor::Target{}));
  }
  if (const auto params = app::params_of(text)) {
    expect(app::params_of(app::params_bytes(*params)).has_value());
  }
  return 0;
}
