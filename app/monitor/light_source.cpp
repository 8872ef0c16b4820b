#include "app/monitor/light_source.hpp"

#include <algorithm>
#include <utility>

#include "session/light.hpp"

namespace udperf::app {
namespace {

using monitor::RoundResult;
using monitor::RoundStatus;
using rounds::Ending;

constexpr std::size_t kThreads = 2;

/// Of rounds that are told as one; ten years at most, so that no time wraps.
Duration span_of_all(std::uint64_t rounds, Duration every) {
  constexpr Duration kLongest = std::chrono::hours{24 * 3660};
  const Duration each = std::max(every, Duration{1});
  return each * static_cast<Duration::rep>(
                    std::min<std::uint64_t>(rounds, static_cast<std::uint64_t>(kLongest / each)));
}

/// Where there is no way to the target it may be this host that has no network, which the error
/// says and which says nothing of the target.
RoundStatus status_of(Ending ending, RoundStatus by_error) {
  switch (ending) {
    case Ending::complete:
      return RoundStatus::complete;
    case Ending::cut_short:
      return RoundStatus::cut_short;
    case Ending::unreachable:
      return by_error == RoundStatus::failed ? RoundStatus::failed : RoundStatus::unreachable;
    case Ending::refused:
    case Ending::timeout:
      return RoundStatus::unreachable;
    case Ending::busy:
    case Ending::denied:
      return RoundStatus::refused;
    case Ending::name:
    case Ending::failed:
      return RoundStatus::failed;
    case Ending::not_measured:
      break;
  }
  return RoundStatus::not_measured;
}

/// Each datagram leaves alone: nobody has to find out whether many may leave at once.
engine::ClientOptions made_light(engine::ClientOptions options) {
  for (OffloadMode* const mode : {&options.params.gso, &options.params.gro}) {
    *mode = *mode == OffloadMode::automatic ? OffloadMode::off : *mode;
  }
  return options;
}

AddressBook::Host host_of(const engine::ClientOptions& options) {
  const auto family =
      options.family || !options.bind ? options.family : std::optional{options.bind->family};
  return {options.host, options.port, family};
}

}  // namespace

RoundResult light_result(const rounds::Round& round, Duration every) {
  RoundResult result = monitor::make_round(round.outcome);
  result.rounds = round.intervals;
  result.start = round.start;
  result.length = round.length;
  result.lateness = std::max(round.lateness, Duration{0});
  result.host_lateness = round.host_lateness;
  result.tried = round.tried;
  result.not_asked = round.target_down;
  result.server_restarted = round.server_restarted;
  result.status = status_of(round.ending, result.status);
  if (result.status == RoundStatus::not_measured) {  // what came of it says nothing
    result.up.reset();
    result.down.reset();
    result.rtt.reset();
    result.length = std::max(
        result.length, round.intervals > 1 ? span_of_all(round.intervals, every) : Duration{0});
  }
  return result;
}

LightSource::LightSource(const Clock& clock, std::function<void()> on_news)
    : on_news_(std::move(on_news)),
      pool_(clock, kThreads),
      sleeper_(clock, 1),
      rounds_({pool_.executors(), &sleeper_.at(0)}, clock, random_, *this),
      addresses_(clock, [this](std::uint64_t target, Result<std::vector<Endpoint>> servers) {
        on_servers(target, std::move(servers));
      }) {}

LightSource::~LightSource() {
  stop();
}

void LightSource::stop() {
  constexpr auto kPatience = std::chrono::seconds{2};
  if (std::exchange(stopped_, true)) {
    return;
  }
  addresses_.stop();
  rounds_.shut_down();
  {
    std::unique_lock lock{mutex_};
    removed_.wait_for(lock, kPatience, [this] { return targets_.empty(); });
  }
  pool_.stop();
  sleeper_.stop();
}

bool LightSource::takes(const MonitorModule& module) {
  const engine::ClientOptions& options = module.client.options;
  const TestParams& params = options.params;
  const bool special = options.spin || options.realtime != engine::Realtime::automatic ||
                       options.local_port != 0 || options.profile.trace != nullptr ||
                       params.omit > Duration{0};
  if (module.timing.heavy || module.timing.at || special || params.direction != Direction::both ||
      !session::is_light(params)) {
    return false;
  }
  const auto up = expected_duration(params, Way::up);
  const auto down = expected_duration(params, Way::down);
  const Duration every = module.timing.every;
  const Duration rounding = every / 20;  // of rates
  return up && down && std::max(*up, *down) <= every + rounding &&
         std::max(*up, *down) >= every / 2;
}

void LightSource::watch(std::uint64_t target, const engine::ClientOptions& options, Duration every,
                        std::uint64_t last_number) {
  {
    const std::lock_guard lock{mutex_};
    Watched& watched = watched_[target];
    if (watched.engine_id != 0) {
      rounds_.remove(watched.engine_id);
    }
    watched.every = every;
    watched.number = std::max(watched.number, last_number);
    watched.waiting = made_light(options);
    watched.engine_id = 0;
  }
  addresses_.watch(target, host_of(options));
}

void LightSource::leave(std::uint64_t target) {
  addresses_.leave(target);
  const std::lock_guard lock{mutex_};
  const auto found = watched_.find(target);
  if (found == watched_.end()) {
    return;
  }
  if (found->second.engine_id != 0) {
    rounds_.remove(found->second.engine_id);
  }
  watched_.erase(found);
}

bool LightSource::watches(std::uint64_t target) const {
  const std::lock_guard lock{mutex_};
  return watched_.contains(target);
}

std::size_t LightSource::size() const {
  const std::lock_guard lock{mutex_};
  return watched_.size();
}

/// Rounds begin when it is known where to: no round fails for want of an answer that is on its way.
void LightSource::on_servers(std::uint64_t target, Result<std::vector<Endpoint>> servers) {
  const std::lock_guard lock{mutex_};
  const auto found = watched_.find(target);
  if (found == watched_.end()) {
    return;
  }
  Watched& watched = found->second;
  if (!watched.waiting) {
    rounds_.set_servers(watched.engine_id, std::move(servers));
    return;
  }
  watched.engine_id = rounds_.add({*std::move(watched.waiting), watched.every, std::move(servers)});
  watched.waiting.reset();
  targets_[watched.engine_id] = target;
}

void LightSource::on_round(rounds::Round&& round) {
  {
    const std::lock_guard lock{mutex_};
    const auto target = targets_.find(round.target);
    const auto watched = target != targets_.end() ? watched_.find(target->second) : watched_.end();
    if (watched == watched_.end()) {
      return;
    }
    Watched& one = watched->second;
    if (round.target != one.engine_id && round.ending == Ending::not_measured) {
      // New options ended it: that says nothing of the target, and is no change of how it stands.
      round.tried = false;
      round.outcome.error =
          Error{ErrorCode::system, "not ended: its module was changed", 0, "schedule"};
    }
    if (landed_.size() < most_waiting()) {
      landed_.push_back({target->second, one.every, std::move(round)});
    } else {  // until somebody takes them: whatever holds him up, memory does not grow
      one.unheard_since = one.unheard == 0 ? round.start : one.unheard_since;
      one.unheard += round.intervals;
      unheard_ = true;
    }
  }
  on_news_();
}

void LightSource::on_removed(std::uint64_t engine_id) {
  const std::lock_guard lock{mutex_};
  targets_.erase(engine_id);
  removed_.notify_all();
}

/// With the lock held: some for each target, as they come in a minute or so.
std::size_t LightSource::most_waiting() const {
  constexpr std::size_t kLeast = 1000;
  constexpr std::size_t kEach = 8;
  return std::max(kLeast, kEach * watched_.size());
}

/// With the lock held.
void LightSource::take_unheard(std::vector<RoundResult>& gaps) {
  if (!std::exchange(unheard_, false)) {
    return;
  }
  for (auto& [target, watched] : watched_) {
    if (watched.unheard == 0) {
      continue;
    }
    RoundResult& gap = gaps.emplace_back();
    gap.target = target;
    gap.rounds = std::exchange(watched.unheard, 0);
    gap.start = watched.unheard_since;
    gap.length = span_of_all(gap.rounds, watched.every);
    gap.error = Error{ErrorCode::system, "this host did not take its rounds in time", 0, {}};
  }
}

std::vector<RoundResult> LightSource::take() {
  std::vector<Landed> landed;
  std::vector<RoundResult> gaps;
  {
    const std::lock_guard lock{mutex_};
    landed.swap(landed_);
    take_unheard(gaps);
  }
  std::vector<RoundResult> results;
  results.reserve(landed.size());
  for (const Landed& one : landed) {
    RoundResult result = light_result(one.round, one.every);
    result.target = one.target;
    if (!give_number(result)) {
      continue;
    }
    if (result.status == RoundStatus::unreachable) {
      addresses_.hurry(one.target);  // it may have moved
    }
    results.push_back(std::move(result));
  }
  for (RoundResult& gap : gaps) {  // which began when no more could wait
    if (give_number(gap)) {
      results.push_back(std::move(gap));
    }
  }
  return results;
}

/// By the order in which they are told: also where a target's rounds are run by new options. False
/// where nobody watches the target any more.
bool LightSource::give_number(RoundResult& result) {
  const std::lock_guard lock{mutex_};
  const auto watched = watched_.find(result.target);
  if (watched == watched_.end()) {
    return false;
  }
  watched->second.number += result.rounds;
  result.number = watched->second.number;
  return true;
}

std::vector<monitor::DueRound> LightSource::slept(Duration time, MonoTime now) {
  const std::lock_guard lock{mutex_};
  std::vector<monitor::DueRound> missed;
  for (auto& [target, watched] : watched_) {
    const auto count = static_cast<std::uint64_t>(time / watched.every);
    if (count > 0 && watched.engine_id != 0) {
      watched.number += count;
      missed.push_back({target, watched.number, now, count});
    }
  }
  return missed;
}

}  // namespace udperf::app
