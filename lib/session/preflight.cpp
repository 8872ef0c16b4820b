#include "session/preflight.hpp"

#include <algorithm>
#include <bit>

namespace udperf::session {
namespace {

// Numbers that the round-trip prober never uses.
constexpr std::uint64_t kMergedBase = std::uint64_t{1} << 63U;
constexpr std::uint64_t kSingleBase = kMergedBase + 1000;
constexpr std::uint32_t kAll = (1U << Preflight::kDatagrams) - 1U;
constexpr std::uint32_t kMostSingles = Preflight::kDatagrams * 9 / 10;

}  // namespace

Preflight::Question Preflight::start(MonoTime now) {
  begun_ = now;
  Question question;
  for (std::uint32_t i = 0; i < kDatagrams; ++i) {
    question.merged.push_back(wire::Probe{kMergedBase + i, to_ns(now), 0});
    question.single.push_back(wire::Probe{kSingleBase + i, to_ns(now), 0});
  }
  return question;
}

bool Preflight::on_reply(const wire::ProbeReply& reply, MonoTime now) {
  if (reply.id >= kMergedBase && reply.id < kMergedBase + kDatagrams) {
    merged_ |= 1U << (reply.id - kMergedBase);
    return true;
  }
  if (reply.id >= kSingleBase && reply.id < kSingleBase + kDatagrams) {
    single_ |= 1U << (reply.id - kSingleBase);
    last_single_ = now;
    return true;
  }
  return false;
}

std::uint32_t Preflight::count(std::uint32_t bits) {
  return static_cast<std::uint32_t>(std::popcount(bits));
}

MonoTime Preflight::settle_at() const {
  // The merged ones left first: an answer that is much later than the singles' does not come.
  constexpr Duration kSettle = std::chrono::milliseconds{20};
  return count(single_) >= kMostSingles ? std::min(last_single_ + kSettle, begun_ + kPatience)
                                        : begun_ + kPatience;
}

std::optional<Preflight::Verdict> Preflight::verdict(MonoTime now) const {
  if (merged_ == kAll) {
    return Verdict::works;
  }
  if (now < settle_at()) {
    return std::nullopt;
  }
  if (count(single_) < kMostSingles) {
    return Verdict::unknown;  // the path loses too much to tell
  }
  return 2 * count(merged_) < count(single_) ? Verdict::broken : Verdict::works;
}

MonoTime Preflight::next_timeout() const {
  return settle_at();
}

}  // namespace udperf::session
