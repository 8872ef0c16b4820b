#include "app/output/line_queue.hpp"

#include <cerrno>

#include "clock/system_clock.hpp"

namespace udperf::app {

void LineQueue::put(std::string lines) {
  flush();
  if (waiting_bytes_ + lines.size() > kMostWaiting && !waiting_.empty()) {
    ++left_out_.count;
    return;
  }
  waiting_bytes_ += lines.size();
  waiting_.push_back(std::move(lines));
  flush();
}

void LineQueue::flush() {
  while (!waiting_.empty()) {
    const std::string_view rest = std::string_view{waiting_.front()}.substr(written_);
    const auto done = file_.write_some(rest);
    if (!done) {
      good_ = false;
      failing_ = done.error().os_error != EPIPE;
      drop_first(done.error().message());
      continue;
    }
    written_ += *done;
    if (*done == rest.size()) {
      failing_ = false;
      good_ = true;
      waiting_bytes_ -= waiting_.front().size();
      waiting_.pop_front();
      written_ = 0;
    } else if (*done == 0) {
      return;
    }
  }
}

void LineQueue::drop_first(const std::string& reason) {
  if (left_out_.reason.empty()) {
    left_out_.reason = reason;
  }
  ++left_out_.count;
  waiting_bytes_ -= waiting_.front().size();
  waiting_.pop_front();
  written_ = 0;
}

void LineQueue::finish(Duration at_most) {
  const SystemClock clock;
  const MonoTime end = clock.now() + at_most;
  flush();
  for (MonoTime now = clock.now(); !waiting_.empty() && now < end; now = clock.now()) {
    file_.wait_for_room(-1, end - now);
    flush();
  }
  good_ = good_ && waiting_.empty();
  left_out_.count += waiting_.size();
  waiting_.clear();
  waiting_bytes_ = 0;
  written_ = 0;
}

/// A line of which a part is in the old file does not go on in another one.
Result<void> LineQueue::reopen() {
  const auto before = file_.identity();
  auto done = file_.reopen();
  if (written_ > 0 && file_.identity() != before) {
    drop_first("");
  }
  return done;
}

}  // namespace udperf::app
