#include "session/path_mtu_search.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace udperf::session {
namespace {

using namespace std::chrono_literals;

constexpr int kTries = 3;  // RFC 8899 s5.1.2, MAX_PROBES
constexpr Duration kTryEvery = 10ms;
constexpr Duration kLeastWait = 20ms;
constexpr std::uint32_t kSplit = 16;  // sizes of a round between two bounds

// MTUs of common links and tunnels: IPv4's and IPv6's least, PPP, WireGuard, VXLAN, GRE, PPPoE.
constexpr std::array<std::uint32_t, 16> kKnownMtus{576,  1006, 1228, 1280, 1360, 1400, 1420, 1440,
                                                   1450, 1452, 1460, 1472, 1476, 1480, 1492, 1500};

}  // namespace

PathMtuSearch::PathMtuSearch(const Settings& settings, MonoTime now)
    : settings_(settings),
      deadline_(now + std::clamp(15 * settings.rtt, kShortest, kBudget)),
      next_(now),
      wait_(2 * settings.rtt + kLeastWait),
      failed_(settings.highest + 1) {
  begin_round({settings_.highest});
}

void PathMtuSearch::begin_round(std::vector<std::uint32_t> sizes) {
  sizes_ = std::move(sizes);
  tries_ = 0;
  controls_.clear();
  controls_back_ = 0;
}

void PathMtuSearch::choose_round() {
  if (passed_ + 1 >= failed_ || (hint_ != 0 && passed_ == hint_)) {
    exact_ = true;
    done_ = true;
    return;
  }
  if (hint_ > passed_ && hint_ < failed_ && !hint_tried_) {
    hint_tried_ = true;
    begin_round({hint_});
    return;
  }
  std::vector<std::uint32_t> sizes;
  if (!ladder_tried_) {
    ladder_tried_ = true;
    for (const std::uint32_t mtu : kKnownMtus) {
      sizes.push_back(mtu - settings_.headers);
    }
    sizes.push_back(settings_.highest);
  } else if (passed_ == 0) {
    done_ = true;  // not even the least arrives, or nothing does
    return;
  } else {
    const std::uint32_t room = failed_ - passed_ - 1;
    const std::uint32_t count = std::min(room, kSplit);
    for (std::uint32_t i = 1; i <= count; ++i) {
      sizes.push_back(passed_ + (room * i + count) / (count + 1));
    }
  }
  const auto outside = [this](std::uint32_t size) { return size <= passed_ || size >= failed_; };
  sizes.erase(std::remove_if(sizes.begin(), sizes.end(), outside), sizes.end());
  std::sort(sizes.begin(), sizes.end());
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  begin_round(std::move(sizes));
}

std::uint32_t PathMtuSearch::control_size() const {
  return passed_ != 0 ? passed_ : kLeast;
}

bool PathMtuSearch::round_answered() const {
  return passed_ >= sizes_.back();
}

std::vector<PathMtuSearch::Probe> PathMtuSearch::poll(MonoTime now) {
  std::vector<Probe> out;
  while (!done_) {
    if (now >= deadline_ || sent_.size() + std::size_t{2} * kSplit >= kMostProbes) {
      done_ = true;
      break;
    }
    // A hint cuts a round short whose sizes cannot pass any more.
    const bool hinted = hint_ > passed_ && hint_ < failed_ && !hint_tried_;
    if (sizes_.empty() || round_answered() || sizes_.front() >= failed_ || hinted) {
      choose_round();
      continue;
    }
    // The first look at the largest size needs no certainty: the ladder asks it again.
    const int wanted = ladder_tried_ ? kTries : 1;
    if (tries_ > 0 && now < next_) {
      break;
    }
    if (tries_ < wanted) {
      send_round(now, out);
      next_ = now + (tries_ < wanted ? kTryEvery : wait_);
      break;
    }
    judge_round();
  }
  return out;
}

void PathMtuSearch::send_round(MonoTime now, std::vector<Probe>& out) {
  // What tells a size that does not fit from a path that loses: one that is known to fit, or the
  // smallest.
  ++tries_;
  controls_.push_back(settings_.first_id + sent_.size());
  send(control_size(), now, out);
  for (const std::uint32_t size : sizes_) {
    if (size > passed_ && size < failed_) {
      send(size, now, out);
    }
  }
}

void PathMtuSearch::send(std::uint32_t bytes, MonoTime now, std::vector<Probe>& out) {
  out.push_back(Probe{settings_.first_id + sent_.size(), bytes});
  sent_.push_back(Sent{bytes, now});
}

void PathMtuSearch::judge_round() {
  if (!ladder_tried_) {
    sizes_.clear();
    return;
  }
  if (std::popcount(controls_back_) + 1 < kTries) {
    begin_round(std::move(sizes_));  // the path loses too much to tell
    return;
  }
  for (const std::uint32_t size : sizes_) {
    if (size > passed_) {
      failed_ = std::min(failed_, size);
      break;
    }
  }
  sizes_.clear();
}

bool PathMtuSearch::on_reply(std::uint64_t id, std::uint32_t bytes, MonoTime now) {
  const std::uint64_t index = id - settings_.first_id;
  if (index >= sent_.size()) {
    return false;
  }
  const Sent& sent = sent_[index];
  if (bytes != sent.bytes || done_) {
    return true;  // cut on the way, or too late to matter
  }
  for (std::size_t i = 0; i < controls_.size(); ++i) {
    controls_back_ |= id == controls_[i] ? 1U << i : 0U;
  }
  if (sent.bytes > passed_) {
    passed_ = sent.bytes;
    failed_ = failed_ > passed_ ? failed_ : settings_.highest + 1;  // it was only slow
  }
  // A slow link: what is still on its way gets the time that this one took, or on a long path
  // what it has anyway.
  const Duration took = 2 * (now - sent.at) + kLeastWait;
  wait_ = std::max(wait_, std::min<Duration>(took, kShortest / 2));
  if (tries_ >= (ladder_tried_ ? kTries : 1)) {
    next_ = std::max(next_, now + kLeastWait);
  }
  return true;
}

void PathMtuSearch::on_local_limit(std::uint32_t bytes) {
  local_limit_ = true;
  if (bytes > passed_) {
    failed_ = std::min(failed_, bytes);
  }
}

void PathMtuSearch::on_hint(std::uint32_t mtu) {
  const std::uint32_t payload = mtu > settings_.headers ? mtu - settings_.headers : 0;
  if (payload >= kLeast && payload < settings_.highest && payload != hint_) {
    hint_ = payload;
    hint_tried_ = false;
  }
}

PathMtu PathMtuSearch::result() const {
  PathMtu out;
  if (passed_ == 0) {
    return out;
  }
  out.payload_bytes = passed_;
  out.exact = exact_;
  out.capped = passed_ == settings_.highest;
  out.icmp_seen = hint_ != 0 && !local_limit_;
  out.local_limit = local_limit_;
  out.black_hole = !out.capped && hint_ == 0 && !local_limit_;
  return out;
}

}  // namespace udperf::session
