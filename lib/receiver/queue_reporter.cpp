#include "receiver/queue_reporter.hpp"

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

bool QueueReporter::due(net::DatagramPort& port, const Receiver& receiver, MonoTime now) {
  if (!on_ || now < tried_at_ + kClosest || !news(port, receiver, now)) {
    return false;
  }
  if (now >= tried_at_ + spacing_) {
    pace_->charge(1, now);
    return true;
  }
  return pace_->pass(1, now);
}

bool QueueReporter::news(net::DatagramPort& port, const Receiver& receiver, MonoTime now) {
  if (has_dropped(receiver) || has_read_much(receiver)) {
    return true;
  }
  if (now - looked_ < kWhileFilling) {
    return false;
  }
  looked_ = now;
  const auto queue = port.receive_queue();
  return queue &&
         queue->bytes > (settings_.yields ? std::min(offered_, queue->limit) : queue->limit) / 4;
}

MonoTime QueueReporter::next(const Receiver& receiver) const {
  return on_ && has_read_much(receiver) ? tried_at_ + spacing_ : kNever;
}

void QueueReporter::fill(net::DatagramPort& port, const Receiver& receiver,
                         wire::Feedback& feedback, MonoTime now) {
  if (!on_) {
    return;  // nor is the system asked: there may be a thousand idle streams
  }
  const auto queue = port.receive_queue();
  if (!queue) {
    on_ = false;  // a system that does not tell never will: there is nothing to say
    return;
  }
  feedback.queue_bytes = queue->bytes;
  feedback.queue_limit = settings_.yields ? offer(*queue, receiver, now) : queue->limit;
  feedback.queue_drops = queue->drops;
  feedback.queue_cost = cost_since_told(receiver);
  tried_at_ = now;
}

/// A queue that stays long is longer than the reader needs, and one that runs empty while data
/// comes is too short.
std::uint32_t QueueReporter::offer(const net::ReceiveQueue& queue, const Receiver& receiver,
                                   MonoTime now) {
  const std::uint32_t least = std::min(queue.limit, 2 * kLeastOffered);
  offered_ = std::min(offered_, queue.limit);
  if (now - offered_at_ >= kWhileFilling) {
    offered_at_ = now;
    if (queue.bytes > offered_ / 2) {
      offered_ = std::max(offered_ / 2, least);
    } else if (queue.bytes < offered_ / 8 && receiver.next_expected() != offered_next_) {
      offered_ = offered_ > queue.limit / 2 ? queue.limit : 2 * offered_;
    }
    offered_next_ = receiver.next_expected();
  }
  return offered_;
}

void QueueReporter::told(const Receiver& receiver, const wire::Feedback& feedback, MonoTime now) {
  if (!on_) {
    return;
  }
  told_next_ = receiver.next_expected();
  told_drops_ = feedback.queue_drops;
  looked_ = now;
  cost_ = feedback.queue_cost;
  merged_ = receiver.reads().merged();
  single_ = receiver.reads().single();
  if (cost_ != 0) {
    step_ = std::uint64_t{feedback.queue_limit} * 1024 / cost_ / settings_.payload_bytes /
            kMessagesPerBuffer;
  }
}

std::uint32_t QueueReporter::cost_since_told(const Receiver& receiver) const {
  const auto& merged = receiver.reads().merged();
  const auto& single = receiver.reads().single();
  const std::uint64_t bytes = merged.bytes - merged_.bytes + single.bytes - single_.bytes;
  if (bytes == 0) {
    return cost_;
  }
  const std::uint64_t cost = cost_of(merged_, merged, true) + cost_of(single_, single, false);
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(cost * 1024 / bytes + 1, UINT32_MAX));
}

}  // namespace udperf::receiver
