#include "app/protocols.hpp"

#include <algorithm>
#include <array>

#include "app/cli.hpp"
#include "classic/client_run.hpp"
#include "iperf3/client_run.hpp"
#include "model/test_params.hpp"

namespace udperf::app {
namespace {

void settle_nothing(ClientCommand& /*command*/) {}

void settle_classic(ClientCommand& command) {
  constexpr std::uint32_t kClassicBytes = 1500;  // whatever the path's packet size
  TestParams& params = command.options.params;
  params.payload = PayloadKind::alphabet;
  params.payload_bytes = command.options.auto_packet_size ? kClassicBytes : params.payload_bytes;
}

constexpr auto kProtocols = std::to_array<ProtocolSpec>({
    {.id = Protocol::native,
     .name = "native",
     .option = {},
     .run = engine::run_client,
     .in_modules = true,
     .chooses_header = true,
     .flows_by_port = true,
     .mixes_sizes = true,
     .spaces_by_default = true,
     .settle = settle_nothing},
    {.id = Protocol::classic,
     .name = "classic",
     .option = "classic",
     .run = classic::run_classic_client,
     .least_payload = kDataHeaderBytes,
     .settle = settle_classic},
    {.id = Protocol::iperf3,
     .name = "iperf3",
     .option = "iperf3",
     .run = iperf3::run_iperf3_client,
     .in_modules = true,
     .least_payload = kDataHeaderBytes,
     .sockets_each_both_ways = 2,  // each direction has sockets of its own
     .why_heavy = "an iperf3 server has one test at a time",
     .settle = settle_nothing},
});

}  // namespace

std::span<const ProtocolSpec> protocol_specs() {
  return kProtocols;
}

const ProtocolSpec& spec_of(Protocol protocol) {
  return kProtocols.at(static_cast<std::size_t>(protocol));
}

const ProtocolSpec* module_protocol(std::string_view name) {
  const auto* const found = std::find_if(
      kProtocols.begin(), kProtocols.end(),
      [name](const ProtocolSpec& spec) { return spec.in_modules && spec.name == name; });
  return found != kProtocols.end() ? found : nullptr;
}

std::string module_protocol_names() {
  std::string text;
  for (const ProtocolSpec& spec : kProtocols) {
    if (spec.in_modules) {
      text += (text.empty() ? "" : " and ") + std::string{spec.name};
    }
  }
  return text;
}

bool is_protocol_option(std::string_view name) {
  return std::any_of(kProtocols.begin(), kProtocols.end(), [name](const ProtocolSpec& spec) {
    return !spec.option.empty() && spec.option == name;
  });
}

}  // namespace udperf::app
