#include <random>

#include <nlohmann/json.hpp>

#include "monitor/board.hpp"
#include "monitor/byte_codec.hpp"
#include "monitor/json.hpp"
#include "monitor/once.hpp"
#include "monitor/totals_codec.hpp"
#include "support/catch.hpp"
#include "support/strict_json.hpp"

namespace udperf::monitor {
namespace {

using namespace std::chrono_literals;

Board::Wanted wanted(const std::string& name, Duration every = 10s) {
  Board::Wanted one;
  one.target.name = name;
  one.target.address.host = name;
  one.target.module = "light";
  one.every = every;
  return one;
}

RoundResult round_of(std::uint64_t target, std::uint64_t lost) {
  RoundResult round;
  round.target = target;
  round.status = RoundStatus::complete;
  round.length = 10s;
  round.up.emplace();
  round.up->sent = 100;
  round.up->lost = lost;
  round.up->unique = 100 - lost;
  round.up->delay_variation.add(3ms, 100 - lost);
  return round;
}

TEST_CASE("targets that stay keep their counts, others are taken away and added") {
  Board board;
  CHECK(board.set_targets({wanted("a"), wanted("b")}).added.size() == 2);
  const std::uint64_t a = board.find("a")->target.id;
  static_cast<void>(board.on_round(round_of(a, 5)));
  const auto change = board.set_targets({wanted("a"), wanted("c"), wanted("c")});
  CHECK(change.added.size() == 1);
  CHECK(change.removed.size() == 1);
  CHECK(board.find("a")->target.id == a);
  CHECK(board.find("a")->totals.up.lost == 5);
  CHECK(board.find("b") == nullptr);
  auto moved = wanted("a");
  moved.target.address.port = 7000;
  CHECK(board.set_targets({moved, wanted("c")}).removed.size() == 1);
  CHECK(board.find("a")->totals.up.lost == 0);
  CHECK(board.on_round(round_of(a, 1)).empty());  // of one that is gone
}

TEST_CASE("a target whose period changed is put on another grid and keeps its counts") {
  Board board;
  static_cast<void>(board.set_targets({wanted("a")}));
  const std::uint64_t a = board.find("a")->target.id;
  const auto change = board.set_targets({wanted("a", 20s)});
  CHECK(change.added == std::vector<std::uint64_t>{a});
  CHECK(change.removed.empty());
}

TEST_CASE("a million changes leave the last few hundred and all of them counted") {
  Board board;
  static_cast<void>(board.set_targets({wanted("a")}));
  const std::uint64_t a = board.find("a")->target.id;
  RoundResult down;
  down.target = a;
  down.status = RoundStatus::unreachable;
  for (int i = 0; i < 5000; ++i) {
    static_cast<void>(board.on_round(round_of(a, 0)));
    static_cast<void>(board.on_round(down));
  }
  CHECK(board.events_of(EventKind::down) == 5000);
  CHECK(board.events().size() == 500);
}

TEST_CASE("changes from before are shown and not counted") {
  Board board;
  Event event;
  event.kind = EventKind::down;
  board.recall({{event, wanted("a").target}});
  CHECK(board.events().size() == 1);
  CHECK(board.events_of(EventKind::down) == 0);
  for (const auto kind : {EventKind::up, EventKind::mtu_changed, EventKind::server_restarted}) {
    CHECK(parse_event_kind(to_string(kind)) == kind);
  }
  CHECK_FALSE(parse_event_kind("sideways"));
}

TEST_CASE("an outage that began before this process did ends with the first answer") {
  const auto before = [](EventKind kind, const char* name) {
    Event event;
    event.kind = kind;
    return Board::TimedEvent{event, wanted(name).target};
  };
  Board board;
  board.recall({before(EventKind::up, "a"), before(EventKind::down, "a"),
                before(EventKind::mtu_changed, "a"), before(EventKind::down, "b"),
                before(EventKind::up, "b"), before(EventKind::not_measured, "c"),
                before(EventKind::down, "d")});
  auto other = wanted("d");
  other.target.module = "voice";  // was another
  static_cast<void>(board.set_targets({wanted("a"), wanted("b"), wanted("c"), other}));
  const auto told = [&board](const char* name) {
    std::vector<std::string> details;
    for (const Event& event : board.on_round(round_of(board.find(name)->target.id, 0))) {
      CHECK(event.kind == EventKind::up);
      details.push_back(event.detail);
    }
    return details;
  };
  using Details = std::vector<std::string>;
  CHECK(told("a") == Details{"answers again"});
  CHECK(told("a").empty());
  CHECK(told("b").empty());
  CHECK(told("c") == Details{"is measured again"});
  CHECK(told("d").empty());
}

TEST_CASE("an outage ends, though it was told of before the changes that are kept") {
  Board board;
  // It stands last where a clock was set back before it ended.
  board.recall({{Event{EventKind::down, 0, 0, {}, {}, {}}, wanted("b").target}});
  board.recall(Board::States{{{"a", "light"}, TargetState::down}});
  static_cast<void>(board.set_targets({wanted("a"), wanted("b")}));
  for (const char* name : {"a", "b"}) {
    const auto events = board.on_round(round_of(board.find(name)->target.id, 0));
    CHECK(events.size() == (std::string{name} == "a" ? 1U : 0U));
  }
}

TEST_CASE("of an outage that a monitor did not see to its end the time without one is told") {
  Board board;
  board.recall(Board::States{{{"a", "light"}, TargetState::down},
                             {{"b", "light"}, TargetState::not_measured}});
  static_cast<void>(board.set_targets({wanted("a"), wanted("b"), wanted("c")}));
  const auto stopped = [&board](const char* name) {
    RoundResult gap;
    gap.target = board.find(name)->target.id;
    gap.tried = false;
    return board.on_stop(gap, UnixTime{100s});
  };
  const auto told = stopped("a");
  REQUIRE(told.size() == 1);
  CHECK(told[0].kind == EventKind::not_measured);
  CHECK(told[0].at == UnixTime{100s});
  CHECK(stopped("b").empty());
  CHECK(stopped("c").empty());
  CHECK(board.find("a")->totals.rounds_of(RoundStatus::not_measured) == 1);
  CHECK(board.events().size() == 1);
  const auto back = board.on_round(round_of(board.find("a")->target.id, 0));
  REQUIRE(back.size() == 1);
  CHECK(back[0].detail == "answers again");
}

TEST_CASE("a target that was taken away while it was down and is watched again comes back") {
  Board board;
  static_cast<void>(board.set_targets({wanted("a")}));
  RoundResult down;
  down.target = board.find("a")->target.id;
  down.status = RoundStatus::unreachable;
  CHECK(board.on_round(down).size() == 1);
  static_cast<void>(board.set_targets({}));
  static_cast<void>(board.set_targets({wanted("a")}));
  const auto events = board.on_round(round_of(board.find("a")->target.id, 0));
  REQUIRE(events.size() == 1);
  CHECK(events[0].kind == EventKind::up);
}

TEST_CASE("the first targets resume what a process before had, until its last round of any") {
  Board board;
  board.recall(Board::Ends{{{"a", "light"}, UnixTime{100s}}, {{"b", "light"}, UnixTime{200s}}});
  const auto first = board.set_targets({wanted("a"), wanted("c")});
  CHECK(first.resumed == std::vector{board.find("a")->target.id});
  CHECK(first.ended_before == UnixTime{200s});
  CHECK(board.set_targets({wanted("b")}).resumed.empty());  // it was not to be watched meanwhile
  CHECK(board.set_targets({wanted("a")}).resumed.empty());
}

TEST_CASE("totals are the same after they were kept as bytes") {
  std::mt19937_64 random{11};
  for (int run = 0; run < 200; ++run) {
    Totals totals;
    for (int i = 0; i < run % 7; ++i) {
      RoundResult round = round_of(1, random() % 100);
      round.rtt.emplace().sent = random() >> 8U;
      round.rtt->times.add(Duration{static_cast<std::int64_t>(random() >> (random() % 60 + 4))},
                           random() % 1000 + 1);
      round.up->delay.emplace().add(Duration{-static_cast<std::int64_t>(random() % 1'000'000)});
      round.down = round.up;
      totals.add(round);
    }
    const std::string bytes = encode_totals(totals);
    const auto again = decode_totals(bytes);
    REQUIRE(again);
    CHECK(*again == totals);
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
      CHECK_FALSE(decode_totals(std::string_view{bytes}.substr(0, cut)));
    }
    CHECK_FALSE(decode_totals(bytes + '\0'));
  }
}

TEST_CASE("losses that no round told apart are unknown in sums, and not 0") {
  RoundResult round = round_of(1, 7);
  round.up->lost_rx_socket.reset();
  round.up->lost_tx_host = 2;
  Totals sums;
  sums.add(round);
  sums.add(sums);
  CHECK_FALSE(sums.up.lost_rx_socket);
  CHECK(sums.up.lost_tx_host == 4U);
  CHECK(sums.up.lost_network() == 10);
  const auto kept = decode_totals(encode_totals(sums));
  REQUIRE(kept);
  CHECK(*kept == sums);
  const Json row = to_json(*kept, UnixTime{}, Duration{0});
  CHECK(row.at("up").at("lost_rx_socket").is_null());
  CHECK(row.at("up").at("lost_tx_host") == 4);
  // One that knew is enough: the rest is the network's.
  round.up->lost_rx_socket = 3;
  sums.add(round);
  CHECK(sums.up.lost_rx_socket == 3U);
}

TEST_CASE("sums that an earlier version wrote are read, without a word of what was unknown") {
  std::string bytes;
  put_number(bytes, 1);  // the version
  for (int status = 0; status < 6; ++status) {
    put_number(bytes, status == 0 ? 1 : 0);
  }
  put_signed(bytes, 10);
  for (const std::uint64_t value : {100U, 5U, 2U, 0U, 0U, 0U, 0U, 7U, 6U, 0U, 0U}) {
    put_number(bytes, value);  // sent, lost, of these at two places, ..., and no times
  }
  for (int value = 0; value < 11 + 2; ++value) {  // the other way, and no round trips
    put_number(bytes, 0);
  }
  const auto sums = decode_totals(bytes);
  REQUIRE(sums);
  CHECK(sums->up.sent == 100);
  CHECK(sums->up.lost_rx_socket == 2U);
  CHECK(sums->up.lost_tx_host == 0U);
  CHECK(sums->up.lost_network() == 3);
  CHECK(sums->up.unique_bytes == 6);
}

TEST_CASE(
    "rounds left out since the target was down are counted, those without a monitor are not") {
  RoundResult round;
  round.rounds = 7;
  round.tried = false;
  round.not_asked = true;
  Totals sums;
  sums.add(round);
  sums.add(sums);
  round.not_asked = false;
  sums.add(round);
  CHECK(sums.not_asked == 14);
  CHECK(sums.rounds_of(RoundStatus::not_measured) == 21);
  CHECK(decode_totals(encode_totals(sums)) == sums);
  CHECK(to_json(sums, UnixTime{}, Duration{0}).at("not_asked") == 14);
}

TEST_CASE("sums that no rounds can have come to are not read from a history") {
  using Counts = std::array<std::uint64_t, TimeHistogram::kBuckets>;
  const auto kept = [](const Totals& totals) { return decode_totals(encode_totals(totals)); };
  Totals good;
  good.add(round_of(1, 3));
  good.rtt = TimeHistogram::of(Counts{INT64_MAX - 1, 1}, {5, 1, 2});
  REQUIRE(kept(good) == good);
  Totals backwards = good;
  backwards.measured = -1ns;
  CHECK_FALSE(kept(backwards));
  Totals crossed = good;
  crossed.up.delay = TimeHistogram::of(Counts{1, 1}, {5, 3, 2});
  CHECK_FALSE(kept(crossed));
  Totals many = good;
  many.rtt = TimeHistogram::of(Counts{INT64_MAX, 1}, {5, 1, 2});
  CHECK_FALSE(kept(many));
  many.rtt = TimeHistogram::of(Counts{UINT64_MAX, UINT64_MAX}, {5, 1, 2});
  CHECK_FALSE(kept(many));
}

TEST_CASE("a round of the light module takes less than half a kilobyte in the history") {
  Totals totals;
  RoundResult round = round_of(1, 0);
  std::mt19937_64 random{3};
  std::lognormal_distribution<double> times{14.0, 0.7};
  round.up->delay_variation = {};
  round.rtt.emplace().sent = 50;
  for (int i = 0; i < 100; ++i) {
    round.up->delay_variation.add(Duration{static_cast<std::int64_t>(times(random))});
    round.rtt->times.add(Duration{static_cast<std::int64_t>(times(random))});
  }
  round.up->delay = round.up->delay_variation;
  round.down = round.up;
  totals.add(round);
  CHECK(encode_totals(totals).size() < 450);
}

TEST_CASE("what is written of rounds and changes is strict JSON whatever names have in them") {
  Target target;
  target.name = "a\"<script>\xff\n";
  target.module = "light";
  RoundResult round = round_of(1, 2);
  round.error = Error{ErrorCode::unreachable, "\xfe<b>", 0, {}};
  for (const std::string& text : {json_line("round", UnixTime{5s}, 7, to_json(round, target)),
                                  json_line("change", UnixTime{5s}, 8, to_json(Event{}, target)),
                                  once_json({OnceRow{target, round, {"too much"}}})}) {
    CAPTURE(text);
    CHECK(text.find('\n') == text.size() - 1);
    CHECK(test::parse_strict_json(text).has_value());
  }
}

TEST_CASE("a table of one round has a row a target and a sentence for what is wrong") {
  Target target;
  target.name = "gw";
  RoundResult round = round_of(1, 7);
  RoundResult down;
  down.status = RoundStatus::unreachable;
  down.error = Error{ErrorCode::unreachable, "nobody answers", 0, {}};
  const std::string text =
      once_table({OnceRow{target, round, {"7 % were lost"}}, OnceRow{target, down, {}}});
  CHECK(text.find("7/100 (7 %)") != std::string::npos);
  CHECK(text.find("gw: 7 % were lost\n") != std::string::npos);
  CHECK(text.find("gw: nobody answers\n") != std::string::npos);
  CHECK(text.find("unreachable") != std::string::npos);
  CHECK(text.find("MOS") == std::string::npos);
}

TEST_CASE("a table with calls says how they sounded") {
  Target target;
  target.name = "gw";
  RoundResult round = round_of(1, 7);
  round.params.voice.codec = VoiceCodec::g711;
  round.up->voice = RoundVoice{4.409, 93.2, 0.0};
  const std::string text = once_table({OnceRow{target, round, {}}});
  CHECK(text.find("MOS up  MOS down") != std::string::npos);
  CHECK(text.find("4.41         -\n") != std::string::npos);
}

}  // namespace
}  // namespace udperf::monitor
