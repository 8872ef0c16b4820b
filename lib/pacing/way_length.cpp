#include "pacing/way_length.hpp"

namespace udperf::pacing {
namespace {

using Seconds = std::chrono::duration<double>;

// A way shorter than this counts as none: what is under way may as well be in the queue.
constexpr Duration kNoWay = std::chrono::microseconds{500};
constexpr std::uint64_t kEnough = 4;  // the least of so many is the way's, not a scheduler's
constexpr Duration kRound = std::chrono::milliseconds{100};  // or a round trip, if that is longer
constexpr Duration kTrial = std::chrono::seconds{2};
constexpr int kRoundTrips = 20;  // or a trial is so many of these
constexpr double kGain = 1.25;   // of what gets through: more than chance makes of it
constexpr double kMostOut = 2;   // of what gets through in a round trip
constexpr Duration kLongest = std::chrono::hours{1};  // of a wait, or a round trip

}  // namespace

double WayLength::Mark::rate(const Sample& now) const {
  const auto more = static_cast<double>(now.read - std::min(read, now.read));
  return now.at > at ? more / Seconds{now.at - at}.count() : 0;
}

bool WayLength::Longer::gains(const Sample& now, Duration shortest) const {
  // Who takes others' share of a queue makes it longer.
  const double longer = waited / static_cast<double>(samples) / Seconds{shortest}.count();
  return begin.rate(now) >= kGain * longer * rate_before;
}

void WayLength::note(Sample sample) {
  sample.round_trip = std::min(sample.round_trip, kLongest);  // a peer has a say in it
  ++samples_;
  shortest_ = std::min(shortest_.value_or(sample.round_trip), sample.round_trip);
  if (longer_) {
    try_longer(sample);
  } else {
    shortest_ = std::min(*shortest_, sample.of_test.value_or(*shortest_));
    look_for_longer(sample);
  }
}

Duration WayLength::lag() const {
  if (samples_ < kEnough || !shortest_) {
    return Duration{0};
  }
  return std::max(*shortest_ - kNoWay, Duration{0});
}

std::optional<double> WayLength::most_out() const {
  if (!longer_) {
    return std::nullopt;
  }
  return kMostOut * longer_->rate * Seconds{*shortest_}.count();
}

void WayLength::look_for_longer(const Sample& sample) {
  const bool far = sample.round_trip - kFarLonger > *shortest_;
  if (far && !sample.one_socketful) {
    return;  // says nothing of the way
  }
  if (!far) {
    far_longer_.reset();
    return;
  }
  if (!far_longer_) {
    since_ = {sample.at, sample.read};
  }
  // What was under way when a route changed went half of the old one.
  const bool settled = far_longer_ && sample.at - since_.at >= for_long_ / 2;
  far_longer_ = settled ? std::min(*far_longer_, sample.round_trip) : sample.round_trip;
  if (sample.at - since_.at >= for_long_) {
    const double rate = since_.rate(sample);
    const Mark here{sample.at, sample.read};
    longer_ = Longer{*shortest_, rate, here, here, rate};
    shortest_ = far_longer_;
  }
}

void WayLength::try_longer(const Sample& sample) {
  if (sample.round_trip - kFarLonger <= longer_->before) {
    go_back(sample);
    return;
  }
  if (!longer_->gained) {
    longer_->waited += Seconds{sample.round_trip}.count();
    ++longer_->samples;
  }
  if (sample.at - longer_->round.at >= std::max(kRound, *shortest_)) {
    longer_->rate = longer_->round.rate(sample);
    longer_->round = {sample.at, sample.read};
  }
  if (longer_->gained ||
      sample.at - longer_->begin.at < std::max(kTrial, kRoundTrips * *shortest_)) {
    return;
  }
  longer_->gained = longer_->gains(sample, *shortest_);
  if (!longer_->gained) {
    for_long_ = std::min(2 * for_long_, kLongest);
    go_back(sample);
  }
}

void WayLength::go_back(const Sample& sample) {
  shortest_ = std::min(longer_->before, sample.round_trip);
  longer_.reset();
  far_longer_.reset();
}

}  // namespace udperf::pacing
