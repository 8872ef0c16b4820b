#include <algorithm>

#include "iperf3/server_test.hpp"

namespace udperf::iperf3 {
namespace {

using namespace std::chrono_literals;

// A client's host that has answered nothing for so long may be gone: data waits until it answers.
constexpr Duration kDoubt = 2200ms;
// It is gone.
constexpr Duration kGone = 12s;

}  // namespace

void ServerTest::watch(MonoTime now) {
  if (!control_.running() || now < next_watch_) {
    next_watch_ = control_.running() ? next_watch_ : kNever;
    return;
  }
  next_watch_ = now + kWatch;
  const Duration silence = connection_->silence().value_or(Duration{0});
  for (Stream& stream : streams_) {
    if (stream.sender) {
      stream.sender->pause(silence > kDoubt);
    }
  }
  if (silence > kGone) {
    control_.give_up("the client's host no longer answers", now);
  } else if (setting_.max_duration && now - started_ > *setting_.max_duration + 5s) {
    control_.refuse(ErrorNumber::duration_expired, "it took longer than --max-duration", now);
  } else {
    watch_rate(now);
  }
}

/// A client that sends more than it asked for uses up what others were promised.
void ServerTest::watch_rate(MonoTime now) {
  std::uint64_t bytes = 0;
  MonoTime last = started_;
  bool receives = false;
  bool exact = true;
  for (const Stream& stream : streams_) {
    if (stream.receiver) {
      const auto totals = stream.receiver->totals();
      receives = true;
      exact = exact && totals.exact;
      bytes += totals.bytes;
      last = std::max(last, stream.receiver->last_arrival().value_or(last));
    }
  }
  if (!exact) {
    control_.refuse(ErrorNumber::create_stream, "the server has no memory left for its books", now);
    return;
  }
  const Duration patience = setting_.data_patience;
  if (receives && !control_.parameters().bidirectional && now - last > patience) {
    control_.refuse(ErrorNumber::no_data, "no data came for " + format_duration(patience), now);
  } else if (setting_.limit_rate && receives && params_.rate_up.limited()) {
    hold_to_rate(bytes, now);
  }
}

void ServerTest::hold_to_rate(std::uint64_t bytes, MonoTime now) {
  const auto samples =
      static_cast<std::size_t>(std::max<Duration::rep>(setting_.rate_window / kWatch, 1));
  constexpr std::uint64_t kSlackPercent = 10;
  arrived_bytes_.push_back(bytes);
  if (arrived_bytes_.size() <= samples) {
    return;
  }
  const std::uint64_t before = arrived_bytes_.front();
  arrived_bytes_.erase(arrived_bytes_.begin());
  const Uint128 bits = Uint128{bytes - std::min(before, bytes)} * 8 * 1000;
  const std::uint64_t time = samples * static_cast<std::uint64_t>(kWatch / 1ms);
  if (bits / time > Uint128{params_.rate_up.value} * (100 + kSlackPercent) / 100) {
    control_.refuse(ErrorNumber::total_rate, "the client sends faster than it was granted", now);
  }
}

}  // namespace udperf::iperf3
