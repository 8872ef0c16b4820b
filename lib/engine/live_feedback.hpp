#pragma once

#include <cstdint>
#include <mutex>
#include <optional>

#include "wire/messages.hpp"

namespace udperf::engine {

/// The latest FEEDBACK of a direction, for people to look at; set on one thread, read on any.
class LiveFeedback {
 public:
  void set(const wire::Feedback& feedback) {
    const std::lock_guard lock{mutex_};
    latest_ = feedback;
  }
  [[nodiscard]] std::optional<wire::Feedback> get() const {
    const std::lock_guard lock{mutex_};
    return latest_;
  }

 private:
  mutable std::mutex mutex_;
  std::optional<wire::Feedback> latest_;
};

/// What one stream knows of a direction at a moment, for people to look at.
struct StreamSnapshot {
  bool sends = false;  ///< this end sends, and has begun
  std::uint64_t sent_packets = 0;
  std::uint64_t sent_bytes = 0;
  std::optional<wire::Feedback> told;  ///< by the receiver; nothing yet where absent
};

}  // namespace udperf::engine
