#include <functional>
#include <map>

#include "session/path_mtu_search.hpp"
#include "support/catch.hpp"
#include "support/seeded_random.hpp"

using namespace std::chrono_literals;
using udperf::Duration;
using udperf::kNever;
using udperf::MonoTime;
using udperf::PathMtu;
using udperf::session::PathMtuSearch;

namespace {

struct Path {
  std::uint32_t takes = 1472;
  std::uint32_t told_mtu = 0;  ///< 0: drops in silence
  double loss = 0;
  Duration rtt = 10ms;
  Duration per_byte{0};  ///< of a slow link
  std::uint64_t seed = 1;
};

struct Run {
  PathMtu result;
  Duration took{0};
  std::size_t probes = 0;
};

/// Runs a search against a path until it is done.
Run search(const Path& path, std::uint32_t highest = 1472) {
  udperf::test::SeededRandom random{path.seed};
  const MonoTime begun{1s};
  MonoTime now = begun;
  PathMtuSearch search{{highest, 28, 5000, path.rtt}, now};
  struct Event {
    PathMtuSearch::Probe probe;
    bool hint;
  };
  std::multimap<MonoTime, Event> events;
  MonoTime free_at = now;
  Run run;
  while (!search.done()) {
    for (const auto& probe : search.poll(now)) {
      ++run.probes;
      CHECK(probe.bytes <= highest);
      free_at = std::max(free_at, now) + path.per_byte * probe.bytes;
      const bool lost = random.chance(path.loss);
      if (probe.bytes <= path.takes && !lost) {
        events.emplace(free_at + path.rtt, Event{probe, false});
      } else if (probe.bytes > path.takes && path.told_mtu != 0 && !lost) {
        events.emplace(now + path.rtt / 2, Event{probe, true});
      }
    }
    if (search.done()) {
      break;
    }
    MonoTime next = search.next_timeout();
    if (!events.empty()) {
      next = std::min(next, events.begin()->first);
    }
    REQUIRE(next != kNever);
    now = std::max(next, now + 1us);
    while (!events.empty() && events.begin()->first <= now) {
      const Event event = events.begin()->second;
      events.erase(events.begin());
      if (event.hint) {
        search.on_hint(path.told_mtu);
      } else {
        CHECK(search.on_reply(event.probe.id, event.probe.bytes, now));
      }
    }
    REQUIRE(now - begun <= PathMtuSearch::kBudget + 1s);
  }
  run.result = search.result();
  run.took = now - begun;
  return run;
}

}  // namespace

TEST_CASE("a path that takes the largest size is known after one round trip", "[session][mtu]") {
  const Run run = search({});

  CHECK(run.result.payload_bytes == 1472U);
  CHECK(run.result.exact);
  CHECK(run.result.capped);
  CHECK_FALSE(run.result.black_hole);
  CHECK(run.took <= 11ms);
  CHECK(run.probes == 2);
}

TEST_CASE("every size is found to the byte, told by ICMP or not", "[session][mtu]") {
  const bool told = GENERATE(true, false);
  for (std::uint32_t takes = 548; takes < 1472; ++takes) {
    CAPTURE(takes, told);
    Path path;
    path.takes = takes;
    path.told_mtu = told ? takes + 28 : 0;
    const Run run = search(path);

    CHECK(run.result.payload_bytes == takes);
    CHECK(run.result.exact);
    CHECK_FALSE(run.result.capped);
    CHECK(run.result.icmp_seen == told);
    CHECK(run.result.black_hole == !told);
    CHECK(run.took < (told ? 100ms : 300ms));
  }
}

TEST_CASE("what ICMP says is only believed when a probe has passed", "[session][mtu]") {
  SECTION("it says too much") {
    Path path;
    path.takes = 1300;
    path.told_mtu = 1428;
    const Run run = search(path);
    CHECK(run.result.payload_bytes == 1300U);
    CHECK(run.result.exact);
  }
  SECTION("it says nonsense") {
    for (const std::uint32_t nonsense : {1U, 28U, 68U, 1501U, 70000U, 0xFFFFFFFFU}) {
      Path path;
      path.takes = 1372;
      path.told_mtu = nonsense;
      CAPTURE(nonsense);
      CHECK(search(path).result.payload_bytes == 1372U);
    }
  }
}

TEST_CASE("loss does not pass for a small path", "[session][mtu]") {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    CAPTURE(seed);
    Path path;
    path.seed = seed;
    path.takes = seed % 2 == 0 ? 1472 : 1372;
    path.loss = 0.1;
    const Run run = search(path);
    REQUIRE(run.result.payload_bytes);
    // What it names always passes; with a tenth lost it is nearly always the largest that does.
    CHECK(*run.result.payload_bytes <= path.takes);
    if (path.takes == 1472) {
      CHECK(run.result.payload_bytes == 1472U);
    }
    CHECK(*run.result.payload_bytes + 30 >= path.takes);
    CHECK(run.took <= PathMtuSearch::kShortest + 1ms);
  }
}

TEST_CASE("a path that answers nothing ends the search in its time", "[session][mtu]") {
  Path path;
  path.loss = 1;
  const Run run = search(path);

  CHECK_FALSE(run.result.payload_bytes);
  CHECK(run.took <= PathMtuSearch::kShortest + 1ms);
  CHECK(run.probes < PathMtuSearch::kMostProbes);
}

TEST_CASE("a slow link is given the time that it needs", "[session][mtu]") {
  Path path;
  path.takes = 1372;
  path.per_byte = 8us;  // 1 Mb/s
  path.rtt = 30ms;
  const Run run = search(path);

  CHECK(run.result.payload_bytes == 1372U);
}

TEST_CASE("a long path is given the time that it needs", "[session][mtu]") {
  for (Duration rtt = 300ms; rtt <= 1100ms; rtt += 50ms) {
    CAPTURE(rtt.count());
    Path path;
    path.rtt = rtt;
    CHECK(search(path).result.capped);

    path.takes = 1372;  // that of a known tunnel
    path.loss = 0.1;
    const Run run = search(path);
    CHECK(run.result.payload_bytes.value_or(0) <= 1372U);
    CHECK((rtt > 800ms || run.result.payload_bytes == 1372U));
    CHECK(run.took <= PathMtuSearch::kBudget + 1ms);
  }
}

TEST_CASE("the sending host's own limit counts", "[session][mtu]") {
  const MonoTime now{1s};
  PathMtuSearch search{{1472, 28, 0, 1ms}, now};
  for (const auto& probe : search.poll(now)) {
    if (probe.bytes > 1372) {
      search.on_local_limit(probe.bytes);
    }
  }
  search.on_hint(1400);
  for (const auto& probe : search.poll(now + 1us)) {
    if (probe.bytes <= 1372) {
      search.on_reply(probe.id, probe.bytes, now + 1ms);
    }
  }
  static_cast<void>(search.poll(now + 1ms));

  CHECK(search.done());
  CHECK(search.result().payload_bytes == 1372U);
  CHECK(search.result().local_limit);
  CHECK_FALSE(search.result().icmp_seen);
}

TEST_CASE("answers to what was never asked change nothing", "[session][mtu]") {
  const MonoTime now{1s};
  PathMtuSearch search{{1472, 28, 5000, 1ms}, now};
  static_cast<void>(search.poll(now));

  CHECK_FALSE(search.on_reply(4999, 1472, now));
  CHECK_FALSE(search.on_reply(5002, 1472, now));
  CHECK_FALSE(search.on_reply(~0ULL, 1472, now));
  CHECK(search.on_reply(5001, 1000, now));  // cut on the way
  CHECK_FALSE(search.result().payload_bytes);
}
