#include <array>

#include "app/options/table.hpp"
#include "app/options/values.hpp"

namespace udperf::app {
namespace {

using Text = const std::string&;

constexpr std::uint64_t kMaxSessions = 65535;

/// One of these limits how many are served at a time.
constexpr std::string_view kSessionLimits = "exclusive max-sessions";

Problem add_prefix(Text value, std::vector<IpPrefix>& list) {
  const auto prefix = parse_ip_prefix(value);
  if (!prefix) {
    return prefix.error().what + "; accepted is e.g. 192.0.2.0/24 or 2001:db8::/32";
  }
  list.push_back(*prefix);
  return std::nullopt;
}

Problem store_memory(Text value, ByteCount& memory) {
  constexpr auto kLeast = ByteCount::bytes(std::uint64_t{16} << 20U);
  const auto size = parse_byte_count(value, BareNumber::refused);
  if (!size) {
    return size.error().what;
  }
  if (*size < kLeast) {
    return "must be at least 16MiB";
  }
  memory = *size;
  return std::nullopt;
}

/// Of protocols that know no key.
Problem check_keyless(const GivenOption& /*option*/, const ServerCommand& command) {
  if (command.key_file) {
    return "serves clients that have no key, which --key-file forbids; give one of them";
  }
  return std::nullopt;
}

constexpr auto kPolicyRows = std::to_array<OptionSpec>({
    {.name = "one-off",
     .help = "serve one session, then exit",
     .brief = "serve one session, then exit",
     .commands = kServer,
     .set = [](Text, ServerCommand& c) { return turn_on(c.options.one_off); }},
    {.name = "classic",
     .help = "serve the START/STOP test of old scripts, too",
     .fallback_text = "no",
     .commands = kServer,
     .set = [](Text, ServerCommand& c) { return turn_on(c.classic); },
     .check = check_keyless},
    {.name = "iperf3",
     .value = "PORT",
     .help = "serve iperf3 clients, too, on 5201 or PORT, 0 = any",
     .brief = "serve iperf3 clients, too (port 5201)",
     .fallback_text = "no",
     .commands = kServer,
     .bare_value = "5201",
     .set = [](Text v,
               ServerCommand& c) { return store_integer(v, 0, 65535, c.iperf3_port.emplace()); },
     .check = check_keyless},
    {.name = "exclusive",
     .help = "one full test at a time; light ones beside it",
     .brief = "serve one full test at a time",
     .commands = kServer,
     .one_of = kSessionLimits,
     .set = [](Text, ServerCommand& c) { return turn_on(c.options.exclusive); }},
    {.name = "max-sessions",
     .value = "N",
     .help = "full tests at a time, 1..65535",
     .fallback = "64",
     .commands = kServer,
     .one_of = kSessionLimits,
     .set =
         [](Text v, ServerCommand& c) {
           return store_integer(v, 1, kMaxSessions, c.options.max_sessions);
         }},
    {.name = "max-sessions-per-address",
     .value = "N",
     .help = "full tests at a time of one address",
     .fallback = "32",
     .commands = kServer,
     .set =
         [](Text v, ServerCommand& c) {
           return store_integer(v, 1, kMaxSessions, c.options.max_sessions_per_address);
         }},
    {.name = "max-light-sessions",
     .value = "N",
     .help = "light tests at a time, beside those; 0 = as full",
     .fallback = "4096",
     .commands = kServer,
     .set =
         [](Text v, ServerCommand& c) {
           return store_integer(v, 0, kMaxSessions, c.options.max_light_sessions);
         }},
    {.name = "max-rate",
     .value = "RATE",
     .help = "payload bit/s of all; light ones a tenth more",
     .brief = "bit/s of all sessions together (default: any)",
     .fallback_text = "no limit",
     .commands = kServer,
     .set = [](Text v, ServerCommand& c) { return store_bit_rate(v, c.options.max_rate); }},
    {.name = "max-duration",
     .value = "TIME",
     .help = "longest test that is accepted",
     .brief = "longest test that is accepted",
     .fallback_text = "no limit",
     .commands = kServer,
     .set = [](Text v,
               ServerCommand& c) { return store(parse_duration(v), c.options.max_duration); }},
    {.name = "max-memory",
     .value = "SIZE",
     .help = "for all that clients make the server keep",
     .fallback = "256MiB",
     .commands = kServer,
     .set = [](Text v, ServerCommand& c) { return store_memory(v, c.options.max_memory); }},
    {.name = "allow",
     .value = "CIDR",
     .help = "serve these addresses only; repeatable",
     .brief = "serve these addresses only; repeatable",
     .fallback_text = "all",
     .commands = kServer,
     .repeatable = true,
     .set = [](Text v, ServerCommand& c) { return add_prefix(v, c.options.allow); }},
    {.name = "deny",
     .value = "CIDR",
     .help = "do not serve these addresses; repeatable",
     .commands = kServer,
     .repeatable = true,
     .set = [](Text v, ServerCommand& c) { return add_prefix(v, c.options.deny); }},
});

static_assert(all_set(kPolicyRows));

}  // namespace

std::span<const OptionSpec> policy_rows() {
  return kPolicyRows;
}

}  // namespace udperf::app
