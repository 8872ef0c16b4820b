#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>
#include <thread>

#include "engine/worker.hpp"

// How a worker waits: for the time of a task, for something to read, for news.

namespace udperf::engine {
namespace {

// A sleep ends this much late or less, mostly (measured: 32-50 us with the smallest timer slack).
// What is left of a precise wait is spent spinning.
constexpr Duration kSpin = std::chrono::microseconds{70};
// While something is due at once, descriptors are still looked at every so many turns.
constexpr int kTurnsPerPoll = 16;

}  // namespace

void Worker::wait(MonoTime now) {
  listen_to_tolerant(now);
  if (news_.waiting()) {
    return;
  }
  if (settings_.waiting == Waiting::spinning && !entries_.empty()) {
    poll(Duration{0});
    return;
  }
  const auto* const first = static_cast<const Entry*>(queue_.first());
  const MonoTime at = std::min(first != nullptr ? first->at : kNever, patience_.until);
  if (at <= now) {
    if (++turns_ % kTurnsPerPoll == 0) {
      poll(Duration{0});
    }
    return;
  }
  if (first != nullptr && first->poll_only && precise_ == 0) {
    const auto left = std::chrono::nanoseconds{at - now};
    const timespec time{0, left.count()};  // it is far below a second
    ::clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);
    return;
  }
  if (first != nullptr && first->precise && first->at == at && spins(now)) {
    wait_for(at, now);
  } else {
    poll(at == kNever ? Duration::max() : at - now);
  }
}

/// What tasks that tolerate delay have to read is looked at so often at most, all of them at a
/// time.
void Worker::listen_to_tolerant(MonoTime now) {
  if (patience_.until <= now) {
    patience_.until = kNever;
    poller_.listen(patience_.poller.fd(), &patience_);
  }
}

void Worker::look_at_tolerant() {
  std::array<void*, os::Poller::kMost> room;  // filled as far as it is read
  const auto told = patience_.poller.wait(room, Duration{0});
  for (void* const of : told) {
    on_event(of);
  }
  if (told.size() == room.size()) {
    return;  // there may be more: they come at the next look
  }
  patience_.until = clock_.now() + kPatience;
  poller_.ignore(patience_.poller.fd(), &patience_);
}

/// To the microsecond: the rest of a sleep is spent spinning.
void Worker::wait_for(MonoTime first, MonoTime now) {
  if (first - now > kSpin) {
    poll(first - now - kSpin);
    return;  // something may have arrived; come back for the rest
  }
  while (clock_.now() < first && !stop_) {
  }
}

void Worker::poll(Duration timeout) {
  // Where the system had no descriptor for the event or the poller, nothing wakes this thread: it
  // looks by itself whether it is to end.
  constexpr Duration kLookEvery = std::chrono::milliseconds{20};
  const bool poll_only = poller_.fd() < 0 || event_.fd() < 0;
  const Duration limit = poll_only ? std::min(timeout, kLookEvery) : timeout;
  if (poller_.fd() < 0) {
    std::this_thread::sleep_for(limit);
    return;
  }
  std::array<void*, 64> room{};
  for (void* const of : poller_.wait(room, limit)) {
    on_event(of);
  }
}

void Worker::on_event(void* of) {
  if (of == nullptr) {
    event_.take();
  } else if (of == &patience_) {
    look_at_tolerant();
  } else {
    queue_.move(*static_cast<Entry*>(of), MonoTime{});
  }
}

}  // namespace udperf::engine
