#include <algorithm>

#include "session/preflight.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using session::Preflight;

namespace {

constexpr MonoTime kStart{50s};

/// A preflight whose first answers of each kind come, all at `at`.
struct Flight {
  Preflight preflight;
  Preflight::Question question;

  Flight() : question(preflight.start(kStart)) {}
  void answer(const std::vector<wire::Probe>& probes, std::size_t count, MonoTime at) {
    for (std::size_t i = 0; i < count; ++i) {
      wire::ProbeReply reply;
      reply.id = probes.at(i).id;
      CHECK(preflight.on_reply(reply, at));
    }
  }
};

}  // namespace

TEST_CASE("a preflight asks eight times merged and eight times singly", "[session]") {
  const Flight flight;
  REQUIRE(flight.question.merged.size() == 8);
  REQUIRE(flight.question.single.size() == 8);
  std::vector<std::uint64_t> ids;
  for (const auto* const probes : {&flight.question.merged, &flight.question.single}) {
    for (const auto& probe : *probes) {
      CHECK(probe.t1_ns == to_ns(kStart));
      CHECK(probe.id >= std::uint64_t{1} << 63U);  // the round-trip prober counts from 1
      ids.push_back(probe.id);
    }
  }
  std::sort(ids.begin(), ids.end());
  CHECK(std::adjacent_find(ids.begin(), ids.end()) == ids.end());
}

TEST_CASE("offload works as soon as all merged probes are answered", "[session]") {
  Flight flight;
  flight.answer(flight.question.merged, 7, kStart + 1ms);
  CHECK_FALSE(flight.preflight.verdict(kStart + 1ms));
  flight.answer(flight.question.merged, 8, kStart + 2ms);
  CHECK(flight.preflight.verdict(kStart + 2ms) == Preflight::Verdict::works);
}

TEST_CASE("offload is broken where single probes cross and merged ones do not", "[session]") {
  Flight flight;
  flight.answer(flight.question.single, 8, kStart + 30ms);
  CHECK(flight.preflight.next_timeout() == kStart + 50ms);  // merged answers may be a little late
  CHECK_FALSE(flight.preflight.verdict(kStart + 50ms - 1ns));
  CHECK(flight.preflight.verdict(kStart + 50ms) == Preflight::Verdict::broken);
}

TEST_CASE("half of the merged probes are enough", "[session]") {
  const auto merged = GENERATE(0U, 3U, 4U, 7U);
  CAPTURE(merged);
  Flight flight;
  flight.answer(flight.question.single, 8, kStart + 30ms);
  flight.answer(flight.question.merged, merged, kStart + 30ms);
  CHECK(flight.preflight.verdict(kStart + 50ms) ==
        (merged >= 4 ? Preflight::Verdict::works : Preflight::Verdict::broken));
}

TEST_CASE("a path that loses single probes tells nothing of offload", "[session]") {
  const auto single = GENERATE(0U, 5U, 6U);
  CAPTURE(single);
  Flight flight;
  flight.answer(flight.question.single, single, kStart + 30ms);
  CHECK(flight.preflight.next_timeout() == kStart + 500ms);
  CHECK_FALSE(flight.preflight.verdict(kStart + 499ms));
  CHECK(flight.preflight.verdict(kStart + 500ms) == Preflight::Verdict::unknown);
}

TEST_CASE("with one single probe lost the others still decide", "[session]") {
  Flight flight;
  flight.answer(flight.question.single, 7, kStart + 30ms);
  CHECK(flight.preflight.verdict(kStart + 50ms) == Preflight::Verdict::broken);
}

TEST_CASE("an answer said twice counts once, and a stranger's not at all", "[session]") {
  Flight flight;
  for (int i = 0; i < 8; ++i) {
    flight.answer(flight.question.merged, 1, kStart + 1ms);
  }
  CHECK_FALSE(flight.preflight.verdict(kStart + 1ms));
  for (const std::uint64_t id :
       {std::uint64_t{0}, std::uint64_t{1}, flight.question.merged.back().id + 1,
        flight.question.single.front().id - 1, flight.question.single.back().id + 1, UINT64_MAX}) {
    wire::ProbeReply reply;
    reply.id = id;
    CHECK_FALSE(flight.preflight.on_reply(reply, kStart + 1ms));
  }
}

TEST_CASE("answers that come late never make a preflight wait for more than half a second",
          "[session]") {
  Flight flight;
  flight.answer(flight.question.single, 8, kStart + 495ms);
  CHECK(flight.preflight.next_timeout() == kStart + 500ms);
  CHECK(flight.preflight.verdict(kStart + 500ms) == Preflight::Verdict::broken);
}
