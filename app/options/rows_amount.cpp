#include <algorithm>
#include <array>

#include "app/options/table.hpp"
#include "app/options/values.hpp"
#include "model/forever.hpp"

namespace udperf::app {
namespace {

using namespace std::chrono_literals;
using Text = const std::string&;

constexpr DurationRange kPauses{0ns, 1h, "0s..1h"};
constexpr DurationRange kOmits{0ns, kMostOmit, "0s..1h"};
constexpr DurationRange kSearchTimes{6s, 10min, "6s..10m"};

/// One of these ends a test.
constexpr std::string_view kAmounts = "size duration packets";

Problem set_size(Text value, ClientCommand& command) {
  const auto size = parse_test_size(value);
  command.options.params.amount.size_bytes = size ? size->count() : 0;
  return size ? Problem{} : Problem{size.error().what};
}

Problem set_duration(Text value, ClientCommand& command) {
  if (value == "forever") {
    return put(kForever, command.options.params.amount.duration);
  }
  Problem problem = store(parse_duration(value), command.options.params.amount.duration);
  return problem ? *problem + ", or forever" : problem;
}

Problem set_packets(Text value, ClientCommand& command) {
  return store_integer(value, 1, std::uint64_t{1} << 60U, command.options.params.amount.packets);
}

Problem set_gap(Text value, ClientCommand& command) {
  if (value == "0" || value == "0s") {  // no pause; elsewhere a time of zero makes no sense
    command.gap = Duration{0};
    return std::nullopt;
  }
  return store_duration(value, kPauses, command.gap);
}

Problem set_omit(Text value, ClientCommand& command) {
  if (value == "0" || value == "0s") {  // as iperf3 has it
    return put(Duration{0}, command.options.params.omit);
  }
  return store_duration(value, kOmits, command.options.params.omit);
}

Problem set_search(Text value, ClientCommand& command) {
  constexpr std::array<Choice<search::Algorithm>, 2> kAlgorithms{
      {{"udperf", search::Algorithm::udperf}, {"rfc9097", search::Algorithm::rfc9097}}};
  command.find_rate = true;
  return store_choice(value, kAlgorithms, command.search.algorithm);
}

/// Whether so much can be cut into datagrams of the size that was asked for.
Problem check_amount(const GivenOption& /*option*/, const ClientCommand& command) {
  const auto problem = check_params(command.options.params);
  // What --voice wants is said of it.
  return problem && !problem->what.starts_with("voice") ? Problem{problem->what} : std::nullopt;
}

Problem check_omit(const GivenOption& /*option*/, const ClientCommand& command) {
  const auto problem = check_params(command.options.params);
  return problem && problem->what.starts_with("omit") ? Problem{problem->what} : std::nullopt;
}

Problem check_gap(const GivenOption& /*option*/, const ClientCommand& command) {
  return command.repeat == 1 ? Problem{"needs --repeat with more than one run"} : std::nullopt;
}

Problem check_min_rate(const GivenOption& /*option*/, const ClientCommand& command) {
  const SearchOptions& search = command.search;
  if (search.max_rate && *search.min_rate > *search.max_rate) {
    return "is above --max-rate";
  }
  if (search.algorithm == search::Algorithm::rfc9097) {
    return "does not go with --find-rate=rfc9097, whose table begins at 0.5 Mb/s";
  }
  return std::nullopt;
}

/// "rfc2544", or lengths of payload.
Problem set_sizes(Text value, ClientCommand& command) {
  constexpr std::size_t kMost = 32;
  command.search.sizes.clear();
  if (value == "rfc2544") {
    command.search.sizes = search::rfc2544_payloads();
    return std::nullopt;
  }
  for (std::string_view rest = value; !rest.empty();) {
    const auto comma = std::min(rest.find(','), rest.size());
    const auto size = parse_byte_count(rest.substr(0, comma), BareNumber::bytes);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    if (!size || size->count() < kCompactHeaderBytes || size->count() > kMaxPayloadBytes) {
      command.search.sizes.clear();
      break;
    }
    command.search.sizes.push_back(static_cast<std::uint32_t>(size->count()));
  }
  const bool good =
      !command.search.sizes.empty() && command.search.sizes.size() <= kMost && value.back() != ',';
  return good ? Problem{}
              : Problem{"must be rfc2544 or up to " + std::to_string(kMost) + " sizes of " +
                        std::to_string(kCompactHeaderBytes) + ".." +
                        std::to_string(kMaxPayloadBytes) + " bytes, e.g. 64,512,1472"};
}

Problem check_sizes(const GivenOption& /*option*/, const ClientCommand& command) {
  const auto smallest = *std::min_element(command.search.sizes.begin(), command.search.sizes.end());
  if (command.header == HeaderKind::full && smallest < kDataHeaderBytes) {
    return "needs --header auto or compact for datagrams below " +
           std::to_string(kDataHeaderBytes) + " bytes";
  }
  return std::nullopt;
}

Problem check_search_time(const GivenOption& /*option*/, const ClientCommand& command) {
  // Five seconds are the shortest test interval (RFC 9097 s4), five more verify the answer.
  const bool short_time = command.search.time < 10s;
  if (command.search.algorithm == search::Algorithm::rfc9097 && short_time) {
    return "is too short for --find-rate=rfc9097; accepted is 10s..10m";
  }
  return std::nullopt;
}

constexpr auto kAmountRows = std::to_array<OptionSpec>({
    {.letter = 's',
     .name = "size",
     .value = "N",
     .help = "payload bytes: 25..200 (MB), or any size with a unit, e.g. 10M",
     .brief = "payload bytes: 25..200 (MB), or e.g. 10M",
     .commands = kClient,
     .one_of = kAmounts,
     .not_with = "find-rate",
     .set = set_size,
     .check = check_amount},
    {.letter = 't',
     .name = "duration",
     .value = "TIME",
     .help = "how long to send, e.g. 10s, 500ms, 2m, or forever",
     .brief = "how long to send, e.g. 500ms (default 10s)",
     .fallback = "10s",
     .commands = kClient,
     .one_of = kAmounts,
     .not_with = "find-rate",
     .set = set_duration,
     .check = check_amount},
    {.letter = 'n',
     .name = "packets",
     .value = "N",
     .help = "how many datagrams to send",
     .commands = kClient,
     .one_of = kAmounts,
     .not_with = "find-rate",
     .set = set_packets,
     .check = check_amount},
    {.letter = 'O',
     .name = "omit",
     .value = "TIME",
     .help = "warm-up before the test, left out of it, 0s..1h",
     .fallback_text = "nothing",
     .commands = kClient,
     .not_with = "find-rate classic iperf3",
     .set = set_omit,
     .check = check_omit},

    {.name = "repeat",
     .value = "N",
     .help = "run the test N times, 1..10000, and sum up",
     .fallback = "1",
     .commands = kClient,
     .in_config = false,
     .not_with = "find-rate",
     .set = [](Text v, ClientCommand& c) { return store_integer(v, 1, 10000, c.repeat); }},
    {.name = "gap",
     .value = "TIME",
     .help = "pause between repeated tests, 0s..1h",
     .fallback = "1s",
     .commands = kClient,
     .in_config = false,
     .set = set_gap,
     .check = check_gap},

    {.name = "find-rate",
     .value = "METHOD",
     .help = "search the path's highest rate; by udperf (default) or rfc9097",
     .brief = "search the path's highest rate",
     .commands = kClient,
     .choices = "udperf rfc9097",
     .bare_value = "udperf",
     .not_with = "classic",
     .excluding = "which chooses it for each trial",
     .set = set_search},
    {.name = "max-loss",
     .value = "PERCENT",
     .help = "with --find-rate: what may be lost, e.g. 0.1%",
     .fallback_text = "0, rfc9097 all",
     .commands = kClient,
     .needs = "find-rate",
     .set = [](Text v,
               ClientCommand& c) { return store(parse_percent(v), c.search.max_loss.emplace()); }},
    {.name = "max-rate",
     .value = "RATE",
     .help = "with --find-rate: try nothing faster",
     .fallback_text = "no limit",
     .commands = kClient,
     .needs = "find-rate",
     .set = [](Text v, ClientCommand& c) { return store_bit_rate(v, c.search.max_rate); }},
    {.name = "min-rate",
     .value = "RATE",
     .help = "with --find-rate: begin here, try nothing slower",
     .fallback_text = "1M",
     .commands = kClient,
     .needs = "find-rate",
     .set = [](Text v, ClientCommand& c) { return store_bit_rate(v, c.search.min_rate); },
     .check = check_min_rate},
    {.name = "search-time",
     .value = "TIME",
     .help = "with --find-rate: 6s..10m for each direction",
     .fallback = "15s",
     .commands = kClient,
     .needs = "find-rate",
     .set = [](Text v, ClientCommand& c) { return store_duration(v, kSearchTimes, c.search.time); },
     .check = check_search_time},
    {.name = "sizes",
     .value = "LIST",
     .help = "with --find-rate: each of these, or rfc2544",
     .fallback_text = "--packet-size",
     .commands = kClient,
     .in_config = false,
     .choices = "rfc2544",
     .needs = "find-rate",
     .not_with = "packet-size",
     .set = set_sizes,
     .check = check_sizes},
});

static_assert(all_set(kAmountRows));

}  // namespace

std::span<const OptionSpec> amount_rows() {
  return kAmountRows;
}

}  // namespace udperf::app
