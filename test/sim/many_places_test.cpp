// What it costs a server to decide about one session more, and about one that ends, where there are
// very many: counted in sessions that it looks at, on simulated time.

#include <algorithm>
#include <memory>
#include <vector>

#include "session/client_handshake.hpp"
#include "sim/sim_world.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using udperf::test::SimNetwork;

namespace {

using namespace udperf;

/// Runs nothing: sessions are there, and that is all.
class StillExecutor final : public engine::Executor {
 public:
  void add(engine::Task& task) override { tasks_.push_back(&task); }
  void wake() override {}
  /// Runs it once, and lets go of it where it is over.
  void step_latest(MonoTime now) {
    tasks_.back()->step(now, buffers_);
    if (tasks_.back()->over()) {
      tasks_.back()->release();
      tasks_.pop_back();
    }
  }

 private:
  std::vector<engine::Task*> tasks_;
  net::ReceiveBuffers buffers_;
};

TestParams params_of(bool light) {
  TestParams params;
  params.payload_bytes = 100;
  params.amount.duration = 60s;
  params.rate_up = SendRate{SendRate::Kind::bits, light ? 8'000U : 8'000'000U};
  return params;
}

engine::ServerOptions roomy() {
  engine::ServerOptions options;
  options.max_memory = ByteCount::bytes(std::uint64_t{4} << 30U);
  return options;
}

class Scene {
 public:
  test::FakeClock clock;
  StillExecutor executor;
  test::RecordingObserver observer;
  std::uint64_t session = 0;

  explicit Scene(std::uint64_t seed) : network_(clock, seed), random_(seed) {
    network_.icmp = false;
    listener_ = network_.listen();
    server.emplace(options_, engine::ServiceSite{executor, memory_, alone_, listener_.get()}, clock,
                   random_, observer);
    network_.on_send = [this](const Endpoint& from, const Endpoint&,
                              std::span<const std::byte> bytes) {
      if (from == network_.server) {
        answers_.emplace_back(bytes.begin(), bytes.end());
      }
    };
  }

  /// Asks from there; whether it was granted.
  bool ask(const Endpoint& from, bool light) {
    clock.advance(1ms);
    session::ClientHandshake::Settings settings;
    settings.params = params_of(light);
    session::ClientHandshake client{settings, random_, clock.now()};
    for (int i = 0; i < 2 && !client.failed(); ++i) {  // HELLO, REQUEST
      const auto said = client.poll_transmit();
      REQUIRE(said);
      listener_->arrive(net::Datagram{*said, from, network_.server});
      server->step(clock.now());
      for (const auto& answer : std::exchange(answers_, {})) {
        client.on_datagram(answer, clock.now());
      }
    }
    network_.deliver(clock.now());
    session = client.done() ? client.session() : session;
    return client.done();
  }
  /// What the client of the latest session says of it.
  void say_bye(const Endpoint& from) {
    network_.send(from, network_.server,
                  wire::encode(wire::MessageType::bye, session, 0, wire::Bye{}));
    network_.deliver(clock.now());
    executor.step_latest(clock.now());
    server->step(clock.now());
  }
  /// Sessions looked at while that is done.
  template <typename What>
  std::uint64_t steps_of(const What& what) {
    const auto before = server->steps();
    what();
    return server->steps() - before;
  }

 private:
  SimNetwork network_;
  test::SeededRandom random_;
  engine::ServerOptions options_ = roomy();
  engine::SessionMemory memory_{options_.max_memory.count()};
  test::FakeNeighbours alone_;
  std::unique_ptr<test::SimListenPort> listener_;
  std::vector<std::vector<std::byte>> answers_;

 public:
  std::optional<engine::ServerSessions> server;
};

Endpoint client_at(int number) {
  constexpr int kOfAddress = 60;  // fewer than one may have
  Endpoint out;
  out.address.bytes = {10, 9, static_cast<std::uint8_t>(number / kOfAddress / 250),
                       static_cast<std::uint8_t>(number / kOfAddress % 250)};
  out.port = static_cast<std::uint16_t>(20000 + number % kOfAddress);
  return out;
}

constexpr int kLight = 4000;

/// How many steps the dearest of so many light sessions cost.
std::uint64_t let_in_light_ones(Scene& scene) {
  std::uint64_t dearest = 0;
  for (int i = 0; i < kLight; ++i) {
    bool granted = false;
    dearest = std::max(dearest, scene.steps_of([&] { granted = scene.ask(client_at(i), true); }));
    REQUIRE(granted);
  }
  return dearest;
}

}  // namespace

TEST_CASE("one session more costs the same beside four thousand as beside none", "[sim]") {
  Scene scene{1};
  CHECK(let_in_light_ones(scene) <= 2);
  REQUIRE(scene.server->count() == kLight);
  for (int i = 0; i < 100; ++i) {
    const Endpoint from = client_at(kLight + i);
    REQUIRE(scene.ask(from, true));
    const auto steps = scene.steps_of([&] { scene.say_bye(from); });
    CHECK(steps <= 6);
    REQUIRE(scene.server->count() == kLight);
  }
}

TEST_CASE("a client that is started again costs the same beside four thousand", "[sim]") {
  Scene scene{1};
  let_in_light_ones(scene);
  const auto steps = scene.steps_of([&] { CHECK(scene.ask(client_at(7), true)); });
  CHECK(steps <= 8);
}

TEST_CASE("to tell a client that it has too many costs no session a step", "[sim]") {
  Scene scene{1};
  let_in_light_ones(scene);
  Endpoint from = client_at(0);
  for (std::uint16_t port = 1; port <= 4; ++port) {
    from.port = port;
    CHECK(scene.ask(from, true));
  }
  const auto steps = scene.steps_of([&] {
    for (std::uint16_t port = 100; port < 200; ++port) {
      from.port = port;
      CHECK_FALSE(scene.ask(from, true));
    }
  });
  CHECK(steps == 0);
}

TEST_CASE("sessions at full rate cost the light ones a step each time their number changes",
          "[sim]") {
  Scene scene{1};
  let_in_light_ones(scene);
  // Each session is told of each number of full ones, once: the light ones, too.
  const auto first = scene.steps_of([&] { CHECK(scene.ask(client_at(60 * 200), false)); });
  CHECK(first <= kLight + 2);
  scene.say_bye(client_at(60 * 200));
  const auto again = scene.steps_of([&] { CHECK(scene.ask(client_at(60 * 200), false)); });
  CHECK(again <= 4);
  for (int i = 1; i < 64; ++i) {
    CHECK(scene.ask(client_at(60 * (200 + i)), false));
  }
  const auto refused = scene.steps_of([&] {
    for (int i = 0; i < 100; ++i) {
      CHECK_FALSE(scene.ask(client_at(60 * (300 + i)), false));
    }
  });
  CHECK(refused <= 2 * 64);  // when one will end is looked up ten times a second
}
