#include <array>

#include "app/options/table.hpp"
#include "app/options/values.hpp"

namespace udperf::app {
namespace {

using namespace std::chrono_literals;
using Text = const std::string&;

constexpr DurationRange kWaits{1ms, 24h, "1ms..24h"};

/// One of these says which IP version.
constexpr std::string_view kFamilies = "ipv4 ipv6";

Problem store_realtime(Text value, engine::Realtime& target) {
  constexpr std::array<Choice<engine::Realtime>, 2> kModes{
      {{"auto", engine::Realtime::automatic}, {"off", engine::Realtime::off}}};
  return store_choice(value, kModes, target);
}

Problem check_bind(const GivenOption& /*option*/, const ClientCommand& command) {
  const auto& options = command.options;
  if (options.family && options.bind->family != *options.family) {
    return "is of the other address family than -4 or -6 asks for";
  }
  return std::nullopt;
}

/// "40000", or "40000-40063".
Problem set_local_port(Text value, ClientCommand& command) {
  constexpr std::uint64_t kHighest = 65535;
  const auto dash = value.find('-');
  if (dash == std::string::npos) {
    return store_integer(value, 0, kHighest, command.options.local_port);
  }
  auto& options = command.options;
  if (Problem problem = store_integer(value.substr(0, dash), 1, kHighest, options.local_port)) {
    return problem;
  }
  return store_integer(value.substr(dash + 1), options.local_port, kHighest,
                       options.last_local_port);
}

constexpr auto kConnectionRows = std::to_array<OptionSpec>({
    {.letter = 'p',
     .name = "port",
     .value = "PORT",
     .help = "UDP port of the server",
     .brief = "UDP port of the server (default 5555)",
     .fallback = "5555",
     .commands = kRemote,
     .set = [](Text v, ClientCommand& c) { return store_integer(v, 1, 65535, c.options.port); }},
    {.letter = 'p',
     .name = "port",
     .value = "PORT",
     .help = "UDP port of the server",
     .fallback_text = "any",
     .commands = kLoopback,
     .set = [](Text v, ClientCommand& c) { return store_integer(v, 1, 65535, c.options.port); }},
    {.letter = 'p',
     .name = "port",
     .value = "PORT",
     .help = "UDP port to serve on, 0 = any free one",
     .brief = "UDP port, 0 = any free one (default 5555)",
     .fallback = "5555",
     .commands = kServer,
     .set = [](Text v, ServerCommand& c) { return store_integer(v, 0, 65535, c.options.port); }},
    {.letter = '4',
     .name = "ipv4",
     .help = "use IPv4 only",
     .commands = kClient,
     .one_of = kFamilies,
     .set = [](Text, ClientCommand& c) { return put(IpFamily::v4, c.options.family); }},
    {.letter = '6',
     .name = "ipv6",
     .help = "use IPv6 only",
     .commands = kClient,
     .one_of = kFamilies,
     .set = [](Text, ClientCommand& c) { return put(IpFamily::v6, c.options.family); }},
    {.name = "bind",
     .value = "ADDR",
     .help = "local address to send from",
     .fallback_text = "the system chooses",
     .commands = kClient,
     .set = [](Text v, ClientCommand& c) { return store(parse_ip_address(v), c.options.bind); },
     .check = check_bind},
    {.name = "bind",
     .value = "ADDR",
     .help = "local address to serve on",
     .brief = "local address to serve on (default all)",
     .fallback_text = "all, IPv4 and IPv6",
     .commands = kServer,
     .set = [](Text v, ServerCommand& c) { return store(parse_ip_address(v), c.options.bind); }},
    {.name = "bind-dev",
     .value = "IFACE",
     .help = "use this network interface (or VRF) only",
     .fallback_text = "any",
     .commands = kBoth,
     .set =
         shared([](Text v, auto& c) -> Problem { return store_device(v, c.options.bind_device); })},
    {.name = "local-port",
     .value = "PORT",
     .help = "local UDP port, or A-B: one a stream; 0 = any",
     .fallback = "0",
     .commands = kClient,
     .in_config = false,
     .set = set_local_port},
    {.name = "flows",
     .value = "N",
     .help = "judge N flows by port, 2..128: does one fare worse?",
     .fallback_text = "no",
     .commands = kClient,
     .in_config = false,
     .not_with = "streams find-rate classic iperf3",
     .set = [](Text v, ClientCommand& c) { return store_integer(v, 2, kMaxStreams, c.flows); }},
    {.name = "buffer",
     .value = "SIZE",
     .help = "socket buffers of this end, payload bytes",
     .fallback_text = "large",
     .commands = kBoth,
     .set = shared([](Text v, auto& c) -> Problem { return store_buffer(v, c.options.buffer); })},
    {.name = "spin",
     .help = "never sleep during a test: costs whole cores",
     .fallback_text = "off",
     .commands = kClient,
     .not_with = "classic",
     .set = [](Text, ClientCommand& c) { return turn_on(c.options.spin); }},
    {.name = "spin",
     .help = "never sleep during a test: costs whole cores",
     .fallback_text = "off",
     .commands = kServer,
     .set = [](Text, ServerCommand& c) { return turn_on(c.options.spin); }},
    {.name = "realtime",
     .value = "MODE",
     .help = "run before other work where allowed: auto, off",
     .fallback = "auto",
     .commands = kBoth,
     .choices = "auto off",
     .set =
         shared([](Text v, auto& c) -> Problem { return store_realtime(v, c.options.realtime); })},
    {.name = "connect-timeout",
     .value = "TIME",
     .help = "give up when nothing answers for so long",
     .fallback = "5s",
     .commands = kClient,
     .set = [](Text v,
               ClientCommand& c) { return store_duration(v, kWaits, c.options.connect_timeout); }},
    {.name = "wait-server",
     .value = "TIME",
     .help = "keep trying so long while no server is there",
     .fallback_text = "no",
     .commands = kClient,
     .in_config = false,
     .not_with = "classic",
     .set = [](Text v,
               ClientCommand& c) { return store_duration(v, kWaits, c.options.wait_server); }},
    {.name = "retry-busy",
     .value = "TIME",
     .help = "keep trying so long while the server is busy",
     .fallback_text = "no",
     .commands = kClient,
     .in_config = false,
     .not_with = "classic",
     .set = [](Text v,
               ClientCommand& c) { return store_duration(v, kWaits, c.options.retry_busy); }},
    {.name = "key-file",
     .value = "FILE",
     .help = "shared key, as udperf keygen writes it",
     .fallback_text = "none",
     .commands = kClient,
     .not_with = "classic",
     .set = [](Text v, ClientCommand& c) { return store_text(v, "file name", c.key_file); }},
    {.name = "key-file",
     .value = "FILE",
     .help = "shared key, as udperf keygen writes it",
     .brief = "shared key, as udperf keygen writes it",
     .fallback_text = "none",
     .commands = kServer,
     .set = [](Text v, ServerCommand& c) { return store_text(v, "file name", c.key_file); }},
});

static_assert(all_set(kConnectionRows));

}  // namespace

std::span<const OptionSpec> connection_rows() {
  return kConnectionRows;
}

}  // namespace udperf::app
