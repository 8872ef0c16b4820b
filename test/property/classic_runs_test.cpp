#include <algorithm>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "classic/run_table.hpp"
#include "classic/stop_exchange.hpp"
#include "classic/wire.hpp"
#include "support/catch.hpp"
#include "support/seeded_random.hpp"

// Classic clients and the server's side of them over a network that loses, copies and delays, with
// clients that die: a seed a pattern.

using namespace std::chrono_literals;
using namespace udperf;
using classic::RunTable;
using classic::StopExchange;

namespace {

struct Flight {
  MonoTime at;
  std::uint64_t number = 0;  ///< keeps the order of what arrives together
  bool to_server = true;
  std::uint16_t client = 0;
  std::string text;

  bool operator>(const Flight& other) const {
    return std::pair{at, number} > std::pair{other.at, other.number};
  }
};

struct Faults {
  std::uint32_t loss_percent = 0;
  std::uint32_t copy_percent = 0;
  Duration jitter{0};
};

/// One client: some data, perhaps START, STOP until an answer comes, unless it dies before.
struct Client {
  std::uint16_t port = 0;
  bool start = true;
  bool started = false;
  std::uint64_t datagrams = 0;
  std::uint64_t dies_after = UINT64_MAX;  ///< datagrams
  std::uint64_t sent = 0;
  MonoTime next;
  std::optional<StopExchange> exchange;
  bool dead = false;
  std::vector<std::string> answers;

  [[nodiscard]] bool done(MonoTime now) const { return dead || (exchange && exchange->over(now)); }
};

class World {
 public:
  World(std::uint64_t seed, const Faults& faults)
      : random_{seed}, faults_{faults}, table_{RunTable::Settings{}} {
    const auto count = 1 + below(3);
    for (std::uint64_t i = 0; i < count; ++i) {
      Client client;
      client.port = static_cast<std::uint16_t>(7777 + i);
      client.start = below(2) == 0;
      client.datagrams = below(60);
      client.dies_after = below(4) == 0 ? below(60) : UINT64_MAX;
      client.next = now_ + std::chrono::milliseconds{below(2000)};
      clients_.push_back(client);
    }
  }

  void run() {
    const MonoTime end = now_ + 60s;
    while (now_ < end) {
      for (Client& client : clients_) {
        step(client);
      }
      deliver();
      table_.expire(now_);
      const auto more = table_.take_finished();
      runs_.insert(runs_.end(), more.begin(), more.end());
      now_ += 1ms;
    }
  }

  /// What has to hold of every pattern.
  void check() const {
    CHECK(table_.active() == 0);
    CHECK(table_.remembered() == 0);
    CHECK(table_.settled() == runs_.size());
    std::uint64_t counted = 0;
    for (const classic::RunOutcome& run : runs_) {
      counted += run.datagrams;
      CHECK(run.payload_bytes == run.datagrams * kBytes);
      CHECK(run.span >= Duration{0});
    }
    CHECK(counted + table_.counters().stragglers == delivered_);
    for (const Client& client : clients_) {
      check(client);
    }
  }

 private:
  static constexpr std::size_t kBytes = 100;

  void check(const Client& client) const {
    const auto runs = std::count_if(runs_.begin(), runs_.end(), [&](const auto& run) {
      return run.client.port == client.port && run.status == TestStatus::complete;
    });
    CHECK(runs <= 1);  // copies and repetitions of STOP are no other run
    if (client.dead || client.answers.empty()) {
      return;
    }
    // A STOP that came again was answered alike, unless all was lost before the first.
    for (const std::string& answer : client.answers) {
      CHECK((answer == client.answers.front() ||
             client.answers.front() == "Throughput: 0.000 Kilobytes per second"));
    }
    const bool faultless = faults_.loss_percent == 0 && faults_.jitter == Duration{0};
    if (faultless && client.datagrams > 0) {
      const auto found = std::find_if(runs_.begin(), runs_.end(), [&](const auto& run) {
        return run.client.port == client.port;
      });
      REQUIRE(found != runs_.end());
      CHECK(found->datagrams >= client.datagrams);
      CHECK(classic::answer_text(*found) == client.answers.front());
      CHECK(found->start_seen == client.start);
    }
  }

  void step(Client& client) {
    while (!client.done(now_) && client.next <= now_) {
      client.next += 1ms;
      if (client.start && !std::exchange(client.started, true)) {
        send(client.port, "START");
      }
      if (client.sent >= client.dies_after) {
        client.dead = true;
      } else if (client.sent < client.datagrams) {
        send(client.port, std::string(kBytes, 'x'));
        ++client.sent;
      } else {
        client.exchange = client.exchange ? client.exchange : StopExchange{now_, 20s};
        if (client.exchange->take_stop(now_)) {
          send(client.port, "STOP");
        }
      }
    }
  }

  void send(std::uint16_t client, const std::string& text, bool to_server = true) {
    const int copies = below(100) < faults_.copy_percent ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
      if (below(100) >= faults_.loss_percent) {
        const auto spread = static_cast<std::uint64_t>(faults_.jitter / 1us) + 1;
        flights_.push(Flight{now_ + 1ms + std::chrono::microseconds{below(spread)}, number_++,
                             to_server, client, text});
      }
    }
  }

  void deliver() {
    while (!flights_.empty() && flights_.top().at <= now_) {
      const Flight flight = flights_.top();
      flights_.pop();
      if (!flight.to_server) {
        Client& client = clients_[flight.client - 7777U];
        client.answers.push_back(flight.text);
        if (client.exchange) {
          client.exchange->on_datagram(std::as_bytes(std::span{flight.text}));
        }
        continue;
      }
      delivered_ += flight.text.size() == kBytes ? 1U : 0U;
      RunTable::Arrival arrival;
      arrival.bytes = std::as_bytes(std::span{flight.text});
      arrival.length = flight.text.size();
      arrival.from = {IpAddress::loopback(IpFamily::v4), flight.client};
      arrival.to = {IpAddress::loopback(IpFamily::v4), 5555};
      if (auto answer = table_.on_datagram(arrival, now_, UnixTime{now_.time_since_epoch()})) {
        send(flight.client, *answer, false);
      }
    }
  }

  std::uint64_t below(std::uint64_t limit) { return random_.next_u64() % limit; }

  test::SeededRandom random_;
  Faults faults_;
  MonoTime now_{1h};
  RunTable table_;
  std::vector<Client> clients_;
  std::priority_queue<Flight, std::vector<Flight>, std::greater<>> flights_;
  std::uint64_t number_ = 0;
  std::uint64_t delivered_ = 0;
  std::vector<classic::RunOutcome> runs_;
};

void run_many(std::uint64_t seeds, const Faults& faults) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    INFO("seed " << seed);
    World world{seed, faults};
    world.run();
    world.check();
  }
}

}  // namespace

TEST_CASE("classic runs on a perfect path are counted exactly", "[classic]") {
  run_many(300, {});
}

TEST_CASE("classic runs survive losses", "[classic]") {
  run_many(1000, {20, 0, 0ms});
  run_many(300, {70, 0, 0ms});
}

TEST_CASE("classic runs survive losses, copies and disorder together", "[classic]") {
  run_many(1000, {10, 20, 10ms});
  run_many(500, {40, 40, 8ms});
}
