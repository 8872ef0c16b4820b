// What a history tells of the changes that were told, and in which order.

#include <utility>

#include "app/monitor/history.hpp"
#include "support/catch.hpp"
#include "support/monitored_rounds.hpp"
#include "support/stepped_clock.hpp"
#include "support/temp_dir.hpp"

namespace udperf::app {
namespace {

using namespace std::chrono_literals;
using test::SteppedClock;

TEST_CASE("changes are there after a restart, the latest, oldest first") {
  const test::TempDir folder;
  const SteppedClock clock;
  const std::string file = folder.path().string() + "/m.db";
  {
    auto history = History::open(file, Retention{}, clock, [](const std::string&) {});
    REQUIRE(history);
    for (int i = 0; i < 5; ++i) {
      monitor::Event event;
      event.kind = i % 2 == 0 ? monitor::EventKind::down : monitor::EventKind::up;
      event.at = clock.unix.load() + i * 1s;
      event.detail = "change " + std::to_string(i);
      (*history)->put({event, test::target_named("gw")});
    }
  }
  const auto history = History::open(file, Retention{}, clock, [](const std::string&) {});
  REQUIRE(history);
  const auto changes = (*history)->changes({{}, UnixTime::min(), UnixTime::max(), 3});
  REQUIRE(changes);
  REQUIRE(changes->size() == 3);
  CHECK(changes->front().event.detail == "change 2");
  CHECK(changes->front().event.kind == monitor::EventKind::down);
  CHECK(changes->back().event.at == clock.unix.load() + 4s);
  CHECK(changes->back().target.name == "gw");
}

TEST_CASE("changes follow each other as they were told, also by a clock that was set back") {
  const test::TempDir folder;
  const SteppedClock clock;
  const std::string file = folder.path().string() + "/m.db";
  auto history = History::open(file, Retention{}, clock, [](const std::string&) {});
  REQUIRE(history);
  for (const auto& [kind, at] :
       {std::pair{monitor::EventKind::down, 0s}, std::pair{monitor::EventKind::up, -600s},
        std::pair{monitor::EventKind::down, -500s}}) {
    monitor::Event event;
    event.kind = kind;
    event.at = clock.unix.load() + at;
    event.detail = std::to_string(at.count());
    (*history)->put({event, test::target_named("gw")});
  }
  REQUIRE(History::end(*std::move(history)) == 0);
  history = History::open(file, Retention{}, clock, [](const std::string&) {});
  REQUIRE(history);
  std::string details;
  const auto changes = (*history)->changes({});
  REQUIRE(changes);
  for (const auto& change : *changes) {
    details += change.event.detail + " ";
  }
  CHECK(details == "0 -600 -500 ");
}

TEST_CASE("changes are told of a time and of a target") {
  const test::TempDir folder;
  const SteppedClock clock;
  const UnixTime start = clock.unix.load();
  const std::string file = folder.path().string() + "/m.db";
  {
    auto history = History::open(file, Retention{}, clock, [](const std::string&) {});
    REQUIRE(history);
    for (int i = 0; i < 6; ++i) {
      monitor::Event event;
      event.kind = monitor::EventKind::loss_high;
      event.at = start + i * 1s;
      event.detail = std::to_string(i);
      (*history)->put({event, test::target_named(i % 2 == 0 ? "gw" : "core")});
    }
  }
  const auto history = History::open(file, Retention{}, clock, [](const std::string&) {});
  REQUIRE(history);
  const auto told = [&](const History::ChangeQuery& query) {
    const auto changes = (*history)->changes(query);
    REQUIRE(changes);
    std::string details;
    for (const auto& change : *changes) {
      details += change.event.detail;
    }
    return details;
  };
  CHECK(told({}) == "012345");
  CHECK(told({{}, start + 1s, start + 4s, 5000}) == "1234");
  CHECK(told({"gw", start + 1s, start + 4s, 5000}) == "24");
  CHECK(told({"gw", start, start + 5s, 2}) == "24");
  CHECK(told({"nobody", start, start + 5s, 5000}).empty());
}

TEST_CASE("who was down is known after a restart, whatever others have changed since") {
  const test::TempDir folder;
  const SteppedClock clock;
  const std::string file = folder.path().string() + "/m.db";
  {
    auto history = History::open(file, Retention{}, clock, [](const std::string&) {});
    REQUIRE(history);
    UnixTime at = clock.unix.load();
    const auto put = [&](monitor::EventKind kind, const char* name) {
      monitor::Event event;
      event.kind = kind;
      event.at = at += 1s;
      (*history)->put({event, test::target_named(name)});
    };
    put(monitor::EventKind::not_measured, "gw");
    put(monitor::EventKind::down, "gw");
    put(monitor::EventKind::loss_high, "gw");
    put(monitor::EventKind::down, "core");
    put(monitor::EventKind::up, "core");
    put(monitor::EventKind::not_measured, "lab");
    for (int i = 0; i < 600; ++i) {
      put(i % 2 == 0 ? monitor::EventKind::down : monitor::EventKind::up, "flaps");
    }
  }
  const auto history = History::open(file, Retention{}, clock, [](const std::string&) {});
  REQUIRE(history);
  const auto states = (*history)->last_states();
  REQUIRE(states);
  CHECK(*states == monitor::Board::States{{{"gw", "light"}, monitor::TargetState::down},
                                          {{"lab", "light"}, monitor::TargetState::not_measured}});
}

}  // namespace
}  // namespace udperf::app
