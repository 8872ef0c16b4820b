// A path that is out for some seconds while the server lives on: told, accounted for, and not
// mistaken for anything else.

#include <cerrno>

#include "monitor/target_watch.hpp"
#include "sim/sim_monitor.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;

namespace {

using namespace udperf;
using monitor::EventKind;
using Kinds = std::vector<EventKind>;

/// What a target's watch makes of the rounds that ship.
class Watching final : public rounds::Listener {
 public:
  void on_round(rounds::Round&& round) override {
    in_order = in_order && round.number == next;
    next = round.number + round.intervals;
    monitor::RoundResult result = monitor::make_round(round.outcome);
    result.number = round.number;
    result.tried = round.tried;
    result.not_asked = round.target_down;
    result.server_restarted = round.server_restarted;
    balanced = balanced && monitor::balanced(result);
    for (const auto& way : {result.up, result.down}) {
      lost += way ? way->lost : 0;
    }
    due = round.due;
    incomplete += result.status == monitor::RoundStatus::complete ? 0U : 1U;
    for (monitor::Event& event : watch.on_round(result)) {
      kinds.push_back(event.kind);
      details.push_back(std::move(event.detail));
    }
  }

  monitor::TargetWatch watch;
  bool in_order = true;
  bool balanced = true;
  std::uint64_t next = 0;
  std::uint64_t lost = 0;
  std::uint64_t incomplete = 0;
  MonoTime due{};  ///< of the last that was told
  Kinds kinds;
  std::vector<std::string> details;
};

using Monitor = test::SimMonitor<Watching>;

void cut_path(Monitor& monitor, bool cut) {
  for (auto* const way : {&monitor.world.network.up, &monitor.world.network.down}) {
    way->drop_data = way->drop_control = cut ? 1 : 0;
  }
}

/// Until so long after the beginning of a round.
void run_into_round(Monitor& monitor, Duration phase) {
  monitor.run(35s);
  REQUIRE(monitor.kept.next > 0);
  monitor.run(monitor.kept.due + 40s + phase - monitor.world.clock.now());
}

std::uint64_t dropped(const Monitor& monitor) {
  return monitor.world.network.truth(true).dropped + monitor.world.network.truth(false).dropped;
}

}  // namespace

TEST_CASE("a path that is out for eight seconds is told, whenever in a round it happens", "[sim]") {
  const Duration phase = GENERATE(0s, 1s, 3s, 5s, 6s, 7s, 9s);
  CAPTURE(phase.count());
  Monitor monitor{31};
  monitor.add();
  run_into_round(monitor, phase + 300ms);
  CHECK(monitor.kept.kinds.empty());
  cut_path(monitor, true);
  monitor.run(8s);
  cut_path(monitor, false);
  monitor.run(1min);

  const Watching& told = monitor.kept;
  CHECK(told.in_order);
  CHECK(told.next >= 11);
  CHECK(told.balanced);
  CHECK(told.incomplete >= 1);
  CHECK(told.lost <= dropped(monitor));
  REQUIRE(told.kinds == Kinds{EventKind::down, EventKind::up});
  CHECK(told.watch.state() == monitor::TargetState::up);
  CHECK(told.watch.server_restarts() == 0);
}

TEST_CASE("who answers after a silence tells whether the path or the server was away", "[sim]") {
  const bool anew = GENERATE(false, true);
  CAPTURE(anew);
  Monitor monitor{32};
  monitor.world.network.icmp = false;
  monitor.add();
  run_into_round(monitor, 1300ms);
  cut_path(monitor, true);
  monitor.run(8s);
  if (anew) {
    monitor.world.server.reset();
    monitor.world.server.emplace(monitor.world.network, engine::ServerOptions{}, 77);
  }
  cut_path(monitor, false);
  monitor.run(1min);

  const Watching& told = monitor.kept;
  REQUIRE(told.kinds.size() >= 2);
  CHECK(told.kinds[0] == EventKind::down);
  CHECK(told.kinds[1] == EventKind::up);
  CHECK(told.watch.server_restarts() == (anew ? 1 : 0));
  CHECK((told.details[1].find("is the same") != std::string::npos) == !anew);
  CHECK(told.lost == 0);  // what broke off has no books, and the rest lost nothing
}

TEST_CASE("seconds without a word that a round survives are loss, and no outage", "[sim]") {
  Monitor monitor{33};
  monitor.add();
  run_into_round(monitor, 1300ms);
  cut_path(monitor, true);
  monitor.run(3s);
  cut_path(monitor, false);
  monitor.run(1min);
  CHECK(monitor.kept.kinds.empty());
  CHECK(monitor.kept.lost == dropped(monitor));
  CHECK(monitor.kept.lost > 0);
}

TEST_CASE("a network of this host that goes away is a gap, neither loss nor an outage", "[sim]") {
  const int reason = GENERATE(ENETDOWN, ENETUNREACH, EADDRNOTAVAIL, EINVAL);
  const Duration phase = GENERATE(0s, 3s, 7s, 9s);
  const Duration time = GENERATE(2s, 12s);
  CAPTURE(reason, phase.count(), time.count());
  Monitor monitor{34};
  monitor.add();
  run_into_round(monitor, phase + 300ms);
  monitor.world.network.client_away = reason;
  monitor.run(time);
  monitor.world.network.client_away = 0;
  monitor.run(1min);

  const Watching& told = monitor.kept;
  CHECK(told.in_order);
  CHECK(told.balanced);
  CHECK(told.incomplete >= 1);
  CHECK(told.lost == 0);
  REQUIRE(told.kinds == Kinds{EventKind::not_measured, EventKind::up});
  CHECK(told.details[0].find("this host") != std::string::npos);
}

TEST_CASE("a filter of this host is no absence of its network: what it refuses is lost", "[sim]") {
  Monitor monitor{35};
  monitor.add();
  run_into_round(monitor, 1300ms);
  monitor.world.network.client_away = EPERM;
  monitor.run(2s);
  monitor.world.network.client_away = 0;
  monitor.run(1min);
  CHECK(monitor.kept.incomplete == 0);
  CHECK(monitor.kept.lost > 0);
}
