#include <cerrno>

#include "sender/send_stats.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using sender::SendStats;
using Status = net::SendOutcome::Status;

namespace {

MonoTime at(Duration since_start) {
  return MonoTime{1000s} + since_start;
}

net::SendOutcome outcome(Status status, std::uint32_t taken, int os_error = 0,
                         std::uint32_t lost = 0) {
  net::SendOutcome out;
  out.status = status;
  out.datagrams = taken;
  out.os_error = os_error;
  out.lost = lost;
  return out;
}

SendStats::Ending ending(Duration now, bool all) {
  SendStats::Ending out;
  out.now = at(now);
  out.begun = at(0s);
  out.all = all;
  return out;
}

}  // namespace

TEST_CASE("a number is used when a datagram is taken, or gone for good", "[sender]") {
  SendStats stats{std::nullopt};
  stats.begin(at(0s), ClockAnchor{});
  CHECK(stats.note(8, 100, outcome(Status::taken, 8), at(1ms)) == Status::taken);
  CHECK(stats.note(8, 100, outcome(Status::blocked, 3, EAGAIN), at(2ms)) == Status::blocked);
  CHECK(stats.next() == 11);
  CHECK(stats.report().send_blocked == 5);
  CHECK(stats.note(5, 100, outcome(Status::denied, 1, EPERM, 2), at(3ms)) == Status::denied);
  CHECK(stats.next() == 14);
  CHECK(stats.report().send_blocked == 5);  // the other two have not been tried
  CHECK(stats.report().local_drop == 2);
  CHECK(stats.refusals() == 1);
  CHECK(stats.os_error() == EPERM);
  CHECK(stats.batch() == 3);
  // What other threads see.
  CHECK(stats.packets() == 14);
  CHECK(stats.bytes() == 1400);
  CHECK(stats.batches() == 3);
}

TEST_CASE("too big is fatal only as long as nothing has fitted", "[sender]") {
  SendStats stats{std::nullopt};
  stats.begin(at(0s), ClockAnchor{});
  const auto too_big = outcome(Status::too_big, 0, EMSGSIZE, 4);
  SECTION("the first") {
    CHECK(stats.note(4, 100, too_big, at(0s)) == Status::too_big);
    CHECK(stats.next() == 0);
  }
  SECTION("after one that fitted") {
    stats.note(4, 100, outcome(Status::taken, 4), at(0s));
    CHECK(stats.note(4, 100, too_big, at(1ms)) == Status::denied);
    CHECK(stats.next() == 8);
  }
  SECTION("after one that fitted in the warm-up") {
    stats.note(4, 100, outcome(Status::taken, 4), at(0s));
    stats.end_warm_up(at(1s), std::nullopt);
    CHECK(stats.note(4, 100, too_big, at(1s)) == Status::denied);
    CHECK(stats.next() == 4);
  }
}

TEST_CASE("a warm-up is an account of its own", "[sender]") {
  SendStats stats{7};
  stats.begin(at(0s), ClockAnchor{});
  stats.note(8, 100, outcome(Status::taken, 8), at(100ms));
  stats.note(8, 100, outcome(Status::denied, 0, EPERM, 1), at(200ms));
  CHECK(stats.omitted_packets() == 0);
  stats.end_warm_up(at(1s), 10);
  CHECK(stats.omitted_packets() == 9);
  CHECK(stats.next() == 0);
  CHECK(stats.packets() == 0);
  CHECK(stats.bytes() == 0);
  CHECK(stats.numbered() == 9);
  CHECK(stats.batch() == 1);
  stats.note(8, 100, outcome(Status::taken, 8), at(1100ms));
  CHECK(stats.numbered() == 17);
  CHECK(stats.batch() == 2);

  auto end = ending(2s, false);
  end.begun = at(1s);
  end.queue_drops = 15;
  stats.close(end);
  const TxReport& report = stats.report();
  REQUIRE(report.omitted.has_value());
  CHECK(report.omitted->packets == 9);
  CHECK(report.omitted->payload_bytes == 900);
  CHECK(report.omitted->local_drop == 1);
  CHECK(report.omitted->batches == 1);
  CHECK(report.packets == 8);
  CHECK(report.payload_bytes == 800);
  CHECK(report.local_drop == 0);
  CHECK(report.batches == 1);
  CHECK(report.span_ns == 0);
  REQUIRE(report.time.has_value());
  CHECK(report.time->queue_drops == 5);
  CHECK(report.time->window_ns == 1'000'000'000);
  CHECK(report.time->pauses.empty());  // that one was the warm-up's
}

TEST_CASE("the time that a test had ends with its last datagram, or with its limit", "[sender]") {
  SendStats stats{std::nullopt};
  stats.begin(at(0s), ClockAnchor{});
  stats.note(8, 100, outcome(Status::taken, 8), at(100ms));
  stats.note(8, 100, outcome(Status::taken, 8), at(700ms));
  SECTION("all was sent") {
    stats.close(ending(1s, true));
    CHECK(stats.report().time->window_ns == 700'000'000);
  }
  SECTION("its time was over") {
    auto end = ending(1s, false);
    end.limit = 900ms;
    stats.close(end);
    CHECK(stats.report().time->window_ns == 900'000'000);
  }
  SECTION("it failed") {
    auto end = ending(1s, true);
    end.end = TxEnd::failed;
    stats.close(end);
    CHECK(stats.report().time->window_ns == 1'000'000'000);
  }
  CHECK(stats.report().span_ns == 600'000'000);
  CHECK(stats.report().gap_max_ns == 600'000'000);
}

TEST_CASE("a drop counter that began anew at 2^32 still tells the difference", "[sender]") {
  SendStats stats{0xFFFF'FFFE};
  stats.begin(at(0s), ClockAnchor{});
  auto end = ending(1s, false);
  end.queue_drops = 3;
  stats.close(end);
  CHECK(stats.report().time->queue_drops == 5);
}
