#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.hpp"
#include "wire/messages.hpp"

namespace udperf::session {

/// Finds out whether datagrams that left as one buffer (UDP_SEGMENT) arrive: some kernels, drivers
/// and tunnels lose or corrupt them without an error, which would look like loss in the network.
/// The same number of PROBEs is sent merged and one by one, and the answers are compared. Pure.
class Preflight {
 public:
  static constexpr std::uint32_t kDatagrams = 8;  ///< of each kind
  static constexpr Duration kPatience = std::chrono::milliseconds{500};

  /// The probes to send as one buffer, and those to send singly; starts the clock.
  struct Question {
    std::vector<wire::Probe> merged;
    std::vector<wire::Probe> single;
  };
  [[nodiscard]] Question start(MonoTime now);

  /// False when the answer belongs to no probe of ours.
  bool on_reply(const wire::ProbeReply& reply, MonoTime now);

  enum class Verdict : std::uint8_t { works, broken, unknown };
  /// Nothing while answers may still come.
  [[nodiscard]] std::optional<Verdict> verdict(MonoTime now) const;
  /// When verdict() has something to say at the latest.
  [[nodiscard]] MonoTime next_timeout() const;

 private:
  [[nodiscard]] static std::uint32_t count(std::uint32_t bits);
  [[nodiscard]] MonoTime settle_at() const;

  MonoTime begun_{};
  MonoTime last_single_{};
  std::uint32_t merged_ = 0;  ///< answered, one bit each
  std::uint32_t single_ = 0;
};

}  // namespace udperf::session
