#include <algorithm>
#include <deque>
#include <memory>
#include <vector>

#include "iperf3/client_control.hpp"
#include "iperf3/receiving_stream.hpp"
#include "iperf3/sending_stream.hpp"
#include "iperf3/server_control.hpp"
#include "sim/sim_clock.hpp"
#include "sim/sim_network.hpp"
#include "support/catch.hpp"
#include "support/seeded_random.hpp"

// Both ends' control machines over a simulated TCP, which cuts and delays and may die at any byte;
// and streams over the simulated network, which loses, copies and reorders.

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::iperf3;
using namespace udperf::test;

namespace {

/// One way of a simulated TCP connection: pieces of any size, in order, later.
struct Pipe {
  SeededRandom& random;
  std::deque<std::pair<MonoTime, std::byte>> bytes;
  MonoTime last{};

  void put(const std::vector<std::byte>& data, MonoTime now) {
    for (const std::byte byte : data) {
      last = std::max(last, now + std::chrono::microseconds{random.between(100, 20'000)});
      bytes.emplace_back(last, byte);
    }
  }
  std::vector<std::byte> take(MonoTime now) {
    std::vector<std::byte> out;
    while (!bytes.empty() && bytes.front().first <= now) {
      out.push_back(bytes.front().second);
      bytes.pop_front();
    }
    return out;
  }
};

/// Both machines, and owners that do what real ones do.
class Pair {
 public:
  explicit Pair(std::uint64_t seed) : random_(seed) {}

  /// Runs until both are over. From `dies_at` bytes of the server's on, nothing comes through any
  /// more; `told` says whether the other end learns it (a reset) or not (silence).
  void run(std::size_t dies_at, bool told) {
    for (int turn = 0; turn < 200'000 && !(client.over() && server.over()); ++turn) {
      now += 1ms;
      const bool dead = passed_ >= dies_at;
      pass(client.take_output(), up_, dead);
      pass(server.take_output(), down_, dead);
      if (!dead) {
        const auto to_server = up_.take(now);
        const auto to_client = down_.take(now);
        passed_ += to_client.size();
        if (!to_server.empty()) {
          server.on_bytes(to_server, now);
        }
        if (!to_client.empty()) {
          client.on_bytes(to_client, now);
        }
      } else if (told) {
        server.on_closed(now);
        client.on_closed();
      }
      act();
      server.on_time(now);
      client.on_time(now);
      if (client.over() && !dead) {
        server.on_bytes(up_.take(now + 1h), now);
        act();
        server.on_closed(now);
      }
      // The owner's watch over a peer that is silent while data should flow.
      if (dead && (server.running() || client.running())) {
        server.give_up("silent", now);
        client.end_test(now, 15s);
      }
    }
  }

  MonoTime now{1000s};
  ClientControl client{{Cookie{}, 5s}, now};
  ServerControl server{now};

 private:
  static Parameters parameters() {
    Parameters p;
    p.seconds = 1;
    p.streams = 3;
    return p;
  }

  void pass(const std::vector<std::byte>& data, Pipe& pipe, bool dead) const {
    if (!dead) {
      pipe.put(data, now);
    }
  }

  void act() {
    for (const auto event : client.take_events()) {
      if (event == ClientControl::Event::parameters_wanted) {
        client.send_parameters(parameters());
      } else if (event == ClientControl::Event::create_streams) {
        client.streams_made();
        server.streams_made(now);
      } else if (event == ClientControl::Event::started) {
        client.end_test(now, 15s);
      } else if (event == ClientControl::Event::results_wanted) {
        client.send_results(results(), now);
      }
    }
    for (const auto event : server.take_events()) {
      if (event == ServerControl::Event::asked) {
        server.admit(now);
      } else if (event == ServerControl::Event::client_results) {
        server.send_results(results(), now);
      }
    }
  }

  static Results results() {
    Results out;
    for (std::size_t i = 0; i < 3; ++i) {
      out.streams.emplace_back().id = stream_id(i);
    }
    return out;
  }

  SeededRandom random_;
  Pipe up_{random_, {}, {}};
  Pipe down_{random_, {}, {}};
  std::size_t passed_ = 0;
};

}  // namespace

TEST_CASE("Both ends of an iperf3 test agree, however TCP cuts what they say") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Pair pair{seed};
    pair.run(SIZE_MAX, false);
    INFO("seed " << seed);
    REQUIRE(pair.client.over());
    CHECK_FALSE(pair.client.error().has_value());
    CHECK(pair.client.server_results().has_value());
    CHECK(pair.server.status() == TestStatus::complete);
  }
}

TEST_CASE("A connection that dies at any byte ends both ends, at once or in time") {
  for (const bool told : {true, false}) {
    for (std::size_t at = 0; at < 6; ++at) {
      Pair pair{at + 1};
      const MonoTime begun = pair.now;
      pair.run(at, told);
      INFO("after " << at << " bytes, " << (told ? "reset" : "silence"));
      CHECK(pair.client.over());
      CHECK(pair.server.over());
      CHECK(pair.client.error().has_value());
      CHECK(pair.server.status() != TestStatus::complete);
      CHECK(pair.now - begun < 60s);
    }
  }
}

TEST_CASE("A stream over a network that loses, copies and reorders is counted to the datagram") {
  for (const Counters counters : {Counters::narrow, Counters::wide}) {
    constexpr std::uint64_t kPackets = 4000;
    FakeClock truth;
    const SimClock clock{truth, {}};
    SimNetwork network{truth, counters == Counters::narrow ? 3U : 4U};
    network.up.drop_control = 0.1;  // what is not udperf's own data
    network.up.duplicate_control = 0.05;
    network.up.jitter = 3ms;
    const Endpoint client = SimNetwork::endpoint(2, 7000);
    const auto near = network.connect(client, network.server);
    const auto far = network.connect(network.server, client);
    SendingStream::Settings settings;
    settings.length = 100;
    settings.counters = counters;
    settings.rate_bps = 4'000'000;
    settings.packets = kPackets;
    SendingStream sender{settings, *near, clock};
    ReceivingStream receiver{{100, counters}, *far, clock};
    net::ReceiveBuffers buffers;
    MonoTime next = clock.now();
    MonoTime settled = kNever;
    for (int i = 0; i < 1'000'000 && !receiver.over(); ++i) {
      truth.move_to(std::min({next, network.next_arrival(), settled}));
      network.deliver(truth.now());
      next = sender.over() ? kNever : sender.step(truth.now(), buffers).at;
      next = std::max(next, truth.now() + 1us);
      if (sender.over() && settled == kNever) {
        settled = truth.now() + 1s;
      }
      if (truth.now() >= settled) {
        receiver.stop();
      }
      receiver.step(truth.now(), buffers);
    }
    REQUIRE(receiver.over());
    const auto closed = receiver.close(sender.packets(), clock.anchor());
    CHECK(sender.report().packets == kPackets);
    CHECK(closed.report.sent == kPackets);
    CHECK(closed.report.unique + closed.report.lost == kPackets);
    CHECK(closed.report.datagrams == closed.report.unique + closed.report.duplicates);
    // Six standard deviations of 4000 tries.
    CHECK(closed.report.lost > 286);
    CHECK(closed.report.lost < 514);
    CHECK(closed.report.duplicates > 90);
    CHECK(closed.report.duplicates < 280);
    CHECK(closed.report.reordered > 0);
    CHECK(closed.result.errors == closed.report.lost);
  }
}

namespace {

/// A stream that is sent one datagram every 10 ms for two seconds, of which one is the omitted
/// time; nothing arrives from number `lost_from` on.
struct Omitting {
  explicit Omitting(std::uint64_t lost_from, bool omits = true) {
    StreamAccount::Settings settings{100, Counters::wide};
    settings.omits = omits;
    const Endpoint client = SimNetwork::endpoint(2, 7000);
    near = network.connect(client, network.server);
    far = network.connect(network.server, client);
    receiver.emplace(settings, *far, clock);
    if (omits) {
      receiver->omit_until(truth.now() + 1s);
    }
    net::ReceiveBuffers buffers;
    std::vector<std::byte> bytes(100);
    const MonoTime start = truth.now();
    MonoTime wake = start;
    for (std::uint64_t i = 1; i <= 200; ++i) {
      const MonoTime at = start + i * 10ms - 5ms;
      // It is stepped when it wants to be, and when something has come.
      while (wake < at) {
        truth.move_to(wake);
        wake = receiver->step(truth.now(), buffers).at;
      }
      truth.move_to(at);
      if (i < lost_from) {
        encode(bytes.data(), Counters::wide, i, to_ns(at));
        static_cast<void>(near->send_control(bytes));
        truth.move_to(at + 1ms);
        network.deliver(truth.now());
        wake = receiver->step(truth.now(), buffers).at;
      }
    }
    shown = receiver->totals();
    receiver->stop();
    static_cast<void>(receiver->step(truth.now(), buffers));
  }

  FakeClock truth;
  SimClock clock{truth, {}};
  SimNetwork network{truth, 5};
  std::unique_ptr<net::DatagramPort> near;
  std::unique_ptr<net::DatagramPort> far;
  std::optional<ReceivingStream> receiver;
  StreamAccount::Totals shown;
};

}  // namespace

TEST_CASE("The omitted time ends by the clock, whether anything arrives behind it or not") {
  for (const std::uint64_t lost_from : {201U, 151U, 101U, 50U, 1U}) {
    Omitting stream{lost_from};
    const std::uint64_t omitted = std::min<std::uint64_t>(lost_from - 1, 100);
    const std::uint64_t arrived = lost_from - 1 - omitted;
    INFO("lost from " << lost_from);
    CHECK(stream.shown.unique == arrived);
    CHECK(stream.shown.omitted.unique == omitted);
    CHECK(stream.shown.highest == lost_from - 1);
    const auto closed = stream.receiver->close(200, stream.clock.anchor());
    CHECK(closed.report.unique == arrived);
    CHECK(closed.report.sent == 200 - omitted);
    CHECK(closed.report.lost == 201 - lost_from);
    CHECK(closed.result.bytes == 100 * arrived);
    CHECK(closed.result.omitted_packets == omitted);
  }
}
