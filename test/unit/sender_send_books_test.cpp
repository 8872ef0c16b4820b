#include <cerrno>

#include "sender/send_books.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using sender::SendBooks;
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

SendBooks::Ending ending(Duration now, bool all) {
  SendBooks::Ending out;
  out.now = at(now);
  out.begun = at(0s);
  out.all = all;
  return out;
}

}  // namespace

TEST_CASE("a number is used when a datagram is taken, or gone for good", "[sender]") {
  SendBooks books{std::nullopt};
  books.begin(at(0s), ClockAnchor{});
  CHECK(books.note(8, 100, outcome(Status::taken, 8), at(1ms)) == Status::taken);
  CHECK(books.note(8, 100, outcome(Status::blocked, 3, EAGAIN), at(2ms)) == Status::blocked);
  CHECK(books.next() == 11);
  CHECK(books.report().send_blocked == 5);
  CHECK(books.note(5, 100, outcome(Status::denied, 1, EPERM, 2), at(3ms)) == Status::denied);
  CHECK(books.next() == 14);
  CHECK(books.report().send_blocked == 5);  // the other two have not been tried
  CHECK(books.report().local_drop == 2);
  CHECK(books.refusals() == 1);
  CHECK(books.os_error() == EPERM);
  CHECK(books.batch() == 3);
  // What other threads see.
  CHECK(books.packets() == 14);
  CHECK(books.bytes() == 1400);
  CHECK(books.batches() == 3);
}

TEST_CASE("too big is fatal only as long as nothing has fitted", "[sender]") {
  SendBooks books{std::nullopt};
  books.begin(at(0s), ClockAnchor{});
  const auto too_big = outcome(Status::too_big, 0, EMSGSIZE, 4);
  SECTION("the first") {
    CHECK(books.note(4, 100, too_big, at(0s)) == Status::too_big);
    CHECK(books.next() == 0);
  }
  SECTION("after one that fitted") {
    books.note(4, 100, outcome(Status::taken, 4), at(0s));
    CHECK(books.note(4, 100, too_big, at(1ms)) == Status::denied);
    CHECK(books.next() == 8);
  }
  SECTION("after one that fitted in the warm-up") {
    books.note(4, 100, outcome(Status::taken, 4), at(0s));
    books.end_warm_up(at(1s), std::nullopt);
    CHECK(books.note(4, 100, too_big, at(1s)) == Status::denied);
    CHECK(books.next() == 4);
  }
}

TEST_CASE("a warm-up is an account of its own", "[sender]") {
  SendBooks books{7};
  books.begin(at(0s), ClockAnchor{});
  books.note(8, 100, outcome(Status::taken, 8), at(100ms));
  books.note(8, 100, outcome(Status::denied, 0, EPERM, 1), at(200ms));
  CHECK(books.omitted_packets() == 0);
  books.end_warm_up(at(1s), 10);
  CHECK(books.omitted_packets() == 9);
  CHECK(books.next() == 0);
  CHECK(books.packets() == 0);
  CHECK(books.bytes() == 0);
  CHECK(books.numbered() == 9);
  CHECK(books.batch() == 1);
  books.note(8, 100, outcome(Status::taken, 8), at(1100ms));
  CHECK(books.numbered() == 17);
  CHECK(books.batch() == 2);

  auto end = ending(2s, false);
  end.begun = at(1s);
  end.queue_drops = 15;
  books.close(end);
  const TxReport& report = books.report();
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
  SendBooks books{std::nullopt};
  books.begin(at(0s), ClockAnchor{});
  books.note(8, 100, outcome(Status::taken, 8), at(100ms));
  books.note(8, 100, outcome(Status::taken, 8), at(700ms));
  SECTION("all was sent") {
    books.close(ending(1s, true));
    CHECK(books.report().time->window_ns == 700'000'000);
  }
  SECTION("its time was over") {
    auto end = ending(1s, false);
    end.limit = 900ms;
    books.close(end);
    CHECK(books.report().time->window_ns == 900'000'000);
  }
  SECTION("it failed") {
    auto end = ending(1s, true);
    end.end = TxEnd::failed;
    books.close(end);
    CHECK(books.report().time->window_ns == 1'000'000'000);
  }
  CHECK(books.report().span_ns == 600'000'000);
  CHECK(books.report().gap_max_ns == 600'000'000);
}

TEST_CASE("a drop counter that began anew at 2^32 still tells the difference", "[sender]") {
  SendBooks books{0xFFFF'FFFE};
  books.begin(at(0s), ClockAnchor{});
  auto end = ending(1s, false);
  end.queue_drops = 3;
  books.close(end);
  CHECK(books.report().time->queue_drops == 5);
}
