#include "sender/pause_log.hpp"

#include <algorithm>

namespace udperf::sender {

void PauseLog::stopped(MonoTime now, std::uint32_t os_error, std::uint64_t refused) {
  if (open_ && open_->os_error != os_error) {
    close(now);
  }
  if (!open_) {
    open_ = SendPause{(now - begun_).count(), 0, 0, os_error};
  }
  open_->refused += refused;
  refusals_ += refused > 0 ? 1 : 0;
}

void PauseLog::finish(MonoTime now, bool all_sent) {
  if (open_) {
    close(now);
  }
  if (!all_sent) {
    const Duration before = silent_;
    note_silence(now);
    tail_ = silent_ - before;
  }
}

/// A gap is silence when it is long for people and for the rate.
void PauseLog::note_silence(MonoTime now) {
  const Duration gap = now - last_sent_;
  if (gap > std::max(kShortest, 2 * planned_)) {
    silent_ += gap - planned_;
  }
  last_sent_ = now;
}

SendTime PauseLog::result() const {
  SendTime time;
  time.silent_ns = silent_.count();
  time.tail_ns = tail_.count();
  time.pauses = list_;
  return time;
}

/// The entry that a pause continues, if any.
SendPause* PauseLog::joinable(const SendPause& pause) {
  constexpr std::int64_t kNear = 1'000'000'000;
  const auto same = std::find_if(list_.rbegin(), list_.rend(), [&pause](const SendPause& other) {
    return other.os_error == pause.os_error;
  });
  if (same == list_.rend()) {
    return nullptr;
  }
  const bool near =
      same == list_.rbegin() && pause.start_ns - same->start_ns - same->duration_ns < kNear;
  return near || list_.size() == kMostSendPauses ? &*same : nullptr;
}

void PauseLog::close(MonoTime now) {
  SendPause pause = *open_;
  open_.reset();
  pause.duration_ns = (now - begun_).count() - pause.start_ns;
  if (pause.refused == 0 && Duration{pause.duration_ns} < kShortest) {
    return;
  }
  if (SendPause* const before = joinable(pause)) {
    before->duration_ns = pause.start_ns + pause.duration_ns - before->start_ns;
    before->refused += pause.refused;
  } else if (list_.size() < kMostSendPauses) {
    list_.push_back(pause);
  }
}

}  // namespace udperf::sender
