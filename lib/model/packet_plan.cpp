#include "model/packet_plan.hpp"

#include <algorithm>

#include "base/saturating.hpp"
#include "base/seeded_bits.hpp"

namespace udperf {
namespace {

/// Part number `index` of `total` cut into `parts` that differ by one at most.
std::uint64_t share(std::uint64_t total, std::uint64_t parts, std::uint64_t index) {
  return total / parts + (index < total % parts ? 1 : 0);
}

}  // namespace

std::uint64_t seed_for(const TestParams& params, Way way, std::uint16_t stream) {
  const std::uint64_t place = (std::uint64_t{stream} << 1U) | static_cast<std::uint64_t>(way);
  return SeededBits{params.seed ^ (place << 32U)}.next();
}

PacketPlan PacketPlan::for_stream(const TestParams& params, Way way, std::uint16_t stream) {
  PacketPlan plan;
  plan.payload_bytes_ = params.payload_bytes;
  if (const TrafficShape& shape = params.shape(way); shape.mixed()) {
    plan.cycle_ = SizeCycle{shape, seed_for(params, way, stream)};
    plan.payload_bytes_ = largest_of(shape);
  }
  if (params.amount.size_bytes != 0) {
    plan.cut(share(params.amount.size_bytes, params.streams, stream),
             header_bytes(params.header));
  } else if (params.amount.packets != 0) {
    plan.packets_ = share(params.amount.packets, params.streams, stream);
    plan.first_short_ = plan.packets_;
  }
  return plan;
}

std::uint64_t PacketPlan::full_bytes(std::uint64_t count) const {
  return cycle_.empty() ? saturating_mul(count, payload_bytes_) : cycle_.bytes_of_first(count);
}

bool PacketPlan::cut(std::uint64_t size, std::uint32_t least) {
  const std::uint64_t whole =
      cycle_.empty() ? size / payload_bytes_ : cycle_.count_within(size);
  packets_ = whole;
  first_short_ = whole;
  const std::uint64_t remainder = size - full_bytes(whole);
  if (remainder == 0) {
    return size != 0;
  }
  // The fewest datagrams at the end that can share the remainder and still carry a header each.
  packets_ = whole + 1;
  const std::uint64_t turn = cycle_.empty() ? 1 : cycle_.packets();
  const std::uint64_t spare = full_bytes(turn) - turn * least;  // what a turn can give away
  std::uint64_t sharers = 1;
  if (remainder < least && spare != 0) {
    sharers = std::min(1 + (least - remainder - 1) / spare * turn, packets_);  // these are too few
  }
  const std::uint64_t most = std::min(sharers + turn, packets_);
  std::uint64_t shared = size - full_bytes(packets_ - sharers);
  while (shared / sharers < least && sharers < most) {
    ++sharers;
    shared = size - full_bytes(packets_ - sharers);
  }
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
    // Streams have one of two shares; in a mix each has an order of its own.
    for (std::uint16_t stream = 0; stream < params.streams; ++stream) {
      if (!shape.mixed() && stream != 0 && stream + 1 != params.streams) {
        continue;
      }
      PacketPlan plan;
      plan.payload_bytes_ = params.payload_bytes;
      if (shape.mixed()) {
        plan.cycle_ = SizeCycle{shape, seed_for(params, way, stream)};
      }
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
  return cycle_.empty() ? most : cycle_.run_at(sequence, most);
}

std::uint64_t PacketPlan::bytes_of_first(std::uint64_t count) const {
  const std::uint64_t full = std::min(count, first_short_);
  const std::uint64_t short_ones = count - full;
  const std::uint64_t shorter = short_ones * short_bytes_ + std::min(short_ones, longer_ones_);
  return saturating_add(full_bytes(full), shorter);
}

}  // namespace udperf
