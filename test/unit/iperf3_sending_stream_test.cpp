#include <cerrno>

#include "iperf3/drain.hpp"
#include "iperf3/parameters.hpp"
#include "iperf3/protocol.hpp"
#include "iperf3/receiving_stream.hpp"
#include "iperf3/sending_stream.hpp"
#include "support/catch.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_port.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::test;
using iperf3::Counters;
using iperf3::SendingStream;
using Status = net::SendOutcome::Status;

namespace {

net::SendOutcome outcome(Status status, std::uint32_t taken, int os_error, std::uint32_t lost = 0) {
  net::SendOutcome out;
  out.status = status;
  out.datagrams = taken;
  out.os_error = os_error;
  out.lost = lost;
  return out;
}

struct Scene {
  Scene() { settings.length = 100; }

  void open() { stream.emplace(settings, port, clock); }
  void step() { next = stream->step(clock.now(), buffers).at; }
  void run(Duration most = 1h) {
    const MonoTime end = clock.now() + most;
    for (int i = 0; i < 1'000'000 && !stream->over() && clock.now() < end; ++i) {
      step();
      clock.advance(1us);
      clock.move_to(next == kNever ? clock.now() : std::min(next, end));
    }
  }
  [[nodiscard]] iperf3::DataHeader header(std::size_t index) const {
    return iperf3::decode(port.sent()[index].bytes.data(), settings.counters, index);
  }
  /// iperf3 numbers from 1 on, without a break.
  void check_numbers() const {
    for (std::size_t i = 0; i < port.sent().size(); ++i) {
      REQUIRE(header(i).sequence == i + 1);
    }
  }

  SendingStream::Settings settings;
  FakePort port;
  FakeClock clock;
  net::ReceiveBuffers buffers;
  std::optional<SendingStream> stream;
  MonoTime next{};
};

}  // namespace

TEST_CASE("iperf3's datagrams are numbered from 1 on, with the time they left") {
  Scene s;
  s.settings.counters = GENERATE(Counters::narrow, Counters::wide);
  s.settings.packets = 100;
  s.open();
  s.run();
  REQUIRE(s.stream->over());
  REQUIRE(s.port.sent().size() == 100);
  s.check_numbers();
  CHECK(s.header(0).tx_ns == 1'000'000'000'000);
  CHECK(s.stream->packets() == 100);
  CHECK(s.stream->counted_packets() == 100);
  CHECK(s.stream->omitted_packets() == 0);
  CHECK(s.stream->report().packets == 100);
  CHECK(s.stream->report().payload_bytes == 10'000);
  CHECK(s.stream->report().end == TxEnd::complete);
  CHECK_FALSE(s.stream->failed());
}

TEST_CASE("iperf3's numbers go on behind the omitted time, its books begin anew") {
  Scene s;
  s.settings.rate_bps = 800'000;  // 1000 a second
  s.settings.omit = 1s;
  SECTION("time ends it") {
    s.settings.duration = 3s;
  }
  SECTION("an amount ends it") {
    s.settings.packets = 2000;
  }
  s.open();
  s.run(500ms);
  CHECK(s.stream->counted_packets() > 400);
  s.run();
  REQUIRE(s.stream->over());
  s.check_numbers();
  CHECK(s.stream->packets() == s.port.sent().size());
  CHECK(s.stream->omitted_packets() + s.stream->counted_packets() == s.stream->packets());
  CHECK(s.stream->omitted_packets() >= 999);
  CHECK(s.stream->omitted_packets() <= 1001);
  CHECK(s.stream->counted_packets() >= 1999);
  CHECK(s.stream->counted_packets() <= 2001);
  CHECK(s.stream->report().packets == s.stream->counted_packets());
  CHECK_FALSE(s.stream->report().omitted);
}

TEST_CASE("a stream that has no share of the amount sends nothing, and does not go on for ever") {
  Scene s;
  s.settings.nothing = true;
  s.settings.omit = GENERATE(0s, 1s);
  s.open();
  CHECK(s.stream->over());
  s.run(2s);
  CHECK(s.port.sent().empty());
  CHECK(s.stream->packets() == 0);
  CHECK_FALSE(s.stream->failed());
}

TEST_CASE("a stream that is stopped in its omitted time has counted nothing") {
  Scene s;
  s.settings.rate_bps = 800'000;
  s.settings.omit = 2s;
  s.settings.duration = 5s;
  s.open();
  s.run(1s);
  const std::uint64_t sent = s.port.sent().size();
  CHECK(s.stream->counted_packets() == sent);
  s.stream->stop(TxEnd::interrupted);
  s.step();
  REQUIRE(s.stream->over());
  CHECK(s.stream->packets() == sent);
  CHECK(s.stream->omitted_packets() == sent);
  CHECK(s.stream->counted_packets() == sent);  // of the row that ends here
  CHECK(s.stream->report().packets == 0);
  CHECK(s.stream->report().payload_bytes == 0);
}

TEST_CASE("a burst of iperf3 is so many datagrams at a time") {
  Scene s;
  s.port.limit = 100;
  s.settings.rate_bps = 800'000;
  s.settings.burst = 20;
  s.settings.duration = 1s;
  s.open();
  s.clock.advance(0s);
  s.step();
  const std::size_t before = s.port.sent().size();
  s.clock.advance(100ms);  // a stall of 100 datagrams: no more than a burst is made up for
  s.step();
  CHECK(s.port.sent().size() - before <= 20);
  CHECK(s.port.sent().size() - before >= 19);
}

TEST_CASE("a socket's pacing rate stays --fq-rate's") {
  Scene s;
  s.port.paces = true;
  s.settings.rate_bps = 80'000'000;
  s.settings.packets = 100;
  s.open();
  s.run();
  CHECK(s.stream->report().pacer == PacerKind::sleep_spin);
}

TEST_CASE("what this host refuses of an iperf3 stream has a number, and is lost here") {
  Scene s;
  s.settings.packets = 40;
  int calls = 0;
  s.port.says = [&calls](std::uint32_t offered) {
    return ++calls == 2 ? outcome(Status::denied, 2, EPERM, 1) : outcome(Status::taken, offered, 0);
  };
  s.open();
  s.run();
  CHECK(s.stream->packets() == 40);
  CHECK(s.port.sent().size() == 39);
  CHECK(s.stream->report().local_drop == 1);
  CHECK(s.header(10).sequence == 12);
}

TEST_CASE("a socket that will never send again fails its stream, a full one does not") {
  Scene s;
  s.settings.packets = 40;
  SECTION("never again") {
    s.port.says = [](std::uint32_t) { return outcome(Status::failed, 0, ENETDOWN); };
    s.open();
    s.run();
    CHECK(s.stream->over());
    CHECK(s.stream->failed());
    CHECK(s.stream->os_error() == ENETDOWN);
    CHECK(s.stream->packets() == 0);
  }
  SECTION("full, or nobody listens yet") {
    int calls = 0;
    s.port.says = [&calls](std::uint32_t offered) {
      ++calls;
      return calls % 3 == 0   ? outcome(Status::blocked, offered / 2, EAGAIN)
             : calls % 7 == 0 ? outcome(Status::refused, 0, ECONNREFUSED)
                              : outcome(Status::taken, offered, 0);
    };
    s.open();
    s.run();
    CHECK_FALSE(s.stream->failed());
    CHECK(s.stream->packets() == 40);
    s.check_numbers();
  }
  SECTION("out of memory") {
    s.open();
    s.stream->abandon();
    CHECK(s.stream->over());
    CHECK(s.stream->failed());
  }
}

TEST_CASE("nothing is sent while it is not known that the peer is there") {
  Scene s;
  s.settings.rate_bps = 800'000;
  s.settings.duration = 3s;
  s.open();
  s.run(1s);
  const std::size_t before = s.port.sent().size();
  s.stream->pause(true);
  s.run(1s);
  CHECK(s.port.sent().size() == before);
  s.stream->pause(false);
  s.run();
  CHECK(s.port.sent().size() > before + 900);
  s.check_numbers();
}

TEST_CASE("an iperf3 payload is random, letters or digits, and no batch changes it") {
  Scene s;
  s.settings.packets = 2;
  s.settings.seed = 7;
  const auto tail = [&s](std::size_t index) {
    const auto& bytes = s.port.sent()[index].bytes;
    std::string out;
    for (std::size_t i = 16; i < bytes.size(); ++i) {
      out.push_back(static_cast<char>(bytes[i]));
    }
    return out;
  };
  SECTION("digits") {
    s.settings.digits = true;
    s.open();
    s.run();
    CHECK(tail(0).substr(0, 6) == "678901");
    CHECK(tail(0) == tail(1));
  }
  SECTION("letters") {
    s.settings.payload = PayloadKind::alphabet;
    s.open();
    s.run();
    CHECK(tail(0).substr(0, 4) == "qrst");
    CHECK(tail(0) == tail(1));
  }
  SECTION("random") {
    s.open();
    s.run();
    CHECK(tail(0) != tail(1));
  }
}

TEST_CASE("without a limit it says that nothing governs, or that a flood was asked for") {
  const bool flood = GENERATE(false, true);
  Scene s;
  s.settings.packets = 10;
  s.settings.flood = flood;
  s.open();
  s.run();
  CHECK(s.stream->report().governor == (flood ? TxGovernor::flood : TxGovernor::none));
}

TEST_CASE("a time's worth to send at once is told in datagrams") {
  CHECK(iperf3::burst_of(0ms, 80'000'000, 1000) == 0);  // as the sender likes
  CHECK(iperf3::burst_of(5ms, 0, 1000) == 0);           // no rate, nothing to space
  CHECK(iperf3::burst_of(5ms, 80'000'000, 1000) == 50);
  CHECK(iperf3::burst_of(1us, 80'000, 1000) == 1);
  CHECK(iperf3::burst_of(50ms, 10'000'000'000, 1000) == iperf3::kMostBurst);
}

TEST_CASE("who waits for a stream is told when it is over") {
  const os::Event told;
  Scene s;
  s.settings.told = &told;
  s.settings.packets = 10;
  s.open();
  s.step();
  s.run();
  REQUIRE(s.stream->over());
  CHECK(told.take());
  s.step();
  CHECK_FALSE(told.take());  // once
  s.open();
  CHECK_FALSE(told.take());
  s.stream->abandon();
  CHECK(told.take());
  s.settings.nothing = true;
  s.open();
  CHECK(told.take());
}

TEST_CASE("who waits for what was sent is told once when it has come, and not for each read") {
  constexpr std::uint32_t kLength = 100;
  const os::Event told;
  iperf3::StreamAccount::Settings settings{kLength, Counters::wide};
  settings.told = &told;
  FakePort port;
  FakeClock clock;
  net::ReceiveBuffers buffers;
  iperf3::ReceivingStream stream{settings, port, clock};
  const auto arrive = [&](std::uint64_t number) {
    std::vector<std::byte> bytes(kLength);
    iperf3::encode(bytes.data(), Counters::wide, number, to_ns(clock.now()));
    net::Received read;
    read.data = bytes;
    read.segment = kLength;
    read.at = clock.now();
    stream.take_early(read);
    stream.step(clock.now(), buffers);
  };
  arrive(1);
  CHECK_FALSE(told.take());  // nobody waits
  stream.expect(3);
  arrive(3);
  CHECK_FALSE(told.take());
  arrive(2);
  CHECK(told.take());
  arrive(2);
  CHECK_FALSE(told.take());
  stream.abandon();
  CHECK(told.take());
}

TEST_CASE("late arrivals are waited for until the moment at which they have drained") {
  const MonoTime begun{1000s};
  for (const Duration last : {0ms, 700ms, 1400ms}) {
    const MonoTime at = iperf3::drained_at(begun + last, begun);
    CHECK(iperf3::has_drained(at - begun - last, at - begun));
    CHECK_FALSE(iperf3::has_drained(at - begun - last - 1ns, at - begun - 1ns));
  }
}
