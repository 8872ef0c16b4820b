#include "engine/client_timing.hpp"

#include <algorithm>

#include "model/reports.hpp"
#include "session/admission.hpp"

namespace udperf::engine {
namespace {

using namespace std::chrono_literals;

// All of them and the round trips that an exchange takes.
constexpr Duration kServerSilence = 5s;
constexpr Duration kWindUp = 2s;    // after SIGINT or the server's BYE
constexpr Duration kOverdue = 4s;   // beyond duration and drain
constexpr Duration kSetUp = 7s;     // from ACCEPT to GO
constexpr int kSetUpTrips = 4;      // its probes, its search of a size, GO
constexpr Duration kInAll = 8s;     // beside the data, from ACCEPT on
constexpr int kTripsInAll = 6;      // FIN and report, too
constexpr Duration kOwnPause = 1s;  // no server can be heard by who does not run

}  // namespace

Duration loaded_probe_every(const TestParams& params) {
  constexpr Duration kMostOften = 10ms;
  constexpr Duration kUsually = 100ms;
  return std::clamp(params.interval, kMostOften, kUsually);
}

Duration sparing_probe_every(const TestParams& params) {
  constexpr double kShare = 0.002;
  constexpr double kProbeBits = 8.0 * 120;  // an answer with its headers
  constexpr Duration kSeldom = 500ms;
  Duration every = loaded_probe_every(params);
  for (const Way way : {Way::up, Way::down}) {
    const SendRate& rate = params.rate(way);
    if (includes(params.direction, way) && rate.kind == SendRate::Kind::bits) {
      const std::chrono::duration<double> gap{kProbeBits /
                                              (kShare * static_cast<double>(rate.value))};
      every = std::max(every, gap < kSeldom ? std::chrono::duration_cast<Duration>(gap) : kSeldom);
    }
  }
  return every;
}

Duration longest_transfer(const TestParams& params) {
  constexpr std::uint64_t kSlowestBps = 56'000;
  constexpr Duration kLeast = 60s;
  constexpr Duration kMost = 24h * 400;
  Duration longest{0};
  for (const Way way : {Way::up, Way::down}) {
    if (!includes(params.direction, way)) {
      continue;
    }
    const Amount& amount = params.amount;
    const Uint128 bytes = amount.size_bytes != 0 ? Uint128{amount.size_bytes}
                                                 : Uint128{amount.packets} * params.payload_bytes;
    const Uint128 slow_ns = bytes * 8 * 1'000'000'000U / kSlowestBps;
    const auto slow = std::min(slow_ns, Uint128{static_cast<std::uint64_t>(kMost.count())});
    const Duration guess = params.omit + kLeast + Duration{static_cast<Duration::rep>(slow)};
    const auto expected = expected_duration(params, way);
    const Duration time = expected ? session::slowest_time(params, *expected) : guess;
    longest = std::max(longest, std::clamp(time, Duration{0}, kMost));
  }
  return std::min(longest, kMost);
}

ClientDeadlines::ClientDeadlines(MonoTime accepted, Duration round_trip, MonoTime now)
    : accepted_(accepted),
      last_turn_(now),
      listening_since_(now),
      end_(accepted + kSetUp + kSetUpTrips * round_trip) {}

void ClientDeadlines::turn(Duration every, MonoTime now) {
  if (now - last_turn_ > kOwnPause + every) {
    listening_since_ = now;
  }
  last_turn_ = now;
}

void ClientDeadlines::begin_data(const TestParams& params, Duration round_trip, MonoTime now) {
  const Duration transfer = longest_transfer(params);
  end_ = std::min(now + transfer + kTmax + kOverdue + 2 * round_trip,
                  accepted_ + transfer + kInAll + kTripsInAll * round_trip);
}

void ClientDeadlines::wind_up(Duration round_trip, MonoTime now) {
  end_ = now + kWindUp + round_trip;
}

void ClientDeadlines::wind_up_soon(Duration round_trip, MonoTime now) {
  end_ = std::min(end_, now + kWindUp + round_trip);
}

bool ClientDeadlines::silent(Duration silence, Duration round_trip, MonoTime now) const {
  return std::min(silence, now - listening_since_) > kServerSilence + 2 * round_trip;
}

}  // namespace udperf::engine
