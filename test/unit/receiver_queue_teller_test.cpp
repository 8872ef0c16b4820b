#include "receiver/queue_teller.hpp"
#include "receiver/receiver.hpp"
#include "support/catch.hpp"
#include "support/fake_port.hpp"

using namespace std::chrono_literals;
using namespace udperf;

namespace {

/// A port that counts how often the system would have been asked for its queue.
class CountingPort final : public test::FakePort {
 public:
  std::optional<net::ReceiveQueue> receive_queue() override {
    ++asked;
    return net::ReceiveQueue{1000, 4000, 2};
  }
  int asked = 0;
};

}  // namespace

TEST_CASE("the system is asked for a queue only where its sender heeds that", "[receiver]") {
  CountingPort port;
  receiver::Receiver::Settings settings;
  settings.params.payload_bytes = 1000;
  const receiver::Receiver receiver{settings};
  receiver::QueueTeller teller;
  wire::Feedback feedback;
  teller.fill(port, receiver, feedback, MonoTime{1s});
  CHECK(port.asked == 0);
  CHECK(feedback.queue_limit == 0);

  teller.begin(1000, 1);
  teller.fill(port, receiver, feedback, MonoTime{1s});
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
  receiver::QueueTeller teller;
  teller.begin(1000, 1);
  REQUIRE(teller.on());
  wire::Feedback feedback;
  teller.fill(port, receiver, feedback, MonoTime{1s});
  CHECK(feedback.queue_limit == 0);
  // Else it would be due at once, and again, for each datagram that comes.
  CHECK_FALSE(teller.on());
  CHECK_FALSE(teller.due(port, receiver, MonoTime{2s}));
  CHECK(teller.next(receiver) == kNever);
}
