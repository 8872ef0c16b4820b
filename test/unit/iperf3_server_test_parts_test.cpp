#include "base/source_accounts.hpp"
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
    CHECK(whole.used() >= talk + (64U << 10U));
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

TEST_CASE("a rate is exceeded by a whole window's mean, and by more than the slack") {
  const BitRate most = BitRate::bits_per_second(8000);  // 1000 bytes a second
  RateWatch watch{1s, 200ms};
  std::uint64_t bytes = 0;
  SECTION("what is granted, in clumps") {
    for (int i = 0; i < 100; ++i) {
      bytes += i % 5 == 0 ? 1100U : 0U;
      CHECK_FALSE(watch.exceeds(bytes, most));
    }
  }
  SECTION("a little more") {
    for (int i = 0; i < 5; ++i) {
      CHECK_FALSE(watch.exceeds(bytes, most));  // no whole window yet
      bytes += 230;
    }
    CHECK(watch.exceeds(bytes, most));
  }
  SECTION("much in the last of them") {
    for (int i = 0; i < 50; ++i) {
      CHECK_FALSE(watch.exceeds(bytes, most));
    }
    CHECK(watch.exceeds(bytes + 1110, most));
    for (int i = 0; i < 4; ++i) {
      CHECK(watch.exceeds(bytes + 1110, most));
    }
    CHECK_FALSE(watch.exceeds(bytes + 1110, most));
  }
}

TEST_CASE("a window shorter than the time between two looks is that time") {
  const BitRate most = BitRate::bits_per_second(8000);
  RateWatch watch{100ms, 200ms};
  CHECK_FALSE(watch.exceeds(0, most));
  CHECK_FALSE(watch.exceeds(200, most));
  CHECK(watch.exceeds(500, most));
}
