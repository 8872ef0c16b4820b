#pragma once

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

}  // namespace udperf::engine
