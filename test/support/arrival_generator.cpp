#include "support/arrival_generator.hpp"

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

namespace udperf::test {
namespace {

constexpr std::int64_t kMs = 1'000'000;

class Generator {
 public:
  explicit Generator(std::uint32_t seed) : random_(seed) {}

  RandomTest make() {
    count_ = one_in(20) ? below(3) : below(300);
    skipped_ = one_in(12) ? kPage * (1 + below(2)) - below(count_ + 1) : 0;
    choose_amount();
    choose_grid();
    loss_ = below(4) == 0 ? 0 : below(60);
    // Some fates need room: never more than 1000 numbers apart.
    reach_ = one_in(3) ? 0 : one_in(4) ? 250 : 1 + below(12);
    deliver();
    cut_into_reads();
    test_.log.sent = count_ == 0 ? 0 : skipped_ + count_;
    if (one_in(10)) {
      test_.log.sent -= below(std::min<std::uint64_t>(test_.log.sent, 20) + 1);
    }
    return std::move(test_);
  }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

  void choose_amount() {
    TestParams& params = test_.params;
    params.payload_bytes = static_cast<std::uint32_t>(40 + below(one_in(2) ? 60 : 1400));
    test_.log.payload_bytes = params.payload_bytes;
    const std::uint64_t packets = skipped_ + count_;
    const std::uint64_t kind = packets == 0 ? 2 : below(3);
    if (kind == 0) {
      params.amount.packets = packets + below(3);
    } else if (kind == 1) {
      params.amount.size_bytes = packets * params.payload_bytes - below(params.payload_bytes);
    }
    if (params.amount.size_bytes != 0 && !check_params(params)) {
      test_.log.lengths = naive_lengths(params.amount.size_bytes, params.payload_bytes);
    } else if (kind != 0) {
      params.amount = Amount{};
      params.amount.duration = std::chrono::seconds{10};
    }
  }

  void choose_grid() {
    test_.log.interval_ns = static_cast<std::int64_t>(10 + below(one_in(2) ? 20 : 1000)) * kMs;
    test_.log.gap_threshold_ns = static_cast<std::int64_t>(1 + below(50)) * kMs;
    test_.log.tmax_ns = static_cast<std::int64_t>(1 + below(3000)) * kMs;
  }

  /// The numbers in the order in which they arrive.
  void deliver() {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> places;
    bool losing = false;
    for (std::uint64_t i = 0; i < count_; ++i) {
      losing = losing ? !one_in(3) : below(100) < loss_ / 4;
      if (losing || below(100) < loss_ / 2) {
        continue;
      }
      const std::uint64_t copies = one_in(15) ? 2 + below(3) : 1;
      for (std::uint64_t copy = 0; copy < copies; ++copy) {
        const std::uint64_t late = reach_ != 0 && one_in(6) ? below(reach_ + 1) : 0;
        places.emplace_back(i + late, skipped_ + i);
      }
    }
    std::stable_sort(places.begin(), places.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& place : places) {
      order_.push_back(place.second);
    }
  }

  void cut_into_reads() {
    const std::uint64_t longest = one_in(2) ? 1 : 1 + below(64);
    const auto step = static_cast<std::int64_t>(1 + below(one_in(3) ? 20 * kMs : kMs));
    std::int64_t now = static_cast<std::int64_t>(below(10'000)) * kMs;
    for (std::size_t i = 0; i < order_.size();) {
      now += random_time(step);
      ArrivedRun run;
      run.first = order_[i];
      run.rx_ns = now;
      run.tx_ns = now - 5 * kMs - random_time(one_in(20) ? 5000 * kMs : kMs) + 77;
      run.ecn = static_cast<std::uint8_t>(below(4));
      run.timed = !one_in(30);
      const std::uint64_t most = 1 + below(longest);
      while (run.count < most && i + run.count < order_.size() &&
             order_[i + run.count] == run.first + run.count) {
        ++run.count;
      }
      i += run.count;
      test_.log.runs.push_back(run);
    }
  }

  /// Mostly 0 .. step; now and then a silence, or a clock that goes back.
  std::int64_t random_time(std::int64_t step) {
    const auto time = static_cast<std::int64_t>(below(static_cast<std::uint64_t>(step) + 1));
    if (one_in(60)) {
      return time + static_cast<std::int64_t>(below(2000)) * kMs;
    }
    return one_in(100) ? -time : time;
  }

  std::mt19937 random_;
  RandomTest test_;
  std::uint64_t count_ = 0;
  std::uint64_t skipped_ = 0;  ///< numbers that all get lost before the first that may arrive
  std::uint64_t loss_ = 0;
  std::uint64_t reach_ = 0;
  std::vector<std::uint64_t> order_;
};

}  // namespace

RandomTest random_test(std::uint32_t seed) {
  return Generator{seed}.make();
}

}  // namespace udperf::test
