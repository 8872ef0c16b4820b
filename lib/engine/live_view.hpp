#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/client_control.hpp"
#include "engine/client_run.hpp"
#include "engine/stream_endpoint.hpp"

namespace udperf::engine {

/// Turns the streams' latest FEEDBACK into what an observer is told while the test runs.
class LiveView {
 public:
  LiveView(std::vector<const StreamEndpoint*> endpoints, const ClientControl& control)
      : endpoints_(std::move(endpoints)), control_(control) {}

  void report(MonoTime now, ClientObserver& observer);

  /// The intervals that were reported, the first of them where there were very many.
  [[nodiscard]] const std::vector<SeenInterval>& seen(Way way) const {
    return ways_[static_cast<std::size_t>(way)].rows;
  }

 private:
  /// Sums over the streams.
  struct Totals {
    std::uint64_t unique = 0;
    std::uint64_t bytes = 0;
    std::uint64_t next = 0;
    std::uint64_t duplicates = 0;
    std::uint64_t reordered = 0;
  };
  struct PerWay {
    std::uint64_t intervals = 0;
    Totals at_last;
    std::vector<SeenInterval> rows;
  };

  void report_way(Way way, MonoTime now, ClientObserver& observer);
  void report_intervals(Way way, std::uint64_t intervals, const Totals& at,
                        ClientObserver& observer);

  std::vector<const StreamEndpoint*> endpoints_;
  const ClientControl& control_;
  std::optional<MonoTime> begun_;
  std::array<PerWay, 2> ways_;
};

}  // namespace udperf::engine
