#include <algorithm>

#include "iperf3/host_silence.hpp"
#include "iperf3/server_test.hpp"

namespace udperf::iperf3 {

using namespace std::chrono_literals;

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
  } else if (setting_.max_duration && now - times_.started() > *setting_.max_duration + 5s) {
    control_.refuse(ErrorNumber::duration_expired, "it took longer than --max-duration", now);
  } else if (amount_overrun(now)) {
    control_.refuse(ErrorNumber::duration_expired,
                    "the client did not end the test when it had been sent its amount many times",
                    now);
  } else {
    watch_rate(now);
  }
}

/// Of a test for an amount the client alone sees the end. One that does not is not sent to for
/// ever, but longer where it named no rate, whatever it was granted: a narrow path loses most of
/// what goes as fast as it can.
bool ServerTest::amount_overrun(MonoTime now) const {
  constexpr Duration kOnItsWay = 5s;  // the client's word that it is over
  constexpr std::uint64_t kMostAtRate = 8;
  constexpr std::uint64_t kMostOfFlood = 1000;
  const Parameters& p = control_.parameters();
  const std::uint64_t amount =
      p.blocks != 0 ? p.blocks : p.bytes / p.length + (p.bytes % p.length != 0);
  if ((p.bytes == 0 && p.blocks == 0) ||
      now - times_.started() < std::chrono::seconds{p.omit_seconds} + kOnItsWay) {
    return false;
  }
  std::uint64_t sent = 0;
  for (const Stream& stream : streams_) {
    const auto came = stream.receiver ? stream.receiver->last_arrival() : std::nullopt;
    if (p.bidirectional && came && now - *came < kOnItsWay) {
      return false;  // its own amount takes longer
    }
    const bool counts =
        stream.sender && (p.omit_seconds == 0 || stream.sender->omitted_packets() != 0);
    sent += counts ? stream.sender->counted_packets() : 0;
  }
  const std::uint64_t most = p.rate_bps != 0 ? kMostAtRate : kMostOfFlood;
  return sent / most >= amount;
}

/// A client that sends more than it asked for uses up what others were promised.
void ServerTest::watch_rate(MonoTime now) {
  std::uint64_t bytes = 0;
  MonoTime last = times_.started();
  bool receives = false;
  bool exact = true;
  for (const Stream& stream : streams_) {
    if (stream.receiver) {
      const auto totals = stream.receiver->totals();
      receives = true;
      exact = exact && totals.exact;
      bytes += totals.omitted.bytes + totals.bytes;
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
  } else if (setting_.limit_rate && receives && params().rate_up.limited() &&
             rate_watch_.exceeds(bytes, BitRate::bits_per_second(params().rate_up.value))) {
    control_.refuse(ErrorNumber::total_rate, "the client sends faster than it was granted", now);
  }
}

}  // namespace udperf::iperf3
