#include "model/packet_plan.hpp"

#include <algorithm>

#include "base/saturating.hpp"

namespace udperf {
namespace {

/// Part number `index` of `total` cut into `parts` that differ by one at most.
std::uint64_t share(std::uint64_t total, std::uint64_t parts, std::uint64_t index) {
  return total / parts + (index < total % parts ? 1 : 0);
}

std::uint64_t divide_up(std::uint64_t a, std::uint64_t b) {
  return a / b + (a % b != 0 ? 1 : 0);
}

}  // namespace

bool PacketPlan::possible(std::uint64_t size, std::uint32_t payload_bytes) {
  return size != 0 && divide_up(size, payload_bytes) <= size / kDataHeaderBytes;
}

PacketPlan PacketPlan::for_stream(const TestParams& params, std::uint16_t stream) {
  if (params.amount.size_bytes != 0) {
    return for_size(share(params.amount.size_bytes, params.streams, stream), params.payload_bytes);
  }
  PacketPlan plan;
  plan.payload_bytes_ = params.payload_bytes;
  if (params.amount.packets != 0) {
    plan.packets_ = share(params.amount.packets, params.streams, stream);
    plan.first_short_ = plan.packets_;
  }
  return plan;
}

PacketPlan PacketPlan::for_size(std::uint64_t size, std::uint32_t payload_bytes) {
  PacketPlan plan;
  plan.payload_bytes_ = payload_bytes;
  plan.packets_ = divide_up(size, payload_bytes);
  plan.first_short_ = plan.packets_;

  const std::uint64_t remainder = size % payload_bytes;
  if (remainder == 0) {
    return plan;
  }
  // The fewest datagrams at the end that can share the remainder and still carry a header each.
  std::uint64_t sharers = 1;
  std::uint64_t shared = remainder;
  while (shared / sharers < kDataHeaderBytes && sharers < plan.packets_) {
    ++sharers;
    shared += payload_bytes;
  }
  plan.first_short_ = plan.packets_ - sharers;
  plan.short_bytes_ = static_cast<std::uint32_t>(shared / sharers);
  plan.longer_ones_ = shared % sharers;
  return plan;
}

std::uint64_t PacketPlan::bytes_of_first(std::uint64_t count) const {
  const std::uint64_t full = std::min(count, first_short_);
  const std::uint64_t short_ones = count - full;
  const std::uint64_t shorter = short_ones * short_bytes_ + std::min(short_ones, longer_ones_);
  return saturating_add(saturating_mul(full, payload_bytes_), shorter);
}

}  // namespace udperf
