#include "sender/rate_adjuster.hpp"

#include <algorithm>

namespace udperf::sender {
namespace {

std::uint64_t missing(const wire::Feedback& f) {
  return f.next_expected - std::min(f.unique, f.next_expected);
}
std::uint64_t increase(std::uint64_t before, std::uint64_t after) {
  return after - std::min(before, after);
}

}  // namespace

RateAdjuster::RateAdjuster(const TestParams& params, Way way, IpFamily family) {
  const std::uint32_t headers = ip_udp_header_bytes(family);
  payload_share_ = static_cast<double>(params.payload_bytes) / (params.payload_bytes + headers);
  const double most = static_cast<double>(params.rate(way).value) / params.streams / payload_share_;
  most_ = BitRate::bits_per_second(static_cast<std::uint64_t>(most));
}

void RateAdjuster::on_feedback(const wire::Feedback& feedback, std::optional<Duration> rtt,
                               MonoTime now) {
  if (!adjustment_) {
    adjustment_.emplace(now, most_);
  }
  const bool silent = last_.unique > 0 && feedback.unique == last_.unique &&
                      feedback.duplicates == last_.duplicates;
  if (silent) {
    return;  // nothing came out: no reason to send more, and in the end on_timer()'s to send less
  }
  pacing::LoadAdjustment::Status status;
  status.sequence_errors = increase(missing(last_), missing(feedback)) +
                           increase(last_.reordered, feedback.reordered) +
                           increase(last_.duplicates, feedback.duplicates);
  if (rtt && *rtt >= Duration{0}) {
    least_rtt_ = std::min(least_rtt_.value_or(*rtt), *rtt);
    status.delay_range = *rtt - *least_rtt_;
  }
  last_ = feedback;
  adjustment_->on_status(status, now);
}

void RateAdjuster::on_timer(MonoTime now) {
  if (adjustment_) {
    adjustment_->on_timer(now);
  }
}

BitRate RateAdjuster::payload_rate() const {
  const BitRate ip = adjustment_ ? adjustment_->ip_rate() : pacing::LoadAdjustment::rate_of_row(0);
  const double payload = static_cast<double>(std::min(ip, most_).bps()) * payload_share_;
  return BitRate::bits_per_second(std::max<std::uint64_t>(static_cast<std::uint64_t>(payload), 1));
}

}  // namespace udperf::sender
