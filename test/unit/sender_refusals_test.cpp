#include <cerrno>
#include <string>

#include "support/seeded_random.hpp"
#include "support/sender_scene.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::test;
using Scene = SenderScene;
using Status = net::SendOutcome::Status;

TEST_CASE("letters go on from datagram to datagram, whatever is refused", "[sender][classic]") {
  Scene s;
  s.settings.params.amount = Amount{12'345, 0, 0ns};
  int calls = 0;
  s.port.says = [&calls](std::uint32_t offered) {
    return ++calls % 3 == 0 ? outcome(Status::blocked, offered / 3, EAGAIN)
                            : outcome(Status::taken, offered, 0);
  };
  s.open_alphabet();
  s.run();
  std::string all;
  for (const FakePort::Sent& sent : s.port.sent()) {
    all.append(reinterpret_cast<const char*>(sent.bytes.data()), sent.bytes.size());
  }
  REQUIRE(all.size() == 12'345);
  for (std::size_t i = 0; i < all.size(); ++i) {
    REQUIRE(all[i] == static_cast<char>('a' + i % 26));
  }
  s.check_books();
}

TEST_CASE("what the system does not take is sent later, under the same number", "[sender]") {
  Scene s;
  s.settings.params.amount = Amount{0, 50, 0ns};
  int calls = 0;
  s.port.says = [&calls](std::uint32_t offered) {
    return ++calls == 2 ? outcome(Status::blocked, 3, ENOBUFS) : outcome(Status::taken, offered, 0);
  };
  s.open();
  s.run();
  REQUIRE(s.port.sent().size() == 50);
  for (std::size_t i = 0; i < 50; ++i) {
    CHECK(wire::decode_data(s.port.sent()[i].bytes)->sequence == i);
  }
  CHECK(s.report().send_blocked == 5);
  CHECK(s.report().local_drop == 0);
  REQUIRE(s.report().time.has_value());
  CHECK(s.report().time->queue_full == 1);
  s.check_books();
}

TEST_CASE("what this host refuses for good is numbered, and lost here", "[sender]") {
  Scene s;
  s.settings.params.amount = Amount{0, 40, 0ns};
  int calls = 0;
  s.port.says = [&calls](std::uint32_t offered) {
    return ++calls == 2 ? outcome(Status::denied, 2, EPERM, 1) : outcome(Status::taken, offered, 0);
  };
  s.open();
  s.run();
  CHECK(s.report().end == TxEnd::complete);
  CHECK(s.report().packets == 40);
  CHECK(s.report().local_drop == 1);
  CHECK(s.report().payload_bytes == 4000);
  CHECK(s.port.sent().size() == 39);
  CHECK(wire::decode_data(s.port.sent()[9].bytes)->sequence == 9);
  CHECK(wire::decode_data(s.port.sent()[10].bytes)->sequence == 11);
  REQUIRE(s.report().time.has_value());
  REQUIRE(s.report().time->pauses.size() == 1);
  CHECK(s.report().time->pauses[0].os_error == EPERM);
  CHECK(s.report().time->pauses[0].refused == 1);
  s.check_books();
  s.check_numbers();
}

TEST_CASE("datagrams that never fit end the test, those that do not any more are lost",
          "[sender]") {
  Scene s;
  s.settings.params.amount = Amount{0, 40, 0ns};
  SECTION("the first") {
    s.port.says = [](std::uint32_t) { return outcome(Status::too_big, 0, EMSGSIZE, 1); };
    s.open();
    s.run();
    CHECK(s.report().end == TxEnd::failed);
    CHECK(s.sender->os_error() == EMSGSIZE);
    CHECK(s.report().packets == 0);
  }
  SECTION("a later one") {
    int calls = 0;
    s.port.says = [&calls](std::uint32_t offered) {
      return ++calls == 3 ? outcome(Status::too_big, 0, EMSGSIZE, offered)
                          : outcome(Status::taken, offered, 0);
    };
    s.open();
    s.run();
    CHECK(s.report().end == TxEnd::complete);
    CHECK(s.report().packets == 40);
    CHECK(s.report().local_drop == 8);
  }
  s.check_books();
}

TEST_CASE("it is known since when the system takes nothing", "[sender]") {
  Scene s;
  s.settings.params.amount = Amount{0, 10, 0ns};
  bool open = true;
  s.port.says = [&open](std::uint32_t offered) {
    return open ? outcome(Status::taken, offered, 0) : outcome(Status::blocked, 0, EAGAIN);
  };
  s.settings.params.rate_up = packets_per_second(10);
  s.open();
  CHECK_FALSE(s.sender->stuck_since());
  s.sender->step(s.clock.now());
  s.clock.advance(5s);  // nothing was asked for in this time
  CHECK_FALSE(s.sender->stuck_since());
  open = false;
  const MonoTime begun = s.clock.now();
  for (int i = 0; i < 10; ++i) {
    s.sender->step(s.clock.now());
    s.clock.advance(100ms);
  }
  CHECK(s.sender->stuck_since() == begun);
  open = true;
  s.sender->step(s.clock.now());
  CHECK_FALSE(s.sender->stuck_since());
}

TEST_CASE("the books balance whatever the system says", "[sender]") {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    SeededRandom random{seed};
    const auto below = [&random](std::uint64_t n) {
      return static_cast<std::uint32_t>(random.next_u64() % n);
    };
    Scene s;
    s.settings.params.amount = Amount{0, 1 + below(500), 0ns};
    s.port.limit = 1 + below(16);
    if (below(2) == 0) {
      s.settings.params.rate_up = packets_per_second(100 + below(100'000));
    }
    s.port.says = [&below](std::uint32_t offered) {
      const std::uint32_t taken = below(offered + 1);
      switch (below(6)) {
        case 0:
          return outcome(Status::blocked, taken, below(2) == 0 ? EAGAIN : ENOBUFS);
        case 1:
          return outcome(Status::denied, taken, EPERM, below(offered - taken + 1));
        case 2:
          return outcome(Status::refused, taken, ECONNREFUSED);
        default:
          return outcome(Status::taken, offered, 0);
      }
    };
    s.open();
    s.run(Duration{below(3'000'000)});
    CHECK(s.report().end == TxEnd::complete);
    CHECK(s.report().packets == s.settings.params.amount.packets);
    s.check_books();
    s.check_numbers();
  }
}
