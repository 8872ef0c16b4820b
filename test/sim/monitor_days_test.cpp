// Simulated days of a monitor: every round is accounted for and on time, what was not measured is
// never loss, and memory does not grow.

#include <malloc.h>
#include <queue>

#include "monitor/board.hpp"
#include "monitor/schedule.hpp"
#include "sim/sim_monitor.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;

namespace {

using namespace udperf;
using monitor::RoundResult;
using monitor::RoundStatus;

// A sanitizer sees in a hundred what there is to see.
constexpr std::uint64_t kTargets = UDPERF_TEST_TIME_FACTOR == 1 ? 1000 : 100;
constexpr Duration kEvery = 60s;
constexpr Duration kRoundLength = 59s;
constexpr std::uint64_t kPackets = 100;

std::size_t allocated() {
  return ::mallinfo2().uordblks;
}

/// What the world did to a round that was asked for.
struct Truth {
  bool down = false;
  std::uint8_t hops = 5;
  Duration rtt = 10ms;
  std::uint64_t lost = 0;
};

/// The pure parts of a monitor as the program drives them, a host and a network: all by the clock
/// of the test.
class Fleet {
 public:
  Fleet() {
    std::vector<monitor::Board::Wanted> wanted;
    for (std::uint64_t i = 0; i < kTargets; ++i) {
      wanted.push_back({{0, "t" + std::to_string(i), {"192.0.2.1", {}}, "light", {}}, kEvery, {}});
    }
    for (const std::uint64_t id : board.set_targets(wanted).added) {
      schedule.add(id, {kEvery, {}, false}, now_, unix_now());
    }
    watch_clocks();
  }

  void run(Duration time) {
    const MonoTime end = now_ + time;
    while (true) {
      const MonoTime landing = flights_.empty() ? kNever : flights_.top().at;
      const MonoTime next = std::min({schedule.next(), landing, looked_ + 1s});
      if (next > end) {
        now_ = end;
        return;
      }
      // A host wakes a little late.
      now_ = std::max(now_, next + Duration{random_.between(0, 200'000)});
      watch_clocks();
      land();
      for (const monitor::DueRound& due : schedule.take_due(now_)) {
        begin(due);
      }
    }
  }

  /// As `monitor` does on a suspended laptop: only the boot clock and the wall clock go on.
  void sleep(Duration time) {
    asleep_ += time;
    wall_ += time;
    woke_ = now_;
  }
  void set_wall_clock(Duration by) { wall_ += by; }
  /// This process does not run, and others go on.
  void stand_still(Duration time) { now_ += time; }

  monitor::Board board;
  monitor::RoundSchedule schedule;
  std::function<Truth(std::uint64_t target, std::uint64_t number)> world;
  std::map<std::uint64_t, std::uint64_t> asked;  ///< number of the last round of each
  std::uint64_t lost_ways = 0;                   ///< by the world, in rounds that were measured
  std::uint64_t begun = 0;
  Duration lateness{0};  ///< of all that began
  std::vector<Duration> steps;
  std::vector<Duration> sleeps;
  std::uint64_t off_grid = 0;
  std::map<monitor::EventKind, std::uint64_t> events;

 private:
  struct Flight {
    MonoTime at;
    MonoTime began;
    monitor::DueRound due;
    bool operator<(const Flight& other) const { return at > other.at; }
  };

  [[nodiscard]] UnixTime unix_now() const {
    return UnixTime{now_.time_since_epoch()} + 20'000 * 24h + wall_;
  }

  void watch_clocks() {
    looked_ = now_;
    const Duration slept = sleep_.slept(asleep_);
    if (slept > Duration{0}) {
      sleeps.push_back(slept);
      for (const auto& gap : schedule.slept(slept, now_, unix_now())) {
        tell_gap(gap.target, gap.number, gap.missed, slept);
      }
    }
    if (const auto step = step_.step({now_, unix_now()}, asleep_)) {
      steps.push_back(*step);
    }
  }

  void tell_gap(std::uint64_t target, std::uint64_t number, std::uint64_t rounds, Duration length) {
    RoundResult gap;
    gap.target = target;
    gap.number = asked[target] = number;
    gap.rounds = rounds;
    gap.length = length;
    count(board.on_round(gap));
  }

  void begin(const monitor::DueRound& due) {
    if (due.missed > 0) {
      tell_gap(due.target, due.number - 1, due.missed, kEvery);
    } else {
      lateness += now_ - due.due;  // of the others the process stood still
      ++begun;
    }
    if (due.number != asked[due.target] + 1) {
      ++off_grid;
    }
    asked[due.target] = due.number;
    flights_.push({now_ + kRoundLength, now_, due});
  }

  void land() {
    while (!flights_.empty() && flights_.top().at <= now_) {
      const Flight flight = flights_.top();
      flights_.pop();
      RoundResult round = round_of(flight);
      count(board.on_round(round));
      schedule.finished(round.target, board.find(round.target)->watch.failures(), now_);
    }
  }

  RoundResult round_of(const Flight& flight) {
    RoundResult round;
    round.target = flight.due.target;
    round.number = flight.due.number;
    round.start = unix_now() - kRoundLength;
    round.length = kRoundLength;
    if (woke_ != MonoTime{} && flight.began <= woke_) {
      return round;  // this host slept in the middle of it
    }
    const Truth truth = world(flight.due.target, flight.due.number);
    if (truth.down) {
      round.status = RoundStatus::unreachable;
      return round;
    }
    round.status = RoundStatus::complete;
    for (auto* const way : {&round.up, &round.down}) {
      way->emplace();
      (*way)->sent = kPackets;
      (*way)->lost = truth.lost;
      (*way)->unique = kPackets - truth.lost;
      (*way)->hops = truth.hops;
      (*way)->delay_variation.add(50us, kPackets - truth.lost);
      lost_ways += truth.lost;
    }
    round.rtt.emplace();
    round.rtt->sent = 10;
    round.rtt->times.add(truth.rtt, 10);
    return round;
  }

  void count(const std::vector<monitor::Event>& told) {
    for (const monitor::Event& event : told) {
      ++events[event.kind];
    }
  }

  MonoTime now_{1000s};
  MonoTime looked_{};
  MonoTime woke_{};
  Duration wall_{0};
  Duration asleep_{0};
  test::SeededRandom random_{7};
  monitor::SleepWatch sleep_;
  monitor::StepWatch step_;
  std::priority_queue<Flight> flights_;
};

/// Of one target the sums over a day.
class Summary final : public rounds::Listener {
 public:
  void on_round(rounds::Round&& round) override {
    in_order = in_order && round.number == next;
    next = round.number + round.intervals;
    intervals[round.ending] += round.intervals;
    restarts += round.server_restarted ? 1U : 0U;
    untried += round.tried ? 0U : 1U;
    for (const auto* way : {&round.outcome.up, &round.outcome.down}) {
      if (round.ending != rounds::Ending::complete || !*way) {
        continue;
      }
      const StreamOutcome& stream = (*way)->streams.front();
      balanced = balanced && stream.tx && stream.rx &&
                 stream.tx->packets == stream.rx->unique + stream.rx->lost;
      lost += stream.rx ? stream.rx->lost : 0;
    }
    if (round.ending == rounds::Ending::complete) {
      lateness += round.lateness;
      late += round.lateness > 1ms ? 1U : 0U;
    }
  }
  void on_clock_step(Duration by) override { steps.push_back(by); }
  void on_asleep(Duration time) override { sleeps.push_back(time); }

  bool in_order = true;
  bool balanced = true;
  std::uint64_t next = 0;
  std::map<rounds::Ending, std::uint64_t> intervals;
  std::uint64_t restarts = 0;
  std::uint64_t untried = 0;
  std::uint64_t lost = 0;
  Duration lateness{0};
  std::uint64_t late = 0;  ///< rounds by more than 1 ms
  std::vector<Duration> steps;
  std::vector<Duration> sleeps;
};

/// Of one target: its books balance, and what was not measured is 8 h of sleep, 10 min of
/// standstill and the rounds in which these began.
void check_two_days(const monitor::Totals& totals) {
  REQUIRE(totals.up.sent == kPackets * totals.rounds_of(RoundStatus::complete));
  REQUIRE(totals.up.sent == totals.up.unique + totals.up.lost);
  const std::uint64_t gaps = totals.rounds_of(RoundStatus::not_measured);
  REQUIRE(gaps >= 480 + 9);
  REQUIRE(gaps <= 480 + 13);
}

}  // namespace

TEST_CASE("two days of a thousand targets are accounted for, on time and in flat memory", "[sim]") {
  constexpr std::uint64_t kDying = 50;  // of the targets, one after the other, for ten minutes each
  Fleet fleet;
  bool rerouted = false;
  std::uint64_t dead = 0;  // a target's id; 0: none
  fleet.world = [&](std::uint64_t target, std::uint64_t number) {
    Truth truth;
    truth.down = target == dead;
    truth.hops = rerouted && target % 4 == 0 ? 9 : 5;
    truth.rtt = rerouted && target % 4 == 0 ? 40ms : 10ms;
    truth.lost = number % 97 == 0 ? 3 : 0;
    return truth;
  };
  fleet.run(3h);
  const std::size_t before = allocated();
  for (std::uint64_t i = 1; i <= kDying; ++i) {
    dead = i * 17 % kTargets;
    fleet.run(10min);
    dead = 0;
    fleet.run(10min);
  }
  fleet.set_wall_clock(-2h);
  rerouted = true;
  fleet.run(6h);
  fleet.sleep(8h);
  fleet.run(10h);
  fleet.stand_still(10min);
  fleet.set_wall_clock(1h);
  fleet.run(12h + 20min);
  CHECK(allocated() <= before + (1U << 20U));

  CHECK(fleet.steps == std::vector<Duration>{-2h, 1h});
  CHECK(fleet.sleeps == std::vector<Duration>{8h});
  CHECK(fleet.lateness / static_cast<Duration::rep>(fleet.begun) < 1ms);
  CHECK(fleet.off_grid == 0);
  CHECK(fleet.events[monitor::EventKind::down] == kDying);
  CHECK(fleet.events[monitor::EventKind::route_length_changed] == 2 * kTargets / 4);
  // Each came back, and each was measured again after the sleep and after the standstill.
  CHECK(fleet.events[monitor::EventKind::not_measured] == 2 * kTargets);
  CHECK(fleet.events[monitor::EventKind::up] == kDying + 2 * kTargets);
  std::uint64_t lost = 0;
  for (const auto& [id, entry] : fleet.board.entries()) {
    REQUIRE(fleet.asked[id] - entry.totals.all_rounds() <= 1);  // what still runs
    REQUIRE(entry.watch.state() == monitor::TargetState::up);
    check_two_days(entry.totals);
    lost += entry.totals.up.lost + entry.totals.down.lost;
  }
  CHECK(lost == fleet.lost_ways);
}

TEST_CASE("a day of the rounds that ship, with all that a day may bring", "[sim]") {
  test::SimMonitor<Summary> monitor{21};
  auto& network = monitor.world.network;
  monitor.add();
  monitor.run(2h);
  network.up.drop_data = network.down.drop_data = 0.01;
  monitor.run(1h);
  network.up.drop_data = network.down.drop_data = 0;
  network.up.delay = network.down.delay = 40ms;  // another path
  monitor.run(3h);
  monitor.world.clock.unix_offset -= 2h;
  monitor.run(3h);
  monitor.world.server.reset();
  monitor.run(5min);
  monitor.world.server.emplace(network, engine::ServerOptions{}, 77);
  monitor.run(3h);
  monitor.sleep(2h);
  monitor.run(4h);
  monitor.stand_still(65s);
  monitor.run(6h);

  const Summary& day = monitor.kept;
  CHECK(day.in_order);
  CHECK(day.balanced);
  CHECK(day.next >= (22h + 6min) / 10s - 4);
  CHECK(day.steps == std::vector<Duration>{-2h});
  CHECK(day.sleeps == std::vector<Duration>{2h});
  CHECK(day.restarts == 1);
  CHECK(day.untried > 0);
  using rounds::Ending;
  const auto of = [&day](Ending ending) {
    const auto found = day.intervals.find(ending);
    return found != day.intervals.end() ? found->second : 0;
  };
  // The rest is the death, the sleep and the standstill.
  CHECK(of(Ending::complete) >= day.next - 60);
  CHECK(of(Ending::not_measured) >= day.untried + 6);
  CHECK(of(Ending::refused) + of(Ending::cut_short) <= 30);
  CHECK(of(Ending::complete) + of(Ending::not_measured) + of(Ending::refused) +
            of(Ending::cut_short) ==
        day.next);
  const auto& up = network.truth(true);
  const auto& down = network.truth(false);
  CHECK(day.lost == up.dropped + down.dropped);  // nothing else lost anything
  CHECK(day.late <= 2);                          // the first after the standstill
  CHECK(day.lateness / static_cast<Duration::rep>(of(Ending::complete)) < 1ms);
}
