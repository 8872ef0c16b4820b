#include <algorithm>

#include "iperf3/host_silence.hpp"
#include "iperf3/server_test.hpp"

namespace udperf::iperf3 {

using namespace std::chrono_literals;

void ServerTest::watch(MonoTime now) {
  if (!times_.has_started() || control_.ended() || stopping_) {
    next_watch_ = kNever;
    return;
  }
  if (now < next_watch_) {
    return;
  }
  next_watch_ = now + kWatch;
  if (now + 2 * kWatch >=
      times_.started() + std::chrono::seconds{control_.parameters().omit_seconds}) {
    memory_.begin_counted();  // before the next look, as its threads look for themselves
  }
  if (!control_.running()) {  // its sockets are read until its last datagrams are here
    watch_arrivals(now);
    return;
  }
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
    watch_arrivals(now);
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

/// Holds the client to the rate that it was granted, where there is a limit.
RateWatch ServerTest::rate_watch(MonoTime now) const {
  const Parameters& p = control_.parameters();
  if (!setting_.max_rate || !p.client_sends() || !params().rate_up.limited()) {
    return {};
  }
  constexpr std::uint64_t kSpare = 32;  // datagrams, and two of each stream
  const std::uint64_t burst = std::uint64_t{p.burst} * p.streams * p.length;
  const std::uint64_t bursts = p.omit_seconds != 0 ? 2 : 1;  // a stock client begins anew behind it
  const std::uint64_t at_once = std::min(bursts * burst, setting_.max_rate->bps() / 8) +
                                (kSpare + 2 * std::uint64_t{p.streams}) * p.length;
  return {params().rate_up.value, at_once, setting_.rate_window, now};
}

/// A client that sends more than it asked for uses up what others were promised.
void ServerTest::watch_arrivals(MonoTime now) {
  std::uint64_t unique = 0;
  std::uint64_t all = 0;
  MonoTime last = times_.started();
  bool receives = false;
  bool exact = true;
  for (const Stream& stream : streams_) {
    if (stream.receiver) {
      const auto totals = stream.receiver->totals();
      receives = true;
      exact = exact && totals.exact;
      unique += totals.omitted.bytes + totals.bytes;
      all += totals.read;
      last = std::max(last, stream.receiver->last_arrival().value_or(last));
    }
  }
  const Duration patience = setting_.data_patience;
  if (!exact) {
    control_.refuse(ErrorNumber::create_stream, "the server has no memory left for its books", now);
  } else if (receives && control_.running() && !control_.parameters().bidirectional &&
             now - last > patience) {
    control_.refuse(ErrorNumber::no_data, "no data came for " + format_duration(patience), now);
  } else if (rate_watch_.exceeds(unique, all, now)) {
    control_.refuse(ErrorNumber::total_rate, "the client sends faster than it was granted", now);
  }
}

}  // namespace udperf::iperf3
