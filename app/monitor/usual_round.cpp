#include "app/monitor/usual_round.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "app/protocols.hpp"
#include "base/decimal.hpp"
#include "base/units.hpp"
#include "traffic/profiles.hpp"

namespace udperf::app {
namespace {

using monitor::ModuleConfig;
using monitor::Setting;

constexpr std::uint64_t kRoundPackets = 100;

bool has(const std::vector<Setting>& settings, std::string_view name) {
  return std::any_of(settings.begin(), settings.end(),
                     [name](const Setting& setting) { return setting.name == name; });
}

std::optional<std::string> value_of(const std::vector<Setting>& settings, std::string_view name) {
  const auto found = std::find_if(settings.begin(), settings.end(),
                                  [name](const Setting& one) { return one.name == name; });
  return found != settings.end() ? std::optional{found->value} : std::nullopt;
}

/// A wrong one is told elsewhere.
bool is_limited(std::string_view rate) {
  const auto parsed = parse_send_rate(rate);
  return !parsed || parsed->limited();
}

/// Whether the module's datagrams have times that can be drawn: its rate or its profile's is known.
bool has_limit(const std::vector<Setting>& options) {
  const auto rate = value_of(options, "rate");
  if (!rate) {
    return !has(options, "size");
  }
  const auto slash = std::min(rate->find('/'), rate->size());
  return is_limited(rate->substr(0, slash)) &&
         (slash == rate->size() || is_limited(rate->substr(slash + 1)));
}

/// Whether the module's profile decides how fast it is.
bool has_profile_rate(const std::vector<Setting>& options) {
  const auto name = value_of(options, "profile");
  const auto profile = name ? traffic::parse_profile(*name)
                            : tl::unexpected<Error>{Error{ErrorCode::usage, {}, 0, {}}};
  return profile && (profile->up.rate.limited() || profile->down.rate.limited());
}

/// Whether a round by the module's protocol is spaced at random where nothing else is said.
bool spaces(const std::vector<Setting>& options) {
  const auto specs = protocol_specs();
  return std::none_of(specs.begin(), specs.end(), [&options](const ProtocolSpec& spec) {
    return !spec.spaces_by_default && has(options, spec.option);
  });
}

/// What a warm-up leaves of a round's time.
Duration without_omitted(Duration span, const std::vector<Setting>& options) {
  const auto omit = value_of(options, "omit");
  if (!omit) {
    return span;
  }
  const auto time = parse_duration(*omit);
  return time && *time < span ? span - *time : span;
}

/// So that the round's datagrams fill the time.
std::string spread_over(const std::vector<Setting>& options, double seconds) {
  const auto packets = value_of(options, "packets");
  const double count = packets ? std::strtod(packets->c_str(), nullptr) : kRoundPackets;
  return decimal("%.3fpps", std::max(count / seconds, 0.001));
}

}  // namespace

void add_usual(ModuleConfig& module) {
  auto& options = module.options;
  const auto usual = [&options](std::string name, std::string value) {
    options.push_back({std::move(name), std::move(value), {}});
  };
  if (!has(options, "direction") && !has(options, "reverse") && !has(options, "bidir") &&
      !has(options, "profile")) {
    usual("direction", "both");
  }
  if (has(options, "find-rate")) {  // it has a rate and an amount for each of its trials
    return;
  }
  const bool sized = has(options, "size");
  const bool amount = has(options, "packets") || sized || has(options, "duration");
  // A call has its codec's rate: spread over `every` it would be none.
  const bool rated = has(options, "rate") || has(options, "voice") || has_profile_rate(options);
  const bool shaped = has(options, "profile") || has(options, "voice");
  const Duration every = module.every.value_or(std::chrono::seconds{10});
  const Duration span = std::min<Duration>(every, std::chrono::seconds{60});
  const double seconds = std::chrono::duration<double>(without_omitted(span, options)).count();
  if (!amount && rated) {
    usual("duration", std::to_string(std::llround(std::min(seconds, 10.0) * 1000)) + "ms");
  } else if (!amount) {
    usual("packets", std::to_string(kRoundPackets));
  }
  if (!rated && !sized) {
    usual("rate", spread_over(options, seconds));
  }
  if (!has(options, "packet-size") && !shaped) {
    usual("packet-size", "200");
  }
  const bool spaced = has(options, "spacing") || has(options, "burst");
  if (!spaced && !shaped && spaces(options) && has_limit(options)) {
    usual("spacing", "poisson");  // even spacing marches in step with what it measures
  }
}

monitor::Limits watched_limits(const monitor::Limits& limits, bool heavy) {
  constexpr double kUsualLoss = 0.05;
  monitor::Limits watched = limits;
  if (!heavy && !watched.loss_ratio) {
    watched.loss_ratio = kUsualLoss;
  }
  return watched;
}

}  // namespace udperf::app
