#include "app/monitor/long_answers.hpp"

namespace udperf::app {

std::optional<LongAnswers::Place> LongAnswers::take() {
  std::unique_lock lock{mutex_};
  const bool is_free =
      free_.wait_for(lock, patience_, [this] { return making_ < kMostMade && kept_ < kMostKept; });
  if (!is_free) {
    return std::nullopt;
  }
  ++making_;
  return Place{*this};
}

void LongAnswers::Place::made(std::size_t bytes) {
  {
    const std::lock_guard lock{of_->mutex_};
    --of_->making_;
    of_->kept_ += bytes;
  }
  bytes_ = bytes;
  made_ = true;
  of_->free_.notify_all();
}

LongAnswers::Place::~Place() {
  if (of_ == nullptr) {
    return;
  }
  {
    const std::lock_guard lock{of_->mutex_};
    of_->making_ -= made_ ? 0 : 1;
    of_->kept_ -= bytes_;
  }
  of_->free_.notify_all();
}

}  // namespace udperf::app
