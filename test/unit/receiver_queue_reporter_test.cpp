#include <deque>
#include <vector>

#include "receiver/queue_reporter.hpp"
#include "receiver/receiver.hpp"
#include "support/catch.hpp"
#include "support/fake_port.hpp"
#include "support/sender_scene.hpp"

using namespace std::chrono_literals;
using namespace udperf;

namespace {

/// A port that counts how often the system would have been asked for its queue.
class CountingPort final : public test::FakePort {
 public:
  std::optional<net::ReceiveQueue> receive_queue() override {
    ++asked;
    return net::ReceiveQueue{1000, limit, drops};
  }
  int asked = 0;
  std::uint32_t limit = 4000;
  std::uint32_t drops = 2;
};

/// DATA of a stream, as it leaves a sender.
std::vector<test::FakePort::Sent> data_of_a_stream(std::uint64_t packets) {
  test::SenderScene scene;
  scene.settings.params.amount = Amount{0, packets, Duration{0}};
  scene.open();
  scene.run();
  return scene.port.sent();
}

/// The receiving end of one of `streams`, whose socket holds five of its datagrams: each one that
/// is read is a quarter of that.
struct Stream {
  Stream(std::uint32_t streams, TokenBucket& pace) : receiver(settings()) {
    receiver.set_anchor(MonoTime{1s});
    reporter.begin({100, streams}, pace);
  }
  static receiver::Receiver::Settings settings() {
    const test::SenderScene scene;
    receiver::Receiver::Settings out;
    out.session = scene.settings.session;
    out.stream = scene.settings.stream;
    out.params = scene.settings.params;
    return out;
  }
  void read(const test::FakePort::Sent& datagram, MonoTime now, std::uint32_t drops = 0) {
    net::Received one;
    one.data = datagram.bytes;
    one.segment = 100;
    one.at = now;
    one.drops = drops;
    REQUIRE(receiver.on_read(one, 0) == 100);
  }
  bool due(MonoTime now) { return reporter.due(port, receiver, now); }
  void tell(MonoTime now, bool leaves = true) {
    wire::Feedback feedback;
    reporter.fill(port, receiver, feedback, now);
    if (leaves) {
      reporter.told(receiver, feedback, now);
      ++told;
    }
  }

  CountingPort port;
  receiver::Receiver receiver;
  receiver::QueueReporter reporter;
  std::uint64_t told = 0;
};

TokenBucket session_pace() {
  return TokenBucket{receiver::QueueReporter::kPerSecond, receiver::QueueReporter::kBurst};
}

}  // namespace

TEST_CASE("the system is asked for a queue only where its sender heeds that", "[receiver]") {
  CountingPort port;
  receiver::Receiver::Settings settings;
  settings.params.payload_bytes = 1000;
  const receiver::Receiver receiver{settings};
  receiver::QueueReporter reporter;
  wire::Feedback feedback;
  reporter.fill(port, receiver, feedback, MonoTime{1s});
  CHECK(port.asked == 0);
  CHECK(feedback.queue_limit == 0);

  TokenBucket pace{1000, 1};
  reporter.begin({1000, 1}, pace);
  reporter.fill(port, receiver, feedback, MonoTime{1s});
  CHECK(port.asked == 1);
  CHECK(feedback.queue_bytes == 1000);
  CHECK(feedback.queue_limit == 4000);
  CHECK(feedback.queue_drops == 2);
}

TEST_CASE("where the system tells nothing of its queue nobody is told of it", "[receiver]") {
  test::FakePort port;
  receiver::Receiver::Settings settings;
  settings.params.payload_bytes = 1000;
  const receiver::Receiver receiver{settings};
  receiver::QueueReporter reporter;
  TokenBucket pace{1000, 1};
  reporter.begin({1000, 1}, pace);
  REQUIRE(reporter.on());
  wire::Feedback feedback;
  reporter.fill(port, receiver, feedback, MonoTime{1s});
  CHECK(feedback.queue_limit == 0);
  // Else it would be due at once, and again, for each datagram that comes.
  CHECK_FALSE(reporter.on());
  CHECK_FALSE(reporter.due(port, receiver, MonoTime{2s}));
  CHECK(reporter.next(receiver) == kNever);
}

TEST_CASE("what did not leave was not told, and is due again", "[receiver]") {
  const auto data = data_of_a_stream(3);
  TokenBucket pace{1'000'000, 1000};
  Stream s{1, pace};
  MonoTime now{2s};
  s.read(data[0], now);
  CHECK(s.due(now));
  s.tell(now, false);
  CHECK_FALSE(s.due(now));  // nor at once: the answer would be the same
  CHECK(s.reporter.next(s.receiver) == now + 100us);
  now += 100us;
  CHECK(s.due(now));
  s.tell(now);
  now += 100us;
  CHECK_FALSE(s.due(now));
  CHECK(s.reporter.next(s.receiver) == kNever);
  s.read(data[1], now);
  CHECK(s.due(now));
}

TEST_CASE("a stream says what the others of its session leave unsaid", "[receiver]") {
  const auto data = data_of_a_stream(2000);
  auto pace = session_pace();
  Stream alone{128, pace};
  MonoTime now{2s};
  for (const auto& datagram : data) {  // 200 ms
    alone.read(datagram, now);
    if (alone.due(now)) {
      alone.tell(now);
    }
    now += 100us;
  }
  CHECK(alone.told >= 1900);  // not once in 12.8 ms
}

TEST_CASE("streams that all have much to say get their share, and no more than the session's",
          "[receiver]") {
  const auto data = data_of_a_stream(2000);
  auto pace = session_pace();
  std::deque<Stream> streams;
  for (int i = 0; i < 16; ++i) {
    streams.emplace_back(16U, pace);
  }
  MonoTime now{2s};
  for (const auto& datagram : data) {  // 200 ms
    for (Stream& s : streams) {
      s.read(datagram, now);
      if (s.due(now)) {
        s.tell(now);
      }
    }
    now += 100us;
  }
  std::uint64_t all = 0;
  for (const Stream& s : streams) {
    CHECK(s.told >= 120);  // once in 1.6 ms
    all += s.told;
  }
  CHECK(all <= 2400 + 2 * 16);
}

TEST_CASE("drops are told at once, as long as the session may say something", "[receiver]") {
  const auto data = data_of_a_stream(5);
  TokenBucket pace{1, 1};
  Stream s{128, pace};
  s.port.drops = 0;
  MonoTime now{2s};
  s.read(data[0], now);
  CHECK(s.due(now));
  s.tell(now);
  now += 60us;
  s.read(data[1], now);
  CHECK_FALSE(s.due(now));
  s.read(data[2], now, 3);  // more than the port has told of
  CHECK_FALSE(s.due(now));  // its own turn has used up what there was
  now += 2s;
  s.read(data[3], now, 3);
  CHECK(s.due(now));
  s.port.drops = 3;
  s.tell(now);
  now += 60us;
  s.port.drops = 4;
  s.read(data[4], now, 4);
  CHECK_FALSE(s.due(now));
  now += 20ms;  // of 128 streams each has a turn in 12.8 ms
  CHECK(s.due(now));
}

TEST_CASE("more of a socket is offered only while data comes and leaves it empty", "[receiver]") {
  auto pace = session_pace();
  Stream stream{1, pace};
  stream.port.limit = 32U << 20U;
  stream.reporter.begin({100, 1, true}, pace);
  const auto offered = [&stream](MonoTime now) {
    wire::Feedback feedback;
    stream.reporter.fill(stream.port, stream.receiver, feedback, now);
    return feedback.queue_limit;
  };
  constexpr std::uint32_t kFirst = 2 * receiver::QueueReporter::kLeastOffered;
  MonoTime now{1s};
  for (int i = 0; i < 20; ++i, now += 10ms) {
    CHECK(offered(now) == kFirst);  // on a long way nothing has come yet
  }
  const auto data = data_of_a_stream(2);
  stream.read(data[0], now);
  CHECK(offered(now) == 2 * kFirst);
  CHECK(offered(now += 10ms) == 2 * kFirst);
  stream.read(data[1], now);
  CHECK(offered(now += 10ms) == 4 * kFirst);
}
