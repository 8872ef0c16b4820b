#include "model/test_params.hpp"

#include <string>

#include "base/saturating.hpp"
#include "model/forever.hpp"
#include "model/packet_plan.hpp"

namespace udperf {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kMaxAmount = std::uint64_t{1} << 60U;

std::optional<std::string> amount_problem(const TestParams& p) {
  const Amount& a = p.amount;
  const int given =
      (a.size_bytes != 0 ? 1 : 0) + (a.packets != 0 ? 1 : 0) + (a.duration != Duration{0} ? 1 : 0);
  if (given != 1) {
    return "exactly one of size, packets and duration must be given";
  }
  if (a.duration < Duration{0} || a.duration > kForever) {
    return "duration must be above 0 and at most 366 days";
  }
  if (a.size_bytes > kMaxAmount || a.packets > kMaxAmount) {
    return "size and packets must be at most 2^60";
  }
  if (a.packets != 0 && a.packets < p.streams) {
    return "packets must be at least one for each stream";
  }
  if (a.size_bytes == 0) {
    return std::nullopt;
  }
  const std::uint64_t smallest_share = a.size_bytes / p.streams;
  for (const std::uint64_t share : {smallest_share, smallest_share + 1}) {
    const bool occurs = share == smallest_share || a.size_bytes % p.streams != 0;
    if (occurs && !PacketPlan::possible(share, p.payload_bytes)) {
      return "a size of " + std::to_string(a.size_bytes) + " bytes over " +
             std::to_string(p.streams) + " stream(s) cannot be cut into datagrams of " +
             std::to_string(kDataHeaderBytes) + " to " + std::to_string(p.payload_bytes) + " bytes";
    }
  }
  return std::nullopt;
}

bool is_adjusted(const SendRate& rate) {
  return rate.kind == SendRate::Kind::adjusted;
}

bool rate_ok(const SendRate& rate) {
  if (rate.kind == SendRate::Kind::unlimited) {
    return rate.value == 0;
  }
  return rate.kind <= SendRate::Kind::adjusted && rate.value != 0 && rate.value <= kMaxAmount;
}

std::optional<std::string> problem(const TestParams& p) {
  const auto direction = static_cast<unsigned>(p.direction);
  if (direction < 1 || direction > 3) {
    return "unknown direction";
  }
  if (p.streams < 1 || p.streams > kMaxStreams) {
    return "streams must be 1.." + std::to_string(kMaxStreams);
  }
  if (p.payload_bytes < kDataHeaderBytes || p.payload_bytes > kMaxPayloadBytes) {
    return "packet size must be " + std::to_string(kDataHeaderBytes) + ".." +
           std::to_string(kMaxPayloadBytes) + " bytes";
  }
  if (!rate_ok(p.rate_up) || !rate_ok(p.rate_down)) {
    return "rate out of range";
  }
  if ((is_adjusted(p.rate_up) || is_adjusted(p.rate_down)) && p.amount.duration == Duration{0}) {
    return "a rate that is adjusted needs a duration";
  }
  if (p.interval < 10ms || p.interval > 1h) {
    return "interval must be 10ms..1h";
  }
  if (p.gap_threshold < 1us || p.gap_threshold > 1h) {
    return "gap threshold must be 1us..1h";
  }
  if (p.burst < Duration{0} || p.burst > kMostBurst) {
    return "burst must be at most 50ms";
  }
  if (p.payload > PayloadKind::zero || p.gso > OffloadMode::off || p.gro > OffloadMode::off ||
      p.df > DontFragment::on || p.dscp > 63 || p.ecn > 3) {
    return "payload kind, offload mode, DSCP, ECN or DF out of range";
  }
  return amount_problem(p);
}

}  // namespace

std::optional<Error> check_params(const TestParams& params) {
  if (auto text = problem(params)) {
    return Error{ErrorCode::usage, *std::move(text), 0, "parameters"};
  }
  return std::nullopt;
}

std::optional<Duration> expected_duration(const TestParams& params, Way way) {
  if (params.amount.duration != Duration{0}) {
    return params.amount.duration;
  }
  const SendRate& rate = params.rate(way);
  if (!rate.limited()) {
    return std::nullopt;
  }
  const std::uint64_t packets = params.amount.packets != 0
                                    ? params.amount.packets
                                    : params.amount.size_bytes / params.payload_bytes + 1;
  const Uint128 bytes = params.amount.size_bytes != 0 ? Uint128{params.amount.size_bytes}
                                                      : Uint128{packets} * params.payload_bytes;
  if (rate.kind == SendRate::Kind::bits) {
    return saturating_ns((bytes * 8'000'000'000U + rate.value - 1) / rate.value);
  }
  constexpr std::uint64_t kNsPerThousandSeconds = 1'000'000'000'000;
  return saturating_ns(Uint128{packets} * kNsPerThousandSeconds / rate.value);
}

}  // namespace udperf
