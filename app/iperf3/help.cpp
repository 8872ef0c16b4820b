#include "app/options/help.hpp"

#include <array>
#include <vector>

#include "app/iperf3/command.hpp"
#include "app/iperf3/rows.hpp"
#include "iperf3/report_json.hpp"

namespace udperf::app {
namespace {

OptionSpec spec_of(const Iperf3Row& row) {
  OptionSpec spec;
  spec.name = row.name;
  spec.letter = row.letter;
  spec.commands = static_cast<unsigned>(Command::iperf3);
  spec.value = row.value_name;
  spec.bare_value = row.value == Iperf3Row::Value::optional ? row.value_name : "";
  spec.help = row.help;
  return spec;
}

std::vector<OptionSpec> specs_of(Iperf3Row::Side side) {
  std::vector<OptionSpec> out;
  for (const Iperf3Row& row : iperf3_rows()) {
    if (row.side == side && !row.help.empty()) {
      out.push_back(spec_of(row));
    }
  }
  return out;
}

}  // namespace

std::span<const OptionGroup> iperf3_groups() {
  using Side = Iperf3Row::Side;
  static const std::array specs{specs_of(Side::any), specs_of(Side::server),
                                specs_of(Side::client)};
  static const std::array<OptionGroup, 3> groups{
      {{"Server or client", specs[0]}, {"Server", specs[1]}, {"Client", specs[2]}}};
  return groups;
}

std::string iperf3_help() {
  return "Usage: udperf iperf3 [-s|-c HOST -u] [options]\n"
         "iperf3's own command line for UDP tests, with right numbers; docs/iperf3.md says what "
         "differs.\n" +
         options_help(Command::iperf3) +
         "K, M, G and T are powers of 1000 in rates and of 1024 in bytes.\n";
}

/// Has the lines that scripts look for in iperf3's.
std::string iperf3_version(iperf3::KeySet keys) {
  return iperf3::version_name(keys) + "\n" + iperf3::system_info() +
         "\nOptional features available: CPU affinity setting, socket pacing, " +
         (iperf3::authentication_is_built_in() ? "authentication, " : "") +
         "bind to device, support IPv4 don't fragment\nUDP tests only\n";
}

}  // namespace udperf::app
