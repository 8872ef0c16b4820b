#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/memory_account.hpp"
#include "base/time.hpp"
#include "model/reports.hpp"

namespace udperf::stats {

/// When first copies arrived: the first, the latest, and the silences between two that were longer
/// than a threshold. Of those it keeps the first kMost, and no more than its account grants.
class Outages {
 public:
  static constexpr std::size_t kMost = 1000;

  /// `account`: null for no limit.
  Outages(Duration threshold, MemoryAccount* account) : threshold_(threshold), memory_(account) {}

  /// Numbers from `first` on arrived `at`; before, the next expected one was `expected`: what lies
  /// between is missing across the silence that ends here.
  void arrived(MonoTime at, std::uint64_t first, std::uint64_t expected) {
    if (!first_at_) {
      first_at_ = at;
      last_at_ = at;
      return;
    }
    if (at - last_at_ > threshold_ && list_.size() < kMost && memory_.grow(2 * sizeof(Outage))) {
      list_.push_back(Outage{(last_at_ - *first_at_).count(), (at - last_at_).count(),
                             first > expected ? first - expected : 0});
    }
    last_at_ = std::max(last_at_, at);
  }

  [[nodiscard]] std::optional<MonoTime> first_arrival() const { return first_at_; }
  [[nodiscard]] std::optional<MonoTime> last_arrival() const {
    return first_at_ ? std::optional{last_at_} : std::nullopt;
  }

  /// Hands the list out; once.
  [[nodiscard]] std::vector<Outage> take() { return std::move(list_); }

 private:
  Duration threshold_;
  std::optional<MonoTime> first_at_;
  MonoTime last_at_{};
  std::vector<Outage> list_;
  MemoryShare memory_;
};

}  // namespace udperf::stats
