#include "session/refusal.hpp"

#include <array>

#include "base/saturating.hpp"
#include "base/units.hpp"

namespace udperf::session {

Obstacle obstacle_of(wire::RejectReason reason) {
  switch (reason) {
    case wire::RejectReason::busy:
    case wire::RejectReason::too_many_from_you:
    case wire::RejectReason::exclusive:
    case wire::RejectReason::rate:
    case wire::RejectReason::shutting_down:
      return Obstacle::busy;
    default:
      return Obstacle::denied;
  }
}

namespace {

/// In the order of the reasons, from 1 on.
constexpr auto kKinds = std::to_array<const char*>({
    "version",
    "busy",
    "too_many_from_you",
    "exclusive",
    "denied",
    "authentication",
    "parameters",
    "duration",
    "rate",
    "unlimited_rate",
    "shutting_down",
});
static_assert(kKinds.size() == static_cast<std::size_t>(wire::RejectReason::shutting_down));

/// Of parameters that no time would make welcome.
std::string no_good(std::uint64_t most_bits) {
  std::string text = "the server does not accept these parameters";
  if (most_bits != 0) {
    text +=
        ": a datagram, burst or frame of this test is larger than all that it allows in a second "
        "(" +
        format_bit_rate(static_cast<double>(most_bits)) + "): make it smaller";
  }
  return text;
}

}  // namespace

const char* kind_name(wire::RejectReason reason) {
  const auto number = static_cast<std::size_t>(reason);
  return number >= 1 && number <= kKinds.size() ? kKinds.at(number - 1) : "other";
}

std::span<const char* const> kind_names() {
  return kKinds;
}

std::string describe(const wire::Reject& reject) {
  using Reason = wire::RejectReason;
  const auto retry = [&reject](std::string text) {
    if (reject.retry_after_ms != 0) {
      text += "; try again in " + std::to_string((reject.retry_after_ms + 999) / 1000) + " s";
    }
    return text;
  };
  switch (reject.reason) {
    case Reason::version:
      return "the server speaks protocol version " + std::to_string(reject.versions.lowest) +
             " to " + std::to_string(reject.versions.highest) + ", this client only " +
             std::to_string(wire::kVersion) + ": update the older one";
    case Reason::busy:
      return retry("the server is busy: it has no room for another test");
    case Reason::too_many_from_you:
      return retry("the server already runs as many tests from this address as it allows");
    case Reason::exclusive:
      return retry("the server is busy: it runs one test at a time");
    case Reason::denied:
      return "the server does not serve this address";
    case Reason::authentication:
      return "the server has no key: leave out --key-file, or start it with one";
    case Reason::parameters:
      return no_good(reject.limit);
    case Reason::duration:
      return "the server allows tests of at most " + format_duration(saturating_ns(reject.limit)) +
             ": give a shorter --duration, or a --rate with --size";
    case Reason::rate:
      return retry("the server has only " + format_bit_rate(static_cast<double>(reject.limit)) +
                   " of its bandwidth left: give a --rate up to that");
    case Reason::unlimited_rate:
      return "the server wants a --rate of at most " +
             format_bit_rate(static_cast<double>(reject.limit));
    case Reason::shutting_down:
      return "the server is shutting down";
  }
  return retry("the server refuses the test for a reason that this version does not know (" +
               std::to_string(static_cast<unsigned>(reject.reason)) + "): update it");
}

}  // namespace udperf::session
