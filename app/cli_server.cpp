#include "app/cli_values.hpp"

namespace udperf::app {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kMaxSessions = 65535;

Problem add_prefix(const std::string& value, std::vector<IpPrefix>& list) {
  const auto prefix = parse_ip_prefix(value);
  if (!prefix) {
    return prefix.error().what + "; accepted is e.g. 192.0.2.0/24 or 2001:db8::/32";
  }
  list.push_back(*prefix);
  return std::nullopt;
}

using ServerSetter = Setter<ServerCommand>;
using Text = const std::string&;

constexpr std::array kSetters = std::to_array<ServerSetter>({
  {"port", [](Text v, ServerCommand& c) { return store_integer(v, 0, 65535, c.options.port); }},
  {"bind", [](Text v, ServerCommand& c) { return store(parse_ip_address(v), c.options.bind); }},
  {"spin", [](Text, ServerCommand& c) -> Problem { c.options.spin = true; return {}; }},
  {"buffer", [](Text v, ServerCommand& c) { return store_buffer(v, c.options.buffer); }},
  {"key-file", [](Text v, ServerCommand& c) { return store_text(v, "file name", c.key_file); }},
  {"one-off", [](Text, ServerCommand& c) -> Problem { c.options.one_off = true; return {}; }},
  {"classic", [](Text, ServerCommand& c) -> Problem { c.options.classic = true; return {}; }},
  {"exclusive", [](Text, ServerCommand& c) -> Problem { c.options.exclusive = true; return {}; }},
  {"max-sessions", [](Text v, ServerCommand& c) { return store_integer(v, 1, kMaxSessions, c.options.max_sessions); }},
  {"max-sessions-per-address", [](Text v, ServerCommand& c) { return store_integer(v, 1, kMaxSessions, c.options.max_sessions_per_address); }},
  {"max-rate", [](Text v, ServerCommand& c) { return store_bit_rate(v, c.options.max_rate); }},
  {"max-duration", [](Text v, ServerCommand& c) { return store(parse_duration(v), c.options.max_duration); }},
  {"allow", [](Text v, ServerCommand& c) { return add_prefix(v, c.options.allow); }},
  {"deny", [](Text v, ServerCommand& c) { return add_prefix(v, c.options.deny); }},
  {"jsonl", [](Text v, ServerCommand& c) { return store_text(v, "file name", c.jsonl); }},
  {"ready-fd", [](Text v, ServerCommand& c) -> Problem {
     int fd = 0;
     Problem problem = store_integer(v, 1, 1'048'575, fd);
     c.ready_fd = fd;
     return problem; }},
  {"pid-file", [](Text v, ServerCommand& c) { return store_text(v, "file name", c.pid_file); }},
});

constexpr std::array<std::string_view, 2> kSessionLimits{"exclusive", "max-sessions"};

}  // namespace

std::optional<std::string> apply_server_options(std::span<const GivenOption> given,
                                                ServerCommand& command) {
  command.log.level = LogLevel::info;
  if (Problem problem = check_exclusive(given, kSessionLimits)) {
    return problem;
  }
  if (Problem problem = apply_setters<ServerCommand>(given, kSetters, command)) {
    return problem;
  }
  if (command.options.classic && command.key_file) {
    return "--classic: serves clients that have no key, which --key-file forbids; give one of them";
  }
  return std::nullopt;
}

}  // namespace udperf::app
