#include "receiver/queue_teller.hpp"

#include <algorithm>

#include "pacing/governor.hpp"

namespace udperf::receiver {
namespace {

constexpr Duration kWhileFilling = std::chrono::milliseconds{1};
constexpr std::uint64_t kMessagesPerBuffer = 4;

/// What reads of this kind have cost the socket since `before`.
std::uint64_t cost_of(const ReadLog::Sum& before, const ReadLog::Sum& now, bool merged) {
  const std::uint64_t reads = now.reads - before.reads;
  return reads == 0 ? 0 : reads * pacing::socket_cost((now.bytes - before.bytes) / reads, merged);
}

}  // namespace

bool QueueTeller::due(net::DatagramPort& port, const Receiver& receiver, MonoTime now) {
  if (!on_ || now < told_at_ + spacing_) {
    return false;
  }
  const std::uint32_t drops = receiver.reads().drops() - told_drops_;  // modulo 2^32
  const bool dropped = drops != 0 && drops < UINT32_MAX / 2;           // else told of already
  if (dropped || receiver.next_expected() - told_next_ >= std::max<std::uint64_t>(step_, 1)) {
    return true;
  }
  if (now - looked_ < kWhileFilling) {
    return false;
  }
  looked_ = now;
  const auto queue = port.receive_queue();
  return queue && queue->bytes > queue->limit / 4;
}

MonoTime QueueTeller::next(const Receiver& receiver) const {
  const bool waits =
      on_ && receiver.next_expected() - told_next_ >= std::max<std::uint64_t>(step_, 1);
  return waits ? told_at_ + spacing_ : kNever;
}

void QueueTeller::fill(net::DatagramPort& port, const Receiver& receiver, wire::Feedback& feedback,
                       MonoTime now) {
  if (!on_) {
    return;  // nor is the system asked: there may be a thousand idle streams
  }
  const auto queue = port.receive_queue();
  if (!queue) {
    on_ = false;  // a system that does not tell never will: there is nothing to say
    return;
  }
  learn_cost(receiver);
  feedback.queue_bytes = queue->bytes;
  feedback.queue_limit = queue->limit;
  feedback.queue_drops = queue->drops;
  feedback.queue_cost = cost_;
  told_next_ = receiver.next_expected();
  told_drops_ = queue->drops;
  told_at_ = now;
  looked_ = now;
  if (cost_ != 0) {
    step_ = std::uint64_t{queue->limit} * 1024 / cost_ / payload_bytes_ / kMessagesPerBuffer;
  }
}

void QueueTeller::learn_cost(const Receiver& receiver) {
  const auto& merged = receiver.reads().merged();
  const auto& single = receiver.reads().single();
  const std::uint64_t bytes = merged.bytes - merged_.bytes + single.bytes - single_.bytes;
  if (bytes == 0) {
    return;
  }
  const std::uint64_t cost = cost_of(merged_, merged, true) + cost_of(single_, single, false);
  cost_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(cost * 1024 / bytes + 1, UINT32_MAX));
  merged_ = merged;
  single_ = single;
}

}  // namespace udperf::receiver
