#include <cmath>

#include "pacing/way_length.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using pacing::WayLength;

namespace {

constexpr double kWindow = 100;  // datagrams

/// A stream that has as much out as it may, told of every 10 ms.
struct Stream {
  WayLength way;
  MonoTime now{1000s};
  double read = 0;
  std::optional<Duration> of_test;
  bool full = false;

  [[nodiscard]] double out() const {
    return std::max(kWindow, way.lag() > 0ms ? way.most_out().value_or(kWindow) : kWindow);
  }
  /// `per_second` datagrams get through, each of which took `round_trip`.
  void go(Duration time, Duration round_trip, double per_second) {
    for (const MonoTime end = now + time; now < end;) {
      step(round_trip, per_second);
    }
  }
  void step(Duration round_trip, double per_second) {
    now += 10ms;
    read += per_second / 100;
    const bool one = out() <= kWindow && !full;
    way.note({now, round_trip, of_test, static_cast<std::uint64_t>(read), one});
  }
  /// More gets through when more is out.
  void go_far(Duration time, Duration round_trip) {
    for (const MonoTime end = now + time; now < end;) {
      step(round_trip, out() / std::chrono::duration<double>(round_trip).count());
    }
  }
  /// More waits when more is out.
  void stand_in_queue(Duration time, double per_second) {
    for (const MonoTime end = now + time; now < end;) {
      step(Duration{std::llround(out() / per_second * 1e9)}, per_second);
    }
  }
};

}  // namespace

TEST_CASE("a way is as long as its shortest round trip", "[pacing]") {
  Stream stream;
  stream.go(30ms, 7ms, 100);
  CHECK(stream.way.lag() == 0ms);  // of too few, one may have been held up
  stream.go(30ms, 5ms, 100);
  CHECK(stream.way.lag() == 4500us);
  stream.go(30ms, 400us, 100);
  CHECK(stream.way.lag() == 0ms);
  CHECK_FALSE(stream.way.most_out());
}

TEST_CASE("a way that has become far longer is found, and again when it is short", "[pacing]") {
  Stream stream;
  stream.go(1s, 300us, 5000);
  stream.go(10ms, 25ms, 5000);  // one half of the new route
  stream.go_far(9900ms, 50ms);
  CHECK(stream.way.lag() == 0ms);

  stream.go_far(5s, 50ms);
  CHECK(stream.way.shortest() == Duration{50ms});
  CHECK(stream.out() >= 20 * kWindow);

  stream.go(10ms, 400us, 5000);
  CHECK(stream.way.shortest() == Duration{300us});
  CHECK_FALSE(stream.way.most_out());
}

TEST_CASE("a stream on a longer way than its test's others finds it", "[pacing]") {
  Stream stream;
  stream.of_test = 300us;
  stream.go_far(9900ms, 50ms);
  CHECK(stream.way.lag() == 0ms);
  stream.go_far(20s, 50ms);
  CHECK(stream.way.shortest() == Duration{50ms});
}

TEST_CASE("a queue is no longer way, however long one stands in it", "[pacing]") {
  Stream stream;
  stream.go(1s, 300us, 5000);
  double most = 0;
  Duration tried{0};
  for (int i = 0; i < 6000; ++i) {
    stream.stand_in_queue(10ms, 2000);
    most = std::max(most, stream.out());
    tried += stream.way.most_out() ? 10ms : 0ms;
  }
  CHECK(most > kWindow);
  CHECK(most <= 2.2 * kWindow);
  CHECK(tried <= 5s);  // 2 s after 10 s, and again after 20 more
  CHECK(stream.way.lag() == 0ms);
}

TEST_CASE("round trips behind a full socket say nothing of the way", "[pacing]") {
  Stream stream;
  stream.go(1s, 300us, 5000);
  stream.full = true;
  stream.go_far(60s, 50ms);
  CHECK(stream.way.lag() == 0ms);
}

TEST_CASE("one short round trip among the long ones is enough", "[pacing]") {
  Stream stream;
  for (int i = 0; i < 12; ++i) {
    stream.go(10ms, 300us, 5000);
    stream.go_far(9s, 50ms);
  }
  CHECK(stream.way.lag() == 0ms);
}

TEST_CASE("who takes the share of others in a queue has not found a way", "[pacing]") {
  Stream stream;
  stream.go(1s, 300us, 1000);
  stream.go(10s + 10ms, 50ms, 1000);
  CHECK(stream.way.most_out());
  stream.go(2s + 10ms, 80ms, 1600);  // more is out, and all wait longer
  CHECK_FALSE(stream.way.most_out());
  CHECK(stream.way.lag() == 0ms);
}

TEST_CASE("a peer may make a round trip as long as it likes", "[pacing]") {
  Stream stream;
  stream.go(1s, 300us, 1000);
  stream.go(100s, Duration{INT64_MAX}, 1000);
  CHECK(stream.way.shortest().value_or(Duration{0}) <= 1h);
}
