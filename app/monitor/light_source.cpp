#include "app/monitor/light_source.hpp"

#include <algorithm>
#include <thread>
#include <utility>

namespace udperf::app {
namespace {

using monitor::RoundStatus;
using rounds::Ending;

constexpr std::size_t kThreads = 2;

RoundStatus status_of(Ending ending) {
  switch (ending) {
    case Ending::complete:
      return RoundStatus::complete;
    case Ending::cut_short:
      return RoundStatus::cut_short;
    case Ending::unreachable:
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

}  // namespace

LightSource::LightSource(const Clock& clock, RoundSource::OnRound on_round)
    : on_round_(std::move(on_round)),
      pool_(clock, kThreads),
      rounds_({pool_.executors(), {}}, clock, random_, *this) {}

LightSource::~LightSource() {
  constexpr int kTurns = 200;
  rounds_.shut_down();
  for (int i = 0; i < kTurns && !rounds_.idle(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  pool_.stop();
}

bool LightSource::takes(const engine::ClientOptions& options, Duration every) {
  const auto length = expected_duration(options.params, Way::up);
  return length && *length <= every && *length >= every / 2 && options.params.streams == 1 &&
         options.local_port == 0 && options.params.direction == Direction::both;
}

void LightSource::watch(std::uint64_t target, const engine::ClientOptions& options,
                        Duration every) {
  leave(target);
  const std::lock_guard lock{mutex_};
  const std::uint64_t theirs = rounds_.add({options, every});
  theirs_[target] = theirs;
  ours_[theirs] = target;
}

void LightSource::leave(std::uint64_t target) {
  const std::lock_guard lock{mutex_};
  const auto found = theirs_.find(target);
  if (found == theirs_.end()) {
    return;
  }
  rounds_.remove(found->second);
  ours_.erase(found->second);
  theirs_.erase(found);
}

void LightSource::set_servers(std::uint64_t target, Result<std::vector<Endpoint>> servers) {
  const std::lock_guard lock{mutex_};
  const auto found = theirs_.find(target);
  if (found != theirs_.end()) {
    rounds_.set_servers(found->second, std::move(servers));
  }
}

void LightSource::on_round(rounds::Round&& round) {
  monitor::RoundResult result = monitor::make_round(round.outcome);
  {
    const std::lock_guard lock{mutex_};
    const auto found = ours_.find(round.target);
    if (found == ours_.end()) {
      return;
    }
    result.target = found->second;
  }
  result.number = round.number + round.intervals;  // from 1; of the last that it stands for
  result.rounds = round.intervals;
  result.start = round.start;
  result.length = round.length;
  result.lateness = round.lateness;
  result.host_lateness = round.host_lateness;
  result.server_restarted = round.server_restarted;
  result.status = status_of(round.ending);
  if (result.status == RoundStatus::not_measured) {
    result.up.reset();
    result.down.reset();
    result.rtt.reset();
  }
  on_round_(std::move(result));
}

}  // namespace udperf::app
