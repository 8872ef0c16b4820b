#pragma once

#include <cstdint>

#include "base/time.hpp"

namespace udperf::engine {

/// Decides when a reader that is woken for every datagram should rather look by the clock: where
/// much arrives, each wake-up costs the sender as much as the datagram does. Arrival times come
/// from the kernel, so nothing is measured later than it was. Takes the time as an argument.
class ReadModeration {
 public:
  /// `buffer_bytes`: what the socket can hold meanwhile, payload bytes.
  explicit ReadModeration(std::uint32_t buffer_bytes) : buffer_bytes_(buffer_bytes) {}

  /// What one turn read: `reads` calls' worth of buffers with `bytes` in all. Returns how long to
  /// leave the socket alone now; 0: wait for the next arrival.
  Duration after(std::uint64_t reads, std::uint64_t bytes, MonoTime now);

 private:
  std::uint64_t buffer_bytes_;
  MonoTime window_start_{};
  std::uint64_t window_reads_ = 0;
  std::uint64_t window_bytes_ = 0;
  Duration rest_{0};
};

}  // namespace udperf::engine
