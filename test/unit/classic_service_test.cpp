#include <string>
#include <string_view>
#include <vector>

#include "classic/send_task.hpp"
#include "classic/service.hpp"
#include "net/receive_buffers.hpp"
#include "os/event.hpp"
#include "support/catch.hpp"
#include "support/fake_neighbours.hpp"
#include "support/quiet_observer.hpp"
#include "support/sender_scene.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::test;
using classic::ClassicService;
using classic::SendTask;

namespace {

/// A port that keeps what is sent.
class FakeListenPort final : public net::ListenPort {
 public:
  std::span<const net::Datagram> receive() override { return {}; }
  void send(const net::Datagram& datagram) override {
    answers.emplace_back(reinterpret_cast<const char*>(datagram.bytes.data()),
                         datagram.bytes.size());
  }
  [[nodiscard]] Endpoint local() const override { return {}; }
  [[nodiscard]] int fd() const override { return -1; }
  Result<std::unique_ptr<net::DatagramPort>> open_session(const net::PortOptions&,
                                                          std::vector<net::Datagram>&) override {
    return tl::unexpected{Error{ErrorCode::internal, "none", 0, {}}};
  }

  std::vector<std::string> answers;
};

class Recorder final : public test::QuietObserver {
 public:
  void on_fallback_closed(const engine::FallbackOutcome& outcome) override {
    CHECK(outcome.protocol == std::string{"classic"});
    texts.push_back(outcome.text());
    lines.push_back(outcome.json());
  }
  std::vector<std::string> texts;
  std::vector<std::string> lines;
};

struct ServiceScene {
  explicit ServiceScene(engine::ServerOptions given = {}) : options(std::move(given)) {}

  bool say(std::string_view text, bool native = false, std::uint16_t client = 7777) {
    const auto bytes = std::as_bytes(std::span{text});
    const Endpoint from{IpAddress::loopback(IpFamily::v4), client};
    const Endpoint to{IpAddress::loopback(IpFamily::v4), 5555};
    return service.on_datagram(net::Datagram{{bytes.begin(), bytes.end()}, from, to}, native,
                               clock.now());
  }
  [[nodiscard]] std::uint64_t counted(std::string_view name) const {
    std::vector<engine::NamedCount> counts;
    service.add_counts(counts);
    for (const engine::NamedCount& count : counts) {
      if (count.name == name) {
        return count.count;
      }
    }
    FAIL("nothing is counted as " << name);
    return 0;
  }
  [[nodiscard]] std::uint32_t occupied() const {
    return service.occupancy(IpAddress::loopback(IpFamily::v4), clock.now()).sessions;
  }

  engine::ServerOptions options;
  FakeClock clock;
  FakeListenPort port;
  Recorder recorder;
  FakeNeighbours neighbours;
  ClassicService service{{options, clock, port, recorder, neighbours}};
};

engine::ServerOptions with(bool engine::ServerOptions::*flag) {
  engine::ServerOptions options;
  options.*flag = true;
  return options;
}

}  // namespace

TEST_CASE("a run is answered on the port, told of and counted", "[classic]") {
  ServiceScene s;
  CHECK(s.say("START"));
  s.clock.advance(1s);
  CHECK(s.say(std::string(1000, 'a')));
  CHECK(s.port.answers.empty());
  CHECK(s.say("STOP"));
  CHECK(s.port.answers == std::vector<std::string>{"Throughput: 1.000 Kilobytes per second"});
  s.service.step(s.clock.now());
  REQUIRE(s.recorder.lines.size() == 1);
  CHECK(s.recorder.lines[0].find("\"payload_bytes\":1000") != std::string::npos);
  CHECK(s.recorder.texts[0].find("1000 bytes") != std::string::npos);
  CHECK(s.counted("classic_runs") == 1);
  CHECK(s.counted("classic_answers") == 1);
  CHECK(s.service.count() == 0);
  CHECK_FALSE(s.service.has_served());
  s.clock.advance(3s);
  s.service.step(s.clock.now());
  CHECK(s.service.has_served());
  CHECK(s.service.finished() == 1);
}

TEST_CASE("what begins like a native message is left to its protocol, but in a run", "[classic]") {
  ServiceScene s;
  CHECK_FALSE(s.say("native", true));
  CHECK(s.say("START"));
  CHECK(s.say("native", true));
  CHECK_FALSE(s.say("native", true, 7778));
}

TEST_CASE("what comes from an address that is not served is counted and told", "[classic]") {
  engine::ServerOptions options;
  options.deny = {*parse_ip_prefix("127.0.0.0/8")};
  ServiceScene s{options};
  CHECK(s.say("START"));
  CHECK(s.say("STOP"));
  CHECK(s.port.answers.empty());
  CHECK(s.counted("classic_denied") == 2);
  CHECK(s.counted("classic_runs") == 0);
}

TEST_CASE("a run takes a place only where nothing may run beside it", "[classic]") {
  ServiceScene s{GENERATE(engine::ServerOptions{}, with(&engine::ServerOptions::exclusive),
                          with(&engine::ServerOptions::one_off))};
  CHECK(s.occupied() == 0);
  CHECK(s.say("START"));
  CHECK(s.occupied() == (s.options.exclusive || s.options.one_off ? 1 : 0));
  CHECK(s.say("START", false, 7778));  // heard, but refused there
  CHECK(s.counted("classic_refused") == (s.options.exclusive || s.options.one_off ? 1 : 0));
}

TEST_CASE("beside other sessions no run begins where none may", "[classic]") {
  ServiceScene s{GENERATE(engine::ServerOptions{}, with(&engine::ServerOptions::exclusive),
                          with(&engine::ServerOptions::one_off))};
  s.neighbours.occupancy.sessions = 1;
  const std::uint64_t refused = s.options.exclusive || s.options.one_off ? 1 : 0;
  CHECK(s.say("START"));
  CHECK(s.counted("classic_refused") == refused);
  s.neighbours.occupancy.sessions = 0;
  CHECK(s.say("START"));
  CHECK(s.counted("classic_refused") == refused);
}

TEST_CASE("a server for one session begins no run before that one is told of", "[classic]") {
  ServiceScene s{with(&engine::ServerOptions::one_off)};
  s.neighbours.sessions = 1;
  CHECK(s.say("START"));
  CHECK(s.counted("classic_refused") == 1);
}

TEST_CASE("classic clients come to udperf's own port", "[classic]") {
  ServiceScene s;
  CHECK(s.service.as_fallback_protocol() == &s.service);
}

TEST_CASE("classic data end when nobody listens, or the system takes nothing", "[classic]") {
  SenderScene s;
  s.settings.params.amount.packets = 10;
  s.settings.params.rate_up = packets_per_second(1);
  s.open_alphabet();
  const os::Event done;
  SendTask task{*s.sender, s.port, engine::Urgency::deadline, 5s, done};
  net::ReceiveBuffers buffers;
  const auto pass = [&](Duration time) {
    const MonoTime until = s.clock.now() + time;
    while (s.clock.now() < until && !task.over()) {
      task.step(s.clock.now(), buffers);
      s.clock.advance(100ms);
    }
  };
  pass(3s);
  SECTION("neither") {
    pass(60s);
    CHECK(task.trouble() == SendTask::Trouble::none);
    CHECK(s.report().end == TxEnd::complete);
    CHECK(s.report().packets == 10);
  }
  SECTION("nobody listens") {
    s.port.refused = true;
    pass(100ms);
    CHECK(task.trouble() == SendTask::Trouble::refused);
    CHECK(s.report().end == TxEnd::failed);
  }
  SECTION("nothing is taken") {
    const std::size_t before = s.port.sent().size();
    s.port.says = [](std::uint32_t) {
      return outcome(net::SendOutcome::Status::blocked, 0, EAGAIN);
    };
    pass(5s);
    CHECK_FALSE(task.over());  // for a second nothing was due
    pass(2s);
    CHECK(task.trouble() == SendTask::Trouble::stuck);
    CHECK(s.report().packets == before);
  }
  CHECK(task.over());
  CHECK(done.take());
}
