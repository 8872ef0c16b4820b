#include <memory>
#include <vector>

#include "base/source_accounts.hpp"
#include "engine/server_run.hpp"
#include "engine/session_memory.hpp"
#include "iperf3/rate_watch.hpp"
#include "iperf3/test_admission.hpp"
#include "iperf3/test_memory.hpp"
#include "iperf3/test_times.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using iperf3::Inbox;
using iperf3::kMostParameterBytes;
using iperf3::Parameters;
using iperf3::RateWatch;
using iperf3::TestAdmission;
using iperf3::TestMemory;
using iperf3::TestTimes;

namespace {

MonoTime at(Duration since_start) {
  return MonoTime{1000s} + since_start;
}

}  // namespace

TEST_CASE("a client is asked about, granted and admitted, each once") {
  TestAdmission admission;
  CHECK_FALSE(admission.take_asked());
  admission.ask();
  CHECK(admission.take_asked());
  CHECK_FALSE(admission.take_asked());
  CHECK_FALSE(admission.granted());
  CHECK_FALSE(admission.waits());
  TestParams params;
  params.streams = 7;
  admission.grant(params);
  CHECK(admission.params().streams == 7);
  CHECK(admission.waits());
  admission.admit(at(2s));
  CHECK(admission.granted());
  CHECK_FALSE(admission.waits());
  CHECK_FALSE(admission.turned_away());
  admission.turn_away();
  CHECK(admission.turned_away());
}

TEST_CASE("a turn is over a second and four round trips after the last hello") {
  TestAdmission admission;
  admission.grant(TestParams{});
  admission.admit(at(5s));
  CHECK(admission.turn_ends(0ms) == at(6s));
  CHECK(admission.turn_ends(600ms) == at(8400ms));
  admission.hear(at(7s));
  CHECK(admission.turn_ends(0ms) == at(8s));
}

TEST_CASE("data flowed from the start to the client's end, without the omitted time") {
  TestTimes times{UnixTime{}, at(0s)};
  CHECK_FALSE(times.has_started());
  times.start(at(1s));
  CHECK(times.measured_seconds(at(4s), 0s) == 3.0);
  CHECK(times.measured_seconds(at(4s), 2s) == 1.0);
  CHECK(times.measured_seconds(at(2s), 2s) == 0.0);  // it ended in the omitted time
  CHECK_FALSE(times.has_stopped());
  times.stop(at(5s));
  CHECK(times.measured_seconds(at(1h), 0s) == 4.0);
  CHECK_FALSE(times.has_results());
  times.hear_results(at(6s));
  CHECK(times.has_results());
  CHECK(times.results_at() == at(6s));
}

TEST_CASE("a test ends behind its beginning although the wall clock is set back") {
  const TestTimes times{UnixTime{1000h}, at(5s)};
  CHECK(times.at(at(5s)) == times.opened());
  CHECK(times.at(at(65s)) == UnixTime{1000h} + 1min);
}

TEST_CASE("a place is told to be free when its test should be over, then when it must be") {
  TestTimes times{UnixTime{}, at(0s)};
  CHECK(times.free_at(10s, kNever, at(0s)) == at(10'500ms));
  CHECK(times.free_at(10s, kNever, at(20s)) == at(30'500ms));  // no data has flowed yet
  CHECK(times.free_at(std::nullopt, kNever, at(20s)) == kNever);
  times.start(at(3s));
  CHECK(times.free_at(10s, at(25s), at(4s)) == at(13'500ms));
  CHECK(times.free_at(10s, at(25s), at(14s)) == at(25s));
  CHECK(times.free_at(std::nullopt, at(25s), at(4s)) == at(25s));
}

TEST_CASE("what an iperf3 client makes the server keep is in the server's one account") {
  MemoryAccount whole{1U << 20U};
  SourceAccounts sources{whole};
  const auto mine = IpAddress::loopback(IpFamily::v4);
  Parameters asked;
  asked.streams = 1;
  {
    TestMemory test{sources, mine};
    CHECK(test.take_talk());
    CHECK(whole.used() >= kMostParameterBytes + Inbox::kMostAhead);
    const std::uint64_t talk = whole.used();
    CHECK(test.take_streams(asked));
    CHECK(whole.used() >= talk + (48U << 10U));
    const std::uint64_t streams = whole.used();
    CHECK(test.take_rows(1000));
    CHECK(whole.used() == streams + 1000);
    CHECK_FALSE(test.take_rows(1U << 20U));
    CHECK(test.account().take(100));
    CHECK(whole.used() == streams + 1100);
    test.account().give_back(100);
    asked.streams = 128;
    TestMemory other{sources, mine};
    CHECK_FALSE(other.take_streams(asked));
  }
  CHECK(whole.used() == 0);
}

TEST_CASE("twenty clients of one address with 128 streams each fit into the default memory") {
  constexpr std::uint64_t kRecordOfNumbers = 4200;  // of a stream that has begun
  engine::SessionMemory memory{engine::kDefaultMaxMemory};
  Parameters asked;
  asked.streams = iperf3::kMostStreams;
  asked.length = 1460;
  asked.rate_bps = 1'048'576;
  SECTION("up") {}
  SECTION("down, as long as the loopback has them, flat out") {
    asked.reverse = true;
    asked.length = 65'483;
    asked.rate_bps = 0;
  }
  std::vector<std::unique_ptr<TestMemory>> tests;
  for (int i = 0; i < 20; ++i) {
    CAPTURE(i);
    tests.push_back(
        std::make_unique<TestMemory>(memory.sources_of_full(), IpAddress::loopback(IpFamily::v4)));
    CHECK(tests.back()->take_talk());
    CHECK(tests.back()->take_streams(asked));
  }
  for (const auto& test : tests) {
    test->begin();
    CHECK((asked.reverse || test->account().take(asked.streams * kRecordOfNumbers)));
  }
}

TEST_CASE("a test with an omitted time has room for the first numbers of both its parts") {
  constexpr std::uint64_t kRecordOfNumbers = 4200;  // of a stream that has begun
  MemoryAccount whole{64U << 20U};
  SourceAccounts sources{whole};
  Parameters asked;
  asked.streams = iperf3::kMostStreams;
  asked.omit_seconds = 1;
  TestMemory test{sources, IpAddress::loopback(IpFamily::v4)};
  REQUIRE(test.take_streams(asked));
  const auto fill = [&] {  // others take all that a test may not count on
    REQUIRE(whole.take(whole.limit() - whole.used() - 2 * test.account().used()));
  };
  fill();
  test.begin();
  CHECK(test.account().take(asked.streams * kRecordOfNumbers));
  fill();
  test.begin_counted();
  CHECK(test.account().take(asked.streams * kRecordOfNumbers));
}

namespace {

constexpr std::uint64_t kBps = 80'000'000;
constexpr std::uint64_t kSecond = 10'000'000;  // bytes
constexpr std::uint64_t kBurst = 3'000'000;

/// Looks every 200 ms for so long, while `bytes` a second come. Whether that was ever too much.
bool comes(RateWatch& watch, MonoTime& now, std::uint64_t& bytes, Duration time,
           std::uint64_t per_second) {
  bool too_much = false;
  for (const MonoTime end = now + time; now < end;) {
    now += 200ms;
    bytes += per_second / 5;
    too_much = too_much || watch.exceeds(bytes, bytes, now);
  }
  return too_much;
}

}  // namespace

TEST_CASE("who sends a tenth more than was granted is let be, twice as much not for long") {
  MonoTime now = at(0s);
  std::uint64_t bytes = 0;
  RateWatch watch{kBps, kBurst, 5s, now};
  CHECK_FALSE(comes(watch, now, bytes, 100s, kSecond * 11 / 10));
  CHECK_FALSE(comes(watch, now, bytes, 1s, 2 * kSecond));
  CHECK(comes(watch, now, bytes, 1s, 2 * kSecond));
  now = at(0s);
  bytes = 0;
  RateWatch third{kBps, 0, 5s, now};
  CHECK(comes(third, now, bytes, 5s, kSecond * 133 / 100));
}

TEST_CASE("bursts that were announced and what was held back are no fault of a client") {
  MonoTime now = at(0s);
  std::uint64_t bytes = 0;
  SECTION("a burst that is longer than the time between two of them is looked at") {
    RateWatch watch{kBps, kBurst, 100ms, now};
    for (std::uint64_t ms = 0; ms < 20'000; ms += 20) {  // a burst every 300 ms
      bytes += ms % 300 == 0 ? kBurst : 0U;
      CHECK_FALSE(watch.exceeds(bytes, bytes, at(std::chrono::milliseconds{ms})));
    }
  }
  SECTION("a client that stood still for nine seconds") {
    RateWatch watch{kBps, 0, 5s, now};
    CHECK_FALSE(comes(watch, now, bytes, 3s, kSecond));
    CHECK_FALSE(comes(watch, now, bytes, 9s, 0));
    bytes += 9 * kSecond;
    CHECK_FALSE(watch.exceeds(bytes, bytes, now));
    CHECK_FALSE(comes(watch, now, bytes, 20s, kSecond));
  }
  SECTION("but not what was held back for longer") {
    RateWatch watch{kBps, 0, 5s, now};
    CHECK_FALSE(comes(watch, now, bytes, 60s, 0));
    CHECK_FALSE(comes(watch, now, bytes, 200ms, 50 * kSecond));  // ten seconds' worth
    CHECK(comes(watch, now, bytes, 200ms, 30 * kSecond));
  }
}

TEST_CASE("copies and what is no data count, beyond twice the rate") {
  RateWatch watch{kBps, 0, 5s, at(0s)};
  CHECK_FALSE(watch.exceeds(10 * kSecond, 20 * kSecond, at(10s)));  // a path that doubles all
  CHECK(watch.exceeds(10 * kSecond, 26 * kSecond, at(10s)));
  CHECK(watch.exceeds(0, 26 * kSecond, at(10s)));
}

TEST_CASE("where no rate was granted none is exceeded") {
  RateWatch any;
  CHECK_FALSE(any.exceeds(UINT64_MAX, UINT64_MAX, at(1h)));
}
