#include <string>
#include <string_view>
#include <vector>

#include "classic/run_table.hpp"
#include "classic/wire.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using classic::RunTable;

namespace {

/// A table and a clock that the test turns.
struct Scene {
  explicit Scene(const RunTable::Settings& settings = {}) : table{settings} {}

  std::optional<std::string> say(std::string_view text, std::uint16_t port = 7777,
                                 bool native = false) {
    RunTable::Arrival arrival;
    arrival.bytes = std::as_bytes(std::span{text});
    arrival.length = text.size();
    arrival.from = {address, port};
    arrival.to = {IpAddress::loopback(IpFamily::v4), 5555};
    arrival.native = native;
    return table.on_datagram(arrival, now, unix());
  }
  void data(int datagrams, Duration apart = 1ms, std::uint16_t port = 7777) {
    for (int i = 0; i < datagrams; ++i) {
      now += apart;
      CHECK_FALSE(say(std::string(1000, 'a'), port));
    }
  }
  void pass(Duration time) {
    const MonoTime until = now + time;
    while (now < until) {
      now = std::min(until, std::max(table.expire(now), now + 1ms));
    }
    table.expire(now);
  }
  std::vector<classic::RunOutcome> finished() { return table.take_finished(); }
  [[nodiscard]] UnixTime unix() const { return UnixTime{now.time_since_epoch()}; }

  RunTable table;
  MonoTime now{1h};
  IpAddress address = IpAddress::loopback(IpFamily::v4);
};

constexpr const char* kNothing = "Throughput: 0.000 Kilobytes per second";

}  // namespace

TEST_CASE("a classic run is timed from START to its last data", "[classic]") {
  Scene s;
  CHECK_FALSE(s.say("START"));
  s.data(100, 10ms);  // 100 kB in the second after START
  s.now += 3s;        // a late STOP costs nothing
  CHECK(s.say("STOP") == "Throughput: 100.000 Kilobytes per second");
  const auto runs = s.finished();
  REQUIRE(runs.size() == 1);
  CHECK(runs[0].status == TestStatus::complete);
  CHECK(runs[0].start_seen);
  CHECK(runs[0].payload_bytes == 100'000);
  CHECK(runs[0].datagrams == 100);
  CHECK(runs[0].span == 1s);
  CHECK(runs[0].first == UnixTime{1h});
  CHECK(runs[0].client.port == 7777);
}

TEST_CASE("without START the clock starts at the first data", "[classic]") {
  Scene s;
  s.data(101, 10ms);
  CHECK(s.say("STOP") == "Throughput: 101.000 Kilobytes per second");
  const auto runs = s.finished();
  REQUIRE(runs.size() == 1);
  CHECK_FALSE(runs[0].start_seen);
  CHECK(runs[0].first == UnixTime{1h + 10ms});
}

TEST_CASE("STOP again is answered again, and is no second run", "[classic]") {
  Scene s;
  CHECK_FALSE(s.say("START"));
  s.data(100, 10ms);
  const auto answer = s.say("STOP");
  REQUIRE(answer);
  for (int i = 0; i < 20; ++i) {
    s.pass(1s);
    CHECK(s.say("STOP") == answer);
  }
  CHECK(s.finished().size() == 1);
  // long after the last one nothing is known any more
  s.pass(11s);
  CHECK(s.table.remembered() == 0);
  CHECK(s.say("STOP") == kNothing);
  CHECK(s.finished().empty());
}

TEST_CASE("what STOP has overtaken is no run of its own", "[classic]") {
  Scene s;
  s.data(100, 10ms);
  const auto answer = s.say("STOP");
  s.data(RunTable::kManyStragglers - 1);
  CHECK_FALSE(s.say("START"));  // a copy that was long on its way
  CHECK(s.say("STOP") == answer);
  CHECK(s.finished().size() == 1);
  CHECK(s.table.counters().stragglers == RunTable::kManyStragglers - 1);
  CHECK(s.table.active() == 0);
}

TEST_CASE("a client may run again from the same port at once", "[classic]") {
  Scene s;
  const bool with_start = GENERATE(true, false);
  for (int run = 1; run <= 5; ++run) {
    if (with_start) {
      CHECK_FALSE(s.say("START"));
    }
    s.data(100 * run, 1ms);
    const auto answer = s.say("STOP");
    REQUIRE(answer);
    const auto runs = s.finished();
    REQUIRE(runs.size() == 1);
    CHECK(runs[0].payload_bytes == 100'000U * static_cast<std::uint64_t>(run));
    CHECK(*answer == classic::answer_text(runs[0]));
    s.now += 50us;
  }
}

TEST_CASE("no data and no time give 0.000, not infinity", "[classic]") {
  Scene s;
  SECTION("START and STOP alone") {
    CHECK_FALSE(s.say("START"));
    s.now += 5ms;
    CHECK(s.say("STOP") == kNothing);
    const auto runs = s.finished();
    REQUIRE(runs.size() == 1);
    CHECK(runs[0].payload_bytes == 0);
    CHECK_FALSE(runs[0].kilobytes_per_second());
  }
  SECTION("one datagram has no time span") {
    s.data(1);
    CHECK(s.say("STOP") == kNothing);
    CHECK(s.finished().at(0).payload_bytes == 1000);
  }
  SECTION("STOP alone is answered, and nothing is kept of it") {
    CHECK(s.say("STOP") == kNothing);
    CHECK(s.finished().empty());
    CHECK(s.table.remembered() == 0);
  }
}

TEST_CASE("a client that vanishes is reported as incomplete", "[classic]") {
  Scene s;
  CHECK_FALSE(s.say("START"));
  s.data(100, 10ms);
  s.pass(RunTable::kSilence - 1ms);
  CHECK(s.finished().empty());
  s.pass(2ms);
  const auto runs = s.finished();
  REQUIRE(runs.size() == 1);
  CHECK(runs[0].status == TestStatus::incomplete);
  CHECK(runs[0].reason == "the client fell silent");
  CHECK(runs[0].span == 1s);  // the silence is not part of it
  // It comes back with STOP: the answer is that of the run, which is not reported again.
  CHECK(s.say("STOP") == "Throughput: 100.000 Kilobytes per second");
  CHECK(s.finished().empty());
}

TEST_CASE("START in a run ends it only when it cannot be late", "[classic]") {
  Scene s;
  SECTION("overtaken by data") {
    s.data(10, 1ms);
    CHECK_FALSE(s.say("START"));
    s.data(91, 1ms);
    CHECK(s.say("STOP") == "Throughput: 1010.000 Kilobytes per second");
    CHECK(s.finished().size() == 1);
  }
  SECTION("the client was started again") {
    CHECK_FALSE(s.say("START"));
    s.data(100, 10ms);
    CHECK_FALSE(s.say("START"));
    s.data(50, 10ms);
    CHECK(s.say("STOP") == "Throughput: 100.000 Kilobytes per second");
    const auto runs = s.finished();
    REQUIRE(runs.size() == 2);
    CHECK(runs[0].reason == "the client started again");
    CHECK(runs[0].status == TestStatus::incomplete);
    CHECK(runs[1].payload_bytes == 50'000);
  }
  SECTION("said again before any data") {
    CHECK_FALSE(s.say("START"));
    s.now += 2s;
    CHECK_FALSE(s.say("START"));
    s.data(100, 10ms);
    CHECK(s.say("STOP") == "Throughput: 100.000 Kilobytes per second");
  }
}

TEST_CASE("what begins like a native message is data of a run, but begins none", "[classic]") {
  Scene s;
  CHECK_FALSE(s.say("STOP", 7777, true));
  CHECK(s.table.active() == 0);
  CHECK_FALSE(s.say("START"));
  CHECK_FALSE(s.say("STOP", 7777, true));  // it says STOP, but it is data
  s.now += 1s;
  CHECK_FALSE(s.say(std::string(996, '\xff'), 7777, true));
  CHECK(s.say("STOP") == "Throughput: 1.000 Kilobytes per second");
}

TEST_CASE("runs at a time are limited, in all and of an address", "[classic]") {
  RunTable::Settings settings;
  settings.most_runs = 3;
  settings.most_runs_per_address = 2;
  Scene s{settings};
  for (std::uint16_t port = 1; port <= 3; ++port) {
    CHECK_FALSE(s.say("START", port));
  }
  CHECK(s.table.active() == 2);
  s.address.bytes[3] = 2;
  CHECK_FALSE(s.say("START", 1));
  CHECK_FALSE(s.say("START", 2));
  CHECK(s.table.active() == 3);
  CHECK(s.table.counters().refused == 2);
  s.data(1, 1ms, 1);
  CHECK(s.say("STOP", 1));
  CHECK_FALSE(s.say("START", 2));
  CHECK(s.table.active() == 3);
}

TEST_CASE("addresses of one IPv6 /64 share what an address may run", "[classic]") {
  RunTable::Settings settings;
  settings.most_runs_per_address = 2;
  Scene s{settings};
  const auto begin = [&s](std::uint8_t network, std::uint8_t host) {
    s.address = parse_ip_address("2001:db8::").value();
    s.address.bytes[7] = network;
    s.address.bytes[15] = host;
    static_cast<void>(s.say("START"));
  };
  begin(1, 1);
  begin(1, 2);
  begin(1, 3);
  begin(2, 1);
  CHECK(s.table.active() == 3);
  CHECK(s.table.counters().refused == 1);
}

TEST_CASE("what is remembered is limited whatever comes", "[classic]") {
  RunTable::Settings settings;
  settings.most_runs = 4;
  Scene s{settings};
  for (std::uint16_t port = 1; port < 1000; ++port) {
    s.data(1, 1us, port);
    static_cast<void>(s.say("STOP", port));
    REQUIRE(s.table.remembered() <= 8);
  }
  CHECK(s.finished().size() == 999);
  s.pass(20s);
  CHECK(s.table.remembered() == 0);
  CHECK(s.table.settled() == 999);
}

TEST_CASE("answers are never more than was sent, but for a trickle", "[classic]") {
  Scene s;
  std::size_t free = 0;
  for (int i = 0; i < 1000; ++i) {
    s.now += 1ms;
    free += s.say("STOP") ? 1U : 0U;
  }
  CHECK(free <= std::size_t{2} * RunTable::kFreeAnswersPerSecond);
  CHECK(free >= RunTable::kFreeAnswersPerSecond);
  s.data(1);
  std::size_t bytes = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto answer = s.say("STOP");
    bytes += answer ? answer->size() : 0;
  }
  CHECK(bytes <= 1000 + std::string_view{kNothing}.size());
}

TEST_CASE("addresses that are not served get nothing", "[classic]") {
  RunTable::Settings settings;
  settings.deny.push_back(*parse_ip_prefix("127.0.0.0/8"));
  Scene s{settings};
  CHECK_FALSE(s.say("START"));
  s.data(5);
  CHECK_FALSE(s.say("STOP"));
  CHECK(s.table.counters().denied == 7);
  CHECK(s.table.remembered() == 0);
}

TEST_CASE("a run is cut at --max-duration, and its rest is no other run", "[classic]") {
  RunTable::Settings settings;
  settings.max_duration = 1s;
  Scene s{settings};
  CHECK_FALSE(s.say("START"));
  s.data(100, 10ms);
  s.pass(1ms);
  s.data(100, 10ms);
  const auto runs = s.finished();
  REQUIRE(runs.size() == 1);
  CHECK(runs[0].status == TestStatus::incomplete);
  CHECK(s.table.active() == 0);
  CHECK(s.say("STOP") == classic::answer_text(runs[0]));
}

TEST_CASE("a run is settled when its client has surely heard the answer", "[classic]") {
  Scene s;
  s.data(10);
  CHECK(s.say("STOP"));
  s.pass(1s);
  CHECK(s.table.settled() == 0);
  CHECK(s.say("STOP"));
  s.pass(2s);
  CHECK(s.table.settled() == 0);
  s.pass(1s);
  CHECK(s.table.settled() == 1);
  s.pass(60s);
  CHECK(s.table.settled() == 1);
}

TEST_CASE("a stopped server ends its runs and begins none", "[classic]") {
  Scene s;
  s.data(10);
  s.table.shut_down(s.now);
  const auto runs = s.finished();
  REQUIRE(runs.size() == 1);
  CHECK(runs[0].reason == "the server was stopped");
  CHECK_FALSE(s.say("START", 9));
  CHECK(s.table.active() == 0);
}
