#include "receiver/drop_attribution.hpp"

#include <algorithm>

namespace udperf::receiver {

void DropAttribution::on_read(const Place& first, const Place& last, std::uint32_t drops) {
  ++reads_;
  read_datagrams_ += last.sequence >= first.sequence ? last.sequence - first.sequence + 1 : 1;
  if (last_ && first.sequence <= last_->sequence) {
    return;  // a duplicate or a late one: the gap it belongs to was judged already
  }
  Gap gap;
  gap.drops = drops - last_drops_;  // modulo 2^32
  last_drops_ = drops;
  gap.datagrams = last_ ? first.sequence - last_->sequence - 1 : first.sequence;
  gap.batches = last_ ? first.batch - last_->batch - 1 : first.batch;
  gap.aligned = first.index == 0 && (last_ ? last_->index + 1 == last_->count : !follows_);
  last_ = last;
  judge(gap);
}

void DropAttribution::judge(const Gap& gap) {
  if (gap.datagrams == 0) {
    surplus_ += gap.drops;
    return;
  }
  const std::uint64_t needed = merging_ && gap.aligned ? gap.batches : gap.datagrams;
  if (gap.drops >= needed) {
    socket_ += gap.datagrams;
    surplus_ += gap.drops - std::min(gap.drops, gap.datagrams);
    return;
  }
  open_.datagrams += gap.datagrams;
  needed_ += needed;
  open_.drops += gap.drops;
}

DropAttribution::Verdict DropAttribution::close(std::uint64_t sent, std::uint64_t batches,
                                                std::uint32_t drops, std::uint64_t lost) const {
  DropAttribution end = *this;
  const std::uint64_t next = last_ ? last_->sequence + 1 : 0;
  Gap tail;
  tail.drops = drops - last_drops_;
  tail.datagrams = sent > next ? sent - next : 0;
  const std::uint64_t batches_seen = last_ ? std::uint64_t{last_->batch} + 1 : first_batch_;
  tail.batches = (batches - batches_seen) & 0xFFFFFFFFU;  // batch numbers are modulo 2^32
  tail.aligned = batches != 0 && (last_ ? last_->index + 1 == last_->count : !follows_);
  end.judge(tail);

  Verdict verdict;
  verdict.socket_datagrams = end.socket_;
  if (end.open_.drops > 0) {
    // With several producers a count can show one read late: what no gap asked for may fill one up.
    const std::uint64_t explained = end.open_.drops + end.surplus_;
    if (explained >= end.needed_) {
      verdict.socket_datagrams += end.open_.datagrams;
    } else {
      const std::uint64_t mean =
          reads_ == 0 ? 1 : std::max<std::uint64_t>(read_datagrams_ / reads_, 1);
      verdict.socket_datagrams += std::min(end.open_.drops * mean, end.open_.datagrams);
      verdict.is_bound = true;
    }
  }
  verdict.socket_datagrams = std::min(verdict.socket_datagrams, lost);
  return verdict;
}

}  // namespace udperf::receiver
