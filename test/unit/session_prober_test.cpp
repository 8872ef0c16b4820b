#include "session/prober.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using session::Prober;

namespace {

constexpr MonoTime kStart{50s};

/// Sends a probe every 100 ms; each `lost`-th is lost, the others are answered after `rtt` as long
/// as time is.
RttSummary run(Duration length, Duration rtt, int lost) {
  Prober prober{1};
  std::vector<std::pair<MonoTime, wire::ProbeReply>> answers;
  int sent = 0;
  for (MonoTime now = kStart; now < kStart + length; now += 100ms) {
    const auto probe = wire::decode<wire::Probe>(prober.probe(now));
    wire::ProbeReply reply;
    reply.id = probe->id;
    reply.t1_ns = probe->t1_ns;
    if (lost == 0 || ++sent % lost != 0) {
      answers.emplace_back(now + rtt, reply);
    }
  }
  for (const auto& [at, reply] : answers) {
    if (at < kStart + length) {
      prober.on_reply(reply, at, true);
    }
  }
  return prober.take(kStart + length);
}

}  // namespace

TEST_CASE("probes of the last round trip are neither lost nor sent", "[session]") {
  const auto rtt = GENERATE(1ms, 50ms, 150ms, 950ms, 2500ms);
  CAPTURE(rtt.count());
  const RttSummary summary = run(10s, rtt, 0);
  CHECK(summary.delay.n == summary.sent);
  CHECK(summary.sent > 60);
}

TEST_CASE("lost probes are still seen on a long path", "[session]") {
  const RttSummary summary = run(20s, 900ms, 10);
  CHECK(summary.sent - summary.delay.n >= 18);
  CHECK(summary.sent - summary.delay.n <= 20);
}

TEST_CASE("without any answer every probe is lost", "[session]") {
  const RttSummary summary = run(2s, 5s, 0);
  CHECK(summary.delay.n == 0);
  CHECK(summary.sent >= 19);
}
