#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/time.hpp"
#include "model/outcome.hpp"

namespace udperf::classic {

/// The end of the classic test at the client: STOP once a second until a text comes back, or until
/// the time is over. Pure.
class StopExchange {
 public:
  static constexpr Duration kEvery = std::chrono::seconds{1};

  StopExchange(MonoTime now, Duration timeout) : next_stop_(now), give_up_(now + timeout) {}

  /// Whether a STOP is to be sent now; true once for each.
  [[nodiscard]] bool take_stop(MonoTime now);
  /// A datagram of the server. Only the first text after a STOP counts.
  void on_datagram(std::span<const std::byte> datagram);

  [[nodiscard]] const std::optional<ClassicAnswer>& answer() const { return answer_; }
  [[nodiscard]] bool over(MonoTime now) const { return answer_ || now >= give_up_; }
  /// When something is due if nothing arrives.
  [[nodiscard]] MonoTime next() const { return std::min(next_stop_, give_up_); }
  [[nodiscard]] std::uint32_t stops() const { return stops_; }
  /// Datagrams that were no text.
  [[nodiscard]] std::uint64_t ignored() const { return ignored_; }

 private:
  MonoTime next_stop_;
  MonoTime give_up_;
  std::optional<ClassicAnswer> answer_;
  std::uint32_t stops_ = 0;
  std::uint64_t ignored_ = 0;
};

}  // namespace udperf::classic
