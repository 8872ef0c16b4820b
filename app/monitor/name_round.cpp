#include "app/monitor/name_round.hpp"

#include <algorithm>

#include "app/monitor/longest_waiting.hpp"

namespace udperf::app {
namespace {

constexpr Duration kTimeOfNames = std::chrono::seconds{5};
/// In which who answers at all has answered.
constexpr Duration kTimeOfOneName = std::chrono::seconds{2};
constexpr Duration kPauseOfSilent = std::chrono::hours{1};
/// A lookup has a thread of its own.
constexpr std::size_t kMostNamesAtOnce = 64;

}  // namespace

NameRound::NameRound(const std::set<std::string>& hosts, const NameTurns& turns, MonoTime now)
    : order_(hosts.begin(), hosts.end()), until_(now + kTimeOfNames) {
  keep_longest_waiting(order_, order_.size(), [&turns](const std::string& host) {
    const auto turn = turns.find(host);
    return turn != turns.end() ? turn->second : MonoTime::min();
  });
}

std::vector<std::string> NameRound::next(MonoTime now) {
  std::vector<std::string> hosts;
  while (asked_.size() < order_.size() && asked_.size() - answers_.size() < kMostNamesAtOnce) {
    hosts.push_back(order_[asked_.size()]);
    asked_[hosts.back()] = now;
  }
  return hosts;
}

void NameRound::answer(const std::string& host, Result<std::vector<Endpoint>> answer,
                       MonoTime now) {
  answers_.emplace(host, std::move(answer));
  answered_[host] = now;
}

bool NameRound::is_over(MonoTime now) const {
  return answers_.size() == order_.size() || now >= until_;
}

NameAnswers NameRound::end(NameTurns& turns, MonoTime now) {
  for (const auto& [host, since] : asked_) {
    const auto answered = answered_.find(host);
    if (answered != answered_.end()) {
      turns[host] = answered->second;
    } else if (now - since >= kTimeOfOneName) {
      turns[host] = now + kPauseOfSilent;
      answers_.emplace(
          host, tl::unexpected{Error{ErrorCode::unreachable, "no answer in time", 0, "resolve"}});
    }
  }
  return std::move(answers_);
}

}  // namespace udperf::app
