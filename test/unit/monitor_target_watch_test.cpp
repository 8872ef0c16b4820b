#include "monitor/board.hpp"
#include "monitor/target_watch.hpp"
#include "monitor/totals.hpp"
#include "support/catch.hpp"
#include "support/monitored_rounds.hpp"

namespace udperf::monitor {
namespace {

using namespace std::chrono_literals;

RoundWay way_of(std::uint64_t sent, std::uint64_t lost) {
  RoundWay way;
  way.sent = sent;
  way.lost = lost;
  way.unique = sent - lost;
  way.sent_bytes = sent * 200;
  way.unique_bytes = way.unique * 200;
  way.delay_variation.add(1ms, way.unique);
  return way;
}

RoundResult good(std::uint64_t lost_up = 0, std::uint64_t lost_down = 0) {
  RoundResult round;
  round.status = RoundStatus::complete;
  round.length = 10s;
  round.up = way_of(100, lost_up);
  round.down = way_of(100, lost_down);
  round.rtt.emplace().sent = 10;
  round.rtt->times.add(2ms, 9);
  return round;
}

RoundResult bad(RoundStatus status) {
  RoundResult round;
  round.status = status;
  round.error = Error{ErrorCode::unreachable, "nobody", 0, {}};
  return round;
}

std::vector<EventKind> kinds(const std::vector<Event>& events) {
  std::vector<EventKind> kinds;
  for (const Event& event : events) {
    kinds.push_back(event.kind);
  }
  return kinds;
}

using Kinds = std::vector<EventKind>;

TEST_CASE("a target is told down once, and up once") {
  TargetWatch watch;
  CHECK(kinds(watch.on_round(good())).empty());
  CHECK(watch.state() == TargetState::up);
  CHECK(kinds(watch.on_round(bad(RoundStatus::unreachable))) == Kinds{EventKind::down});
  CHECK(watch.on_round(bad(RoundStatus::unreachable)).empty());
  CHECK(watch.failures() == 2);
  CHECK(kinds(watch.on_round(good())) == Kinds{EventKind::up});
  CHECK(watch.failures() == 0);
}

TEST_CASE("changes follow each other although rounds overlap") {
  TargetWatch watch;
  static_cast<void>(watch.on_round(bad(RoundStatus::unreachable)));
  RoundResult answered = good();
  answered.start = UnixTime{100s};
  const auto back = watch.on_round(answered);  // told at its end
  RoundResult without = bad(RoundStatus::not_measured);
  without.start = UnixTime{109s};  // it began before that
  const auto gone = watch.on_round(without);
  REQUIRE(back.size() == 1);
  REQUIRE(gone.size() == 1);
  CHECK(gone[0].at >= back[0].at);
}

TEST_CASE("who is back before the round that found him away is over was away first") {
  TargetWatch watch;
  RoundResult silent = bad(RoundStatus::cut_short);  // of two seconds, and believed for five
  silent.start = UnixTime{100s};
  silent.length = 7s;
  silent.fell_silent = true;
  RoundResult next = good();
  next.start = UnixTime{102s};
  next.length = 2s;
  next.server_restarted = true;
  static_cast<void>(watch.on_round(good()));
  const auto gone = watch.on_round(silent);
  const auto back = watch.on_round(next);
  REQUIRE(kinds(gone) == Kinds{EventKind::down});
  REQUIRE(kinds(back) == Kinds{EventKind::up, EventKind::server_restarted});
  CHECK(gone[0].at == UnixTime{107s});
  CHECK(back[0].at == UnixTime{107s});
  CHECK(back[1].at == UnixTime{107s});
  RoundResult set_back = bad(RoundStatus::unreachable);  // the clock, by an hour
  set_back.start = UnixTime{-3600s};
  CHECK(watch.on_round(set_back).at(0).at == UnixTime{-3600s});
}

TEST_CASE("who is down from the start is told so") {
  TargetWatch watch;
  CHECK(kinds(watch.on_round(bad(RoundStatus::unreachable))) == Kinds{EventKind::down});
}

TEST_CASE(
    "what was not measured, by this host or since the server said no, is neither down nor up") {
  TargetWatch watch;
  static_cast<void>(watch.on_round(good()));
  const auto status =
      GENERATE(RoundStatus::not_measured, RoundStatus::failed, RoundStatus::refused);
  RoundResult slept = bad(status);
  slept.start = UnixTime{100s};
  slept.length = 1h;
  const auto told = watch.on_round(slept);
  CHECK(kinds(told) == Kinds{EventKind::not_measured});
  CHECK(told.at(0).at == UnixTime{100s});  // not of the hour's end: nothing was known in it
  CHECK(watch.state() == TargetState::not_measured);
}

TEST_CASE("a target that was not asked again stays as it was") {
  TargetWatch watch;
  static_cast<void>(watch.on_round(good()));
  CHECK(kinds(watch.on_round(bad(RoundStatus::unreachable))) == Kinds{EventKind::down});
  RoundResult untried = bad(RoundStatus::not_measured);
  untried.tried = false;
  CHECK(watch.on_round(untried).empty());
  CHECK(watch.state() == TargetState::down);
  CHECK(watch.failures() == 1);
  CHECK(watch.on_round(bad(RoundStatus::unreachable)).empty());
  CHECK(kinds(watch.on_round(good())) == Kinds{EventKind::up});
}

TEST_CASE("a round that was cut short before anything came back is down") {
  TargetWatch watch;
  RoundResult round = bad(RoundStatus::cut_short);
  round.up = way_of(100, 100);
  CHECK(kinds(watch.on_round(round)) == Kinds{EventKind::down});
  round.up = way_of(100, 99);
  CHECK(kinds(watch.on_round(round)) == Kinds{EventKind::up});
}

/// One that broke off by silence, after some probes had been answered.
RoundResult silent() {
  RoundResult round = bad(RoundStatus::cut_short);
  round.fell_silent = true;
  round.rtt.emplace().sent = 10;
  round.rtt->times.add(2ms, 4);
  return round;
}

TEST_CASE("a path that is out in the middle of a round is told apart from a server started anew") {
  TargetWatch watch;
  static_cast<void>(watch.on_round(good()));
  CHECK(kinds(watch.on_round(silent())) == Kinds{EventKind::down});
  auto back = watch.on_round(good());
  REQUIRE(kinds(back) == Kinds{EventKind::up});
  CHECK(back[0].detail.find("is the same") != std::string::npos);

  CHECK(kinds(watch.on_round(silent())) == Kinds{EventKind::down});
  RoundResult anew = good();
  anew.server_restarted = true;
  back = watch.on_round(anew);
  REQUIRE(kinds(back) == Kinds{EventKind::up, EventKind::server_restarted});
  CHECK(back[0].detail.find("started anew") != std::string::npos);

  // The round that found the new one broke off as well.
  CHECK(kinds(watch.on_round(silent())) == Kinds{EventKind::down});
  anew = silent();
  anew.server_restarted = true;
  CHECK(kinds(watch.on_round(anew)) == Kinds{EventKind::server_restarted});
  back = watch.on_round(good());
  REQUIRE(kinds(back) == Kinds{EventKind::up});
  CHECK(back[0].detail == "answers again");
}

TEST_CASE("loss above the threshold is told once, with its direction") {
  TargetWatch watch{Limits{0.02, std::nullopt, std::nullopt, std::nullopt}};
  CHECK(watch.on_round(good(2, 0)).empty());
  const auto high = watch.on_round(good(0, 3));
  REQUIRE(kinds(high) == Kinds{EventKind::loss_high});
  CHECK(high[0].direction == "down");
  CHECK(watch.on_round(good(9, 0)).empty());
  CHECK(watch.loss_is_high());
  CHECK(kinds(watch.on_round(good(0, 0))) == Kinds{EventKind::loss_normal});
}

TEST_CASE("other path lengths, packet sizes, clocks and servers are told") {
  TargetWatch watch;
  RoundResult round = good();
  round.up->hops = 5;
  round.down->payload_bytes = 1472;
  CHECK(watch.on_round(round).empty());
  round.up->hops = 6;
  round.down->payload_bytes = 1400;
  round.clock_stepped = round.server_clock_stepped = true;
  round.server_restarted = true;
  CHECK(kinds(watch.on_round(round)) == Kinds{EventKind::server_restarted, EventKind::clock_stepped,
                                              EventKind::route_length_changed,
                                              EventKind::mtu_changed});
  round = good();  // nothing told is nothing changed
  CHECK(watch.on_round(round).empty());
}

TEST_CASE("a clock that is set is told of its own host, and once") {
  TargetWatch watch;
  RoundResult round = good();
  round.clock_stepped = true;  // this host's: each target's rounds have seen it
  CHECK(watch.on_round(round).empty());
  round.server_clock_stepped = true;
  CHECK(kinds(watch.on_round(round)) == Kinds{EventKind::clock_stepped});
  CHECK(watch.on_round(round).empty());  // the next one had begun already
  CHECK(watch.on_round(good()).empty());
  CHECK(kinds(watch.on_round(round)) == Kinds{EventKind::clock_stepped});
}

TEST_CASE("limits that were not kept are told, and what was not measured keeps none") {
  const Limits limits{0.01, 1e6, 3ms, std::nullopt};
  RoundResult round = good(0, 2);
  round.up->goodput_bps = 5e5;
  round.down->goodput_bps = 6e5;
  CHECK(missed_limits(limits, round).size() == 1);
  round.rtt->times.add(5ms, 10);
  CHECK(missed_limits(limits, round).size() == 2);
  round.down->goodput_bps = 4e5;
  CHECK(missed_limits(limits, round).size() == 3);
  CHECK(missed_limits(limits, bad(RoundStatus::unreachable)).size() == 3);
  CHECK(missed_limits(Limits{}, bad(RoundStatus::unreachable)).empty());
}

TEST_CASE(
    "each limit that is missed is told once, with what was measured, and once it is kept again") {
  TargetWatch watch{Limits{std::nullopt, 1e6, 3ms, 4.0}};
  const auto round_of = [](double bps, Duration rtt, double mos) {
    RoundResult round = good();
    round.up->goodput_bps = bps;
    round.rtt->times = {};
    round.rtt->times.add(rtt, 9);
    round.up->voice = round.down->voice = RoundVoice{mos, 80.0, 0.0};
    return round;
  };
  CHECK(watch.on_round(round_of(2e6, 1ms, 4.3)).empty());
  CHECK(watch.missed().empty());

  const auto bad_call = watch.on_round(round_of(2e6, 1ms, 2.0));
  REQUIRE(kinds(bad_call) == Kinds{EventKind::threshold_missed});
  CHECK(bad_call[0].detail == "a call would sound like MOS 2.00, wanted is 4.00");
  CHECK(watch.missed() == std::vector<std::string>{bad_call[0].detail});

  CHECK(kinds(watch.on_round(round_of(5e5, 9ms, 2.0))) ==
        Kinds{EventKind::threshold_missed, EventKind::threshold_missed});
  CHECK(watch.missed().size() == 3);
  RoundResult none = good();
  none.rtt.reset();
  CHECK(watch.on_round(none).empty());  // what was not measured changes nothing
  CHECK(watch.missed().size() == 3);

  const auto met = watch.on_round(round_of(2e6, 9ms, 4.0));
  CHECK(kinds(met) == Kinds{EventKind::threshold_met, EventKind::threshold_met});
  watch.set_limits(Limits{});
  CHECK(watch.missed().empty());
}

TEST_CASE("loss is high no more where nobody wants to hear of it") {
  TargetWatch watch{Limits{0.02, std::nullopt, std::nullopt, std::nullopt}};
  static_cast<void>(watch.on_round(good(9, 0)));
  REQUIRE(watch.loss_is_high());
  watch.set_limits(Limits{});
  CHECK_FALSE(watch.loss_is_high());
}

TEST_CASE("a rate that is wanted is held against what a search found") {
  Limits limits;
  limits.goodput_bps = 90e6;
  RoundResult round = good();
  round.down.reset();
  round.up->goodput_bps = 50e6;  // of the last trial
  CHECK(missed_limits(limits, round).size() == 1);
  round.up->found_bps = 91e6;
  CHECK(missed_limits(limits, round).empty());
}

TEST_CASE("a call that sounds worse than is wanted misses its limit, as does one not judged") {
  Limits limits;
  limits.mos = 4.0;
  RoundResult round = good();
  CHECK(missed_limits(limits, round).size() == 1);  // no way tells
  round.up->voice = RoundVoice{4.4, 93.2, 0.0};
  CHECK(missed_limits(limits, round).size() == 1);  // one way does not
  round.down->voice = RoundVoice{4.0, 79.0, 0.01};
  CHECK(missed_limits(limits, round).empty());
  round.down->voice->mos = 3.99;
  const auto missed = missed_limits(limits, round);
  REQUIRE(missed.size() == 1);
  CHECK(missed.front().find("3.99") != std::string::npos);
  round.down->voice->mos.reset();  // Opus
  CHECK(missed_limits(limits, round).size() == 1);
}

TEST_CASE("totals are sums, in any order and grouping") {
  Totals all;
  Totals first;
  Totals second;
  for (std::uint64_t i = 0; i < 20; ++i) {
    RoundResult round = i % 5 == 4 ? bad(RoundStatus::not_measured) : good(i, 2 * i);
    if (round.up && i % 2 == 0) {
      round.up->lost_rx_socket = i / 2;
    }
    all.add(round);
    (i < 7 ? first : second).add(round);
  }
  second.add(first);
  CHECK(second == all);
  CHECK(all.all_rounds() == 20);
  CHECK(all.rounds_of(RoundStatus::complete) == 16);
  CHECK(all.up.sent == 1600);
  CHECK(all.up.sent == all.up.unique + all.up.lost);
  CHECK(all.up.lost == all.up.lost_network() + all.up.lost_rx_socket.value_or(0) +
                           all.up.lost_tx_host.value_or(0));
  CHECK(all.measured == 160s);  // a gap is not measured, and no loss
  CHECK(all.rtt.total() == 144);
}

TEST_CASE("other labels and limits of a target that stays are told of") {
  Board board;
  std::vector<Board::Wanted> wanted(1);
  wanted[0].target = test::target_named("gw");
  const auto described_anew = [&] { return board.set_targets(wanted).described_anew; };
  CHECK_FALSE(described_anew());
  CHECK_FALSE(described_anew());
  wanted[0].target.labels = {{"site", "lab"}};
  CHECK(described_anew());
  CHECK_FALSE(described_anew());
  wanted[0].limits.loss_ratio = 0.01;
  CHECK(described_anew());
  CHECK(board.find("gw")->watch.judges_loss());
}

}  // namespace
}  // namespace udperf::monitor
