#include "engine/session_slots.hpp"

#include <algorithm>

#include "base/source_accounts.hpp"

namespace udperf::engine {

SessionSlots::Slot::Slot(const Endpoint& client, const IpAddress& counted_to, bool light)
    : client_(client), source_(source_of(counted_to)), light_(light) {}

void SessionSlots::take(Slot& slot, std::uint64_t session, const TestParams& granted,
                        TestState& shared) {
  slot.session_ = session;
  slot.bps_ = session::charged_bps(granted);
  slot.shared_ = &shared;
  // What may fail comes first.
  if (full_.size() == full_.capacity()) {
    full_.reserve(2 * full_.size() + 8);
  }
  slot.told_ = by_most_.emplace(0, &slot);
  try {
    by_client_[slot.client_] = &slot;
    OfSource& of = by_source_[slot.source_];
    of.full.reserve(of.full.size() + (slot.light_ ? 0 : 1));
  } catch (...) {
    by_most_.erase(slot.told_);
    forget_client(slot);
    forget_source(slot.source_);
    throw;
  }
  OfSource& of_source = by_source_.find(slot.source_)->second;
  slot.taken_ = true;
  bps_ += slot.bps_;
  if (slot.light_) {
    ++light_;
    light_bps_ += slot.bps_;
    ++of_source.light;
  } else {
    of_source.full.push_back(&slot);
    slot.among_full_ = full_.size();
    full_.push_back(&slot);
    soonest_.good_until = MonoTime{};
  }
  // Light ones are no load for others, so these are told of the full ones only.
  tell_of(static_cast<std::uint32_t>(full_.size()));
}

void SessionSlots::forget_client(const Slot& slot) {
  const auto at = by_client_.find(slot.client_);
  if (at != by_client_.end() && at->second == &slot) {
    by_client_.erase(at);
  }
}

/// Where it has none any more.
void SessionSlots::forget_source(const IpAddress& source) {
  const auto at = by_source_.find(source);
  if (at != by_source_.end() && at->second.full.empty() && at->second.light == 0) {
    by_source_.erase(at);
  }
}

/// Tells those that know of fewer. Each session is told of each number once at most.
void SessionSlots::tell_of(std::uint32_t full) {
  while (!by_most_.empty() && by_most_.begin()->first < full) {
    auto node = by_most_.extract(by_most_.begin());
    Slot& slot = *node.mapped();
    node.key() = full;
    slot.told_ = by_most_.insert(std::move(node));
    slot.shared_->note_sessions(full + (slot.light_ ? 1U : 0U));
    ++steps_;
  }
}

void SessionSlots::give_back(Slot& slot) {
  if (!slot.taken_) {
    return;
  }
  slot.taken_ = false;
  bps_ -= slot.bps_;
  by_most_.erase(slot.told_);
  forget_client(slot);
  OfSource& of_source = by_source_.find(slot.source_)->second;
  if (slot.light_) {
    --of_source.light;
  } else {
    std::erase(of_source.full, &slot);
  }
  forget_source(slot.source_);
  if (slot.light_) {
    --light_;
    light_bps_ -= slot.bps_;
    return;
  }
  full_.back()->among_full_ = slot.among_full_;
  full_[slot.among_full_] = full_.back();
  full_.pop_back();
  soonest_.good_until = MonoTime{};
}

std::optional<std::uint64_t> SessionSlots::session_of(const Endpoint& client) const {
  const auto found = by_client_.find(client);
  return found == by_client_.end() ? std::nullopt : std::optional{found->second->session_};
}

session::Occupancy SessionSlots::occupancy(const IpAddress& client) const {
  session::Occupancy out;
  out.sessions = static_cast<std::uint32_t>(full_.size());
  out.light_sessions = light_;
  out.granted_bps = saturate<std::uint64_t>(bps_);
  out.light_granted_bps = saturate<std::uint64_t>(light_bps_);
  const auto found = by_source_.find(source_of(client));
  if (found != by_source_.end()) {
    out.sessions_of_address = static_cast<std::uint32_t>(found->second.full.size());
    out.light_sessions_of_address = found->second.light;
  }
  return out;
}

MonoTime SessionSlots::soonest_end(
    MonoTime now, const std::function<MonoTime(std::uint64_t session)>& free_at) const {
  constexpr Duration kGoodFor = std::chrono::milliseconds{100};
  if (now >= std::min(soonest_.good_until, soonest_.at)) {
    soonest_.at = kNever;
    for (const Slot* const slot : full_) {
      soonest_.at = std::min(soonest_.at, free_at(slot->session_));
      ++steps_;
    }
    soonest_.good_until = now + kGoodFor;
  }
  return soonest_.at;
}

MonoTime SessionSlots::soonest_end_of_source(
    const IpAddress& client, const std::function<MonoTime(std::uint64_t session)>& free_at) const {
  constexpr std::size_t kMost = 64;
  MonoTime soonest = kNever;
  const auto found = by_source_.find(source_of(client));
  if (found != by_source_.end()) {
    const auto& full = found->second.full;
    for (std::size_t i = 0; i < std::min(full.size(), kMost); ++i) {
      soonest = std::min(soonest, free_at(full[i]->session_));
      ++steps_;
    }
  }
  return soonest;
}

}  // namespace udperf::engine
