#include "session/grant.hpp"

#include "base/saturating.hpp"
#include "base/units.hpp"
#include "model/forever.hpp"
#include "wire/messages.hpp"

namespace udperf::session {
namespace {

/// Bits a second of the datagrams that were asked for, to compare rates of different kinds; nothing
/// for one without a limit.
std::optional<Uint128> limit_of(const SendRate& rate, const MeanLength& mean) {
  switch (rate.kind) {
    case SendRate::Kind::unlimited:
      return std::nullopt;
    case SendRate::Kind::packets:
      return Uint128{rate.value} * mean.bytes * 8 / (Uint128{mean.packets} * 1000);
    default:
      return Uint128{rate.value};
  }
}

bool higher(const SendRate& granted, const SendRate& asked, const MeanLength& mean) {
  if (granted == asked) {
    return false;
  }
  if (asked.adjusted() != granted.adjusted()) {
    return true;
  }
  const auto most = limit_of(asked, mean);
  const auto got = limit_of(granted, mean);
  return most && (!got || *got > *most);
}

/// A server that may make a test as slow as it likes, may make it last as long as it likes.
bool too_slow(const TestParams& asked, const TestParams& granted, Way way) {
  constexpr Duration kAlwaysFine = std::chrono::hours{1};
  constexpr int kTimes = 1000;
  const auto before = expected_duration(asked, way);
  const auto after = expected_duration(granted, way);
  return after && *after > kAlwaysFine && (!before || *after / kTimes > *before);
}

}  // namespace

std::optional<std::string> beyond_server(const TestParams& asked, std::uint32_t capabilities) {
  if (asked.shaped() && (capabilities & wire::kCapTraffic) == 0) {
    return "the server knows datagrams of one size at equal distances only: a mix of sizes "
           "(--packet-size) or --spacing needs a later udperf there";
  }
  if (asked.header == HeaderKind::compact && (capabilities & wire::kCapCompact) == 0) {
    return "the server knows the full header only: a --packet-size below " +
           std::to_string(kDataHeaderBytes) + ", or --header compact, needs a later udperf there";
  }
  const bool plain = !asked.shaped() && asked.header == HeaderKind::full;
  if (asked.omit > Duration{0} && !plain && (capabilities & wire::kCapOmitAny) == 0) {
    return "the server has a warm-up only before equal datagrams of 40 bytes or more at equal "
           "distances: leave out --omit, or update it";
  }
  return std::nullopt;
}

std::optional<std::string> more_than_asked(const TestParams& asked, const TestParams& granted) {
  TestParams same = granted;  // but for what a server may lower
  same.rate_up = asked.rate_up;
  same.rate_down = asked.rate_down;
  same.payload_bytes = asked.payload_bytes;
  same.burst = asked.burst;  // is not said
  same.profile =
      asked.profile;  // says nothing that the shapes do not, and not every server knows it
  if (asked.amount.duration == kForever && granted.amount.duration > Duration{0}) {
    same.amount.duration = asked.amount.duration;  // who names no end takes the server's
  }
  same.voice = asked.voice;
  same.omit = asked.omit;
  if (same != asked) {
    return "another direction, amount, number of streams or marking";
  }
  if (granted.payload_bytes > asked.payload_bytes) {
    return "larger datagrams";
  }
  for (const Way way : {Way::up, Way::down}) {
    if (!includes(asked.direction, way)) {
      continue;
    }
    if (higher(granted.rate(way), asked.rate(way), asked.mean_length(way))) {
      return "a higher rate";
    }
    if (too_slow(asked, granted, way)) {
      return "a rate at which the test would last for " +
             format_duration(*expected_duration(granted, way)) +
             ": ask for less (--size, --packets), or for a --duration";
    }
  }
  return std::nullopt;
}

std::vector<Warning> less_than_asked(const TestParams& asked, const TestParams& granted) {
  std::vector<Warning> warnings;
  for (const Way way : {Way::up, Way::down}) {
    const SendRate& wanted = asked.rate(way);
    const SendRate& got = granted.rate(way);
    const std::uint64_t most = payload_bps(granted, way, got);
    const bool named = wanted.limited() && !wanted.adjusted();  // else as much as there is
    if (!includes(asked.direction, way) || !got.limited() ||
        (wanted.limited() && most >= payload_bps(asked, way, wanted))) {
      continue;
    }
    std::string text = "the server grants " + format_bit_rate(static_cast<double>(most));
    text += way == Way::up ? " up" : " down";
    if (named) {
      const auto bps = static_cast<double>(payload_bps(asked, way, wanted));
      text += " of the " + format_bit_rate(bps) + " that were asked for";
    }
    warnings.push_back(Warning{"rate_lowered", text + " (its --max-rate)"});
  }
  if (granted.amount.duration < asked.amount.duration) {
    warnings.push_back(Warning{"duration_lowered", "the server ends the test after " +
                                                       format_duration(granted.amount.duration) +
                                                       " (its --max-duration)"});
  }
  return warnings;
}

}  // namespace udperf::session
