#include "sender/rate_adjuster.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using sender::RateAdjuster;

namespace {

constexpr MonoTime kStart{1000s};
constexpr Duration kEvery = pacing::LoadAdjustment::kFeedbackInterval;

TestParams adjusted(std::uint64_t most_bps, std::uint16_t streams = 1) {
  TestParams params;
  params.payload_bytes = 972;  // 1000 with the headers of IPv4
  params.streams = streams;
  params.amount.duration = 10s;
  params.rate_up = SendRate{SendRate::Kind::adjusted, most_bps};
  return params;
}

/// A receiver's words, one after the other.
struct Words {
  wire::Feedback now;
  MonoTime at = kStart;

  void say(RateAdjuster& adjuster, std::uint64_t arrived, std::uint64_t lost,
           std::optional<Duration> rtt = 5ms) {
    now.number += 1;
    now.unique += arrived;
    now.next_expected += arrived + lost;
    adjuster.on_feedback(now, rtt, at);
    at += kEvery;
  }
};

}  // namespace

TEST_CASE("the table's rates are the IP layer's, the sender's are payload", "[sender]") {
  RateAdjuster adjuster{adjusted(1'000'000'000'000), Way::up, IpFamily::v4};
  CHECK(adjuster.payload_rate().bps() == 486'000);  // of 0.5 Mb/s
  Words words;
  words.say(adjuster, 3, 0);
  CHECK(adjuster.payload_rate().bps() == 9'720'000);  // of 10 Mb/s
}

TEST_CASE("losses, reordering and duplicates together are the sequence errors", "[sender]") {
  for (int kind = 0; kind < 3; ++kind) {
    CAPTURE(kind);
    RateAdjuster adjuster{adjusted(1'000'000'000'000), Way::up, IpFamily::v4};
    Words words;
    words.say(adjuster, 100, 0);
    words.say(adjuster, 100, 10);  // as many as are allowed
    const auto before = adjuster.payload_rate();
    if (kind == 0) {
      words.say(adjuster, 100, 11);
    } else {
      (kind == 1 ? words.now.duplicates : words.now.reordered) += 5;
      words.say(adjuster, 100, 6);
    }
    CHECK(before.bps() == 19'440'000);
    CHECK(adjuster.payload_rate().bps() == 18'468'000);  // 19 Mb/s
  }
}

TEST_CASE("the delay counts over the smallest that was seen", "[sender]") {
  RateAdjuster adjuster{adjusted(1'000'000'000'000), Way::up, IpFamily::v4};
  Words words;
  words.say(adjuster, 100, 0, 200ms);
  words.say(adjuster, 100, 0, 210ms);
  CHECK(adjuster.payload_rate().bps() == 19'440'000);
  words.say(adjuster, 100, 0, 291ms);
  CHECK(adjuster.payload_rate().bps() == 18'468'000);
}

TEST_CASE("a receiver that hears nothing any more does not raise the rate", "[sender]") {
  RateAdjuster adjuster{adjusted(1'000'000'000'000), Way::up, IpFamily::v4};
  Words words;
  words.say(adjuster, 100, 0);
  words.say(adjuster, 100, 0);
  const auto before = adjuster.payload_rate();
  for (int i = 0; i < 10; ++i) {
    words.say(adjuster, 0, 0);
    adjuster.on_timer(words.at);
  }
  CHECK(adjuster.payload_rate() < before);
}

TEST_CASE("streams share the highest rate that is allowed", "[sender]") {
  RateAdjuster adjuster{adjusted(8'000'000, 4), Way::up, IpFamily::v4};
  Words words;
  for (int i = 0; i < 20; ++i) {
    words.say(adjuster, 100, 0);
  }
  CHECK(adjuster.payload_rate().bps() <= 2'000'000);
  CHECK(adjuster.payload_rate().bps() >= 1'900'000);
}

TEST_CASE("a limit below the table is kept", "[sender]") {
  RateAdjuster adjuster{adjusted(100'000), Way::up, IpFamily::v6};
  CHECK(adjuster.payload_rate().bps() <= 100'000);
  CHECK(adjuster.payload_rate().bps() >= 99'000);
}
