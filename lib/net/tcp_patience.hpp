#pragma once

#include <cstdint>
#include <optional>

#include "base/result.hpp"
#include "base/time.hpp"

namespace udperf::net {

/// What a control connection may be set to beyond the default.
struct TcpPatience {
  /// TCP_USER_TIMEOUT (RFC 5482): how long data may be without an answer; 0: as the system has it.
  Duration unanswered{0};

  /// Questions whether a silent peer is still there; 0 of each: the default.
  struct KeepAlive {
    std::uint32_t idle_s = 0;
    std::uint32_t interval_s = 0;
    std::uint32_t count = 0;
  };
  std::optional<KeepAlive> keep_alive;
};

/// Sets what is not the default.
[[nodiscard]] Result<void> apply(const TcpPatience& wanted, int fd);

}  // namespace udperf::net
