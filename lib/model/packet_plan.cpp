#include "model/packet_plan.hpp"

#include <algorithm>

#include "base/saturating.hpp"
#include "base/seeded_bits.hpp"
#include "model/plan_orders.hpp"

namespace udperf {
namespace {

/// Part number `index` of `total` cut into `parts` that differ by one at most.
std::uint64_t share(std::uint64_t total, std::uint64_t parts, std::uint64_t index) {
  return total / parts + (index < total % parts ? 1 : 0);
}

/// Whether each stream has its lengths in an order of its own.
bool is_ordered(const TrafficShape& shape) {
  return shape.mixed() || shape.spacing == Spacing::frames;
}

}  // namespace

std::uint64_t seed_for(const TestParams& params, Way way, std::uint16_t stream) {
  const std::uint64_t place = (std::uint64_t{stream} << 1U) | static_cast<std::uint64_t>(way);
  return SeededBits{params.seed ^ (place << 32U)}.next();
}

void PacketPlan::take_order(const TestParams& params, Way way, std::uint16_t stream) {
  payload_bytes_ = params.payload_bytes;
  const TrafficShape& shape = params.shape(way);
  if (shape.spacing == Spacing::trace) {
    least_open_ = header_bytes(params.header);
  } else if (shape.mixed()) {
    cycle_ = SizeCycle{shape, seed_for(params, way, stream)};
    payload_bytes_ = largest_of(shape);
  } else if (shape.spacing == Spacing::frames) {
    frames_ =
        FrameCycle{{shape.frames, params.rate(way).value / params.streams, params.payload_bytes,
                    header_bytes(params.header), seed_for(params, way, stream)}};
  }
}

PacketPlan PacketPlan::for_warm_up(const TestParams& params, Way way, std::uint16_t stream) {
  PacketPlan plan;
  plan.take_order(params, way, stream);
  return plan;
}

PacketPlan PacketPlan::for_stream(const TestParams& params, Way way, std::uint16_t stream) {
  return for_stream(params, way, stream, header_bytes(params.header));
}

PacketPlan PacketPlan::for_stream(const TestParams& params, Way way, std::uint16_t stream,
                                  std::uint32_t least) {
  PacketPlan plan;
  plan.take_order(params, way, stream);
  if (params.amount.size_bytes != 0) {
    plan.cut(share(params.amount.size_bytes, params.streams, stream), least);
  } else if (params.amount.packets != 0) {
    plan.packets_ = share(params.amount.packets, params.streams, stream);
    plan.first_short_ = plan.packets_;
  }
  return plan;
}

std::uint32_t PacketPlan::length_in_turn(std::uint64_t sequence) const {
  return frames_.empty() ? cycle_.length(sequence) : frames_.length(sequence);
}

std::uint64_t PacketPlan::full_bytes(std::uint64_t count) const {
  if (uniform()) {
    return saturating_mul(count, payload_bytes_);
  }
  return frames_.empty() ? cycle_.bytes_of_first(count) : frames_.bytes_of_first(count);
}

std::uint64_t PacketPlan::full_within(std::uint64_t size) const {
  if (uniform()) {
    return size / payload_bytes_;
  }
  return frames_.empty() ? cycle_.count_within(size) : frames_.count_within(size);
}

namespace {

/// Of one: a mix by how many datagrams are shuffled, frames by what it takes to find their sizes.
std::uint32_t cost_of_order(const TrafficShape& shape) {
  if (!shape.mixed()) {
    return kDearestOrder;
  }
  const std::uint64_t turn = SizeCycle::packets_of(shape);
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(
      (turn + SizeCycle::kUsualTurn - 1) / SizeCycle::kUsualTurn, 1, kDearestOrder));
}

}  // namespace

std::uint32_t cost_of_orders(const TestParams& params) {
  std::uint32_t cost = 0;
  for (const Way way : {Way::up, Way::down}) {
    const TrafficShape& shape = params.shape(way);
    if (includes(params.direction, way) && is_ordered(shape)) {
      const bool of_each = params.amount.size_bytes != 0;
      cost += cost_of_order(shape) * (of_each ? std::min(params.streams, kMaxStreams) : 1U);
    }
  }
  return cost;
}

bool PacketPlan::cut(std::uint64_t size, std::uint32_t least) {
  const std::uint64_t whole = full_within(size);
  packets_ = whole;
  first_short_ = whole;
  const std::uint64_t remainder = size - full_bytes(whole);
  if (remainder == 0) {
    return size != 0;
  }
  // The fewest datagrams at the end that can share the remainder and still carry a header each.
  packets_ = whole + 1;
  const std::uint64_t turn = uniform() ? 1 : std::max(cycle_.packets(), frames_.packets());
  const std::uint64_t spare = full_bytes(turn) - turn * least;  // what a turn can give away
  std::uint64_t sharers = 1;
  if (remainder < least && spare != 0) {
    sharers = std::min(1 + (least - remainder - 1) / spare * turn, packets_);  // fewer are too few
  }
  // One more never brings less than it needs itself. Halved, as a peer says how long a turn is.
  for (std::uint64_t most = std::min(sharers + turn, packets_); sharers < most;) {
    const std::uint64_t count = sharers + (most - sharers) / 2;
    const bool enough = size - full_bytes(packets_ - count) >= count * least;
    (enough ? most : sharers) = enough ? count : count + 1;
  }
  const std::uint64_t shared = size - full_bytes(packets_ - sharers);
  first_short_ = packets_ - sharers;
  short_bytes_ = static_cast<std::uint32_t>(shared / sharers);
  longer_ones_ = shared % sharers;
  return short_bytes_ >= least;
}

bool PacketPlan::possible(const TestParams& params) {
  for (const Way way : {Way::up, Way::down}) {
    if (!includes(params.direction, way)) {
      continue;
    }
    const TrafficShape& shape = params.shape(way);
    // Streams have one of two shares; but where lengths differ, each has an order of its own.
    const bool ordered = is_ordered(shape);
    for (std::uint16_t stream = 0; stream < params.streams; ++stream) {
      if (!ordered && stream != 0 && stream + 1 != params.streams) {
        continue;
      }
      PacketPlan plan;
      plan.take_order(params, way, stream);
      if (!plan.cut(share(params.amount.size_bytes, params.streams, stream),
                    header_bytes(params.header))) {
        return false;
      }
    }
  }
  return true;
}

std::uint64_t PacketPlan::run_at(std::uint64_t sequence, std::uint64_t most) const {
  if (sequence >= first_short_) {
    return 1;
  }
  most = std::min(most, first_short_ - sequence);
  if (uniform()) {
    return most;
  }
  return frames_.empty() ? cycle_.run_at(sequence, most) : frames_.run_at(sequence, most);
}

std::uint64_t PacketPlan::bytes_of_first(std::uint64_t count) const {
  const std::uint64_t full = std::min(count, first_short_);
  const std::uint64_t short_ones = count - full;
  const std::uint64_t shorter = short_ones * short_bytes_ + std::min(short_ones, longer_ones_);
  return saturating_add(full_bytes(full), shorter);
}

}  // namespace udperf
