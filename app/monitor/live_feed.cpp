#include "app/monitor/live_feed.hpp"

#include <utility>

namespace udperf::app {

std::optional<LiveFeed::Listener::Message> LiveFeed::Listener::next(Duration patience) {
  std::unique_lock lock{mutex_};
  wake_.wait_for(lock, patience, [this] { return ended_ || !waiting_.empty(); });
  if (waiting_.empty()) {
    return std::nullopt;
  }
  Message message{std::move(waiting_.front()), std::exchange(skipped_, false)};
  waiting_.pop_front();
  waiting_bytes_ -= message.text.size();
  return message;
}

bool LiveFeed::Listener::ended() const {
  const std::lock_guard lock{mutex_};
  return ended_;
}

std::shared_ptr<LiveFeed::Listener> LiveFeed::listen(std::size_t most) {
  const std::lock_guard lock{mutex_};
  if (ended_ || listeners_.size() >= most) {
    return nullptr;
  }
  return *listeners_.insert(std::make_shared<Listener>()).first;
}

void LiveFeed::leave(const std::shared_ptr<Listener>& listener) {
  const std::lock_guard lock{mutex_};
  listeners_.erase(listener);
}

void LiveFeed::put(const std::string& text) {
  const std::lock_guard lock{mutex_};
  for (const auto& listener : listeners_) {
    const std::lock_guard inner{listener->mutex_};
    if (listener->waiting_bytes_ + text.size() > kMostWaiting) {
      listener->waiting_.clear();
      listener->waiting_bytes_ = 0;
      listener->skipped_ = true;
    }
    listener->waiting_.push_back(text);
    listener->waiting_bytes_ += text.size();
    listener->wake_.notify_one();
  }
}

void LiveFeed::end() {
  const std::lock_guard lock{mutex_};
  ended_ = true;
  for (const auto& listener : listeners_) {
    const std::lock_guard inner{listener->mutex_};
    listener->ended_ = true;
    listener->wake_.notify_all();
  }
}

}  // namespace udperf::app
