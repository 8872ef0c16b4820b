#pragma once

#include <memory>
#include <string>

#include "base/time.hpp"

namespace udperf::test {

/// What this machine kept from ordinary threads while it was watched.
struct HostStrain {
  Duration latest{0};       ///< the most by which a sleeping thread was woken too late, anywhere
  Duration late_p99{0};     ///< 99th percentile of a processor's wake-ups, up to a power of two us
  Duration stolen{0};       ///< of the processors' time, by a hypervisor
  double slowdown = 1;      ///< the slowest of the same work on a processor, beside its quickest
  std::uint64_t drops = 0;  ///< datagrams that overflowed the kernel's queue before any socket

  [[nodiscard]] std::string text() const;
};

/// A witness of how this machine treats its threads: on each processor (four at most) one that
/// sleeps for 2 ms at a time and looks how late it was woken, and now and then how long the same
/// work takes. It takes about a hundredth of a processor.
class HostWatch {
 public:
  HostWatch();
  HostWatch(const HostWatch&) = delete;
  HostWatch& operator=(const HostWatch&) = delete;
  ~HostWatch();

  /// Since it was made.
  [[nodiscard]] HostStrain strain() const;

 private:
  class Witnesses;
  std::unique_ptr<Witnesses> witnesses_;
};

}  // namespace udperf::test
