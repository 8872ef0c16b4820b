// What a day of rounds costs on disk, and what is read back of one.

#include <filesystem>

#include "app/monitor/history.hpp"
#include "app/monitor/sqlite_file.hpp"
#include "clock/system_clock.hpp"
#include "support/catch.hpp"
#include "support/seeded_random.hpp"
#include "support/strict_json.hpp"
#include "support/temp_dir.hpp"

namespace udperf::app {
namespace {

using namespace std::chrono_literals;
using monitor::RoundResult;
using monitor::RoundStatus;

/// docs/monitor.md: a target in the light module needs 5 MB a day, sums included.
constexpr std::uint64_t kDocumentedBytesADay = 5'000'000;
constexpr std::uint64_t kRoundsADay = 8640;
constexpr std::uint64_t kTargets = 3;

/// The wall clock is set by the test; nothing waits by the other.
class SetClock final : public Clock {
 public:
  [[nodiscard]] MonoTime now() const override { return system_.now(); }
  [[nodiscard]] UnixTime unix_now() const override { return unix; }
  UnixTime unix{1'800'000'000s};

 private:
  SystemClock system_;
};

monitor::Target target_of(std::uint64_t index) {
  monitor::Target target;
  target.name = "gw" + std::to_string(index) + ".example";
  target.module = "light";
  return target;
}

/// As a path with some load has it: delays between 50 us and some ms with a long tail.
Duration drawn_delay(test::SeededRandom& random) {
  const double spread = std::exp(static_cast<double>(random.between(-2000, 2000)) / 1000.0);
  return Duration{static_cast<Duration::rep>(400'000.0 * spread)};
}

RoundResult drawn_round(UnixTime start, std::uint64_t number, test::SeededRandom& random) {
  RoundResult round;
  round.status = RoundStatus::complete;
  round.start = start + Duration{random.between(0, 100'000)};
  round.number = number;
  round.length = 9900ms + Duration{random.between(0, 1'000'000)};
  round.session = random.next_u64();
  round.server = 0x8765432112345678;
  round.lateness = Duration{random.between(10'000, 200'000)};
  round.address = Endpoint{*parse_ip_address("192.0.2.7"), 5555};
  round.params.direction = Direction::both;
  round.params.amount.packets = 100;
  round.params.payload_bytes = 200;
  round.params.seed = random.next_u64() >> 11U;
  round.clock_offset_ns = random.between(-1'000'000, 1'000'000);
  round.clock_uncertainty_ns = random.between(10'000, 900'000);
  for (auto* const way : {&round.up, &round.down}) {
    way->emplace();
    (*way)->sent = 100;
    (*way)->lost = random.chance(0.05) ? 1 : 0;
    (*way)->unique = 100 - (*way)->lost;
    (*way)->lost_rx_socket = 0;
    (*way)->sent_bytes = 20'000;
    (*way)->unique_bytes = 200 * (*way)->unique;
    (*way)->goodput_bps = static_cast<double>(random.between(15'000, 16'500));
    (*way)->jitter = Duration{random.between(10'000, 900'000)};
    (*way)->hops = 9;
    for (std::uint64_t i = 0; i < (*way)->unique; ++i) {
      (*way)->delay_variation.add(drawn_delay(random));
    }
    (*way)->delay = (*way)->delay_variation;
  }
  round.rtt = monitor::RoundTrips{10, {}};
  for (int i = 0; i < 10; ++i) {
    round.rtt->times.add(10ms + drawn_delay(random));
  }
  return round;
}

std::int64_t number(const std::string& file, const std::string& sql) {
  const auto look = SqliteFile::open(file, SqliteFile::Mode::read);
  return look ? look->number(sql.c_str()).value_or(-1) : -1;
}

TEST_CASE("a day of light rounds needs what is documented") {
  const test::TempDir folder;
  const std::string file = folder.path().string() + "/m.db";
  SetClock clock;
  const UnixTime begin = clock.unix;
  test::SeededRandom random{11};
  // An hour at a time, so that nothing is refused for want of room.
  for (int hour = 0; hour < 24; ++hour) {
    clock.unix = begin + hour * 1h;
    auto history = History::open(file, Retention{}, clock, [](const std::string&) {});
    REQUIRE(history);
    for (std::uint64_t i = 0; i < kRoundsADay / 24; ++i) {
      for (std::uint64_t target = 0; target < kTargets; ++target) {
        const std::uint64_t n = static_cast<std::uint64_t>(hour) * kRoundsADay / 24 + i;
        (*history)->put(target_of(target),
                        drawn_round(begin + static_cast<Duration::rep>(n) * 10s, n + 1, random));
      }
    }
    history->reset();
  }
  clock.unix = begin + 24h + 10min;
  {
    const auto history = History::open(file, Retention{}, clock, [](const std::string&) {});
    REQUIRE(history);
    const SystemClock real;
    const MonoTime end = real.now() + 60s;
    const auto summed = [&file] {
      return number(file, "SELECT count(*) FROM span WHERE seconds = 3600");
    };
    while (summed() < static_cast<std::int64_t>(24 * kTargets) && real.now() < end) {
    }
    REQUIRE(summed() >= static_cast<std::int64_t>(24 * kTargets));
  }
  CHECK(number(file, "SELECT count(*) FROM round") ==
        static_cast<std::int64_t>(kRoundsADay * kTargets));
  CHECK(number(file, "SELECT count(*) FROM setup") == 1);
  const std::uint64_t bytes = std::filesystem::file_size(file);
  CAPTURE(bytes / kTargets);
  CHECK(bytes <= kDocumentedBytesADay * kTargets);
  CHECK(bytes >= kDocumentedBytesADay * kTargets / 2);  // else the document says too much
}

TEST_CASE("the document of any round is found by its time") {
  const test::TempDir folder;
  const std::string file = folder.path().string() + "/m.db";
  const SetClock clock;
  test::SeededRandom random{12};
  std::vector<RoundResult> rounds;
  {
    const auto history = History::open(file, Retention{}, clock, [](const std::string&) {});
    REQUIRE(history);
    for (std::uint64_t i = 0; i < 50; ++i) {
      rounds.push_back(
          drawn_round(clock.unix - 1h + static_cast<Duration::rep>(i) * 10s, i, random));
      (*history)->put(target_of(0), rounds.back());
    }
    RoundResult heavy = drawn_round(clock.unix - 30min, 51, random);
    heavy.document = R"({"schema":"udperf/1","whole":true})";
    (*history)->put(target_of(1), heavy);
  }
  const auto history = History::open(file, Retention{}, clock, [](const std::string&) {});
  REQUIRE(history);
  const auto found = [&](const std::string& target, UnixTime time,
                         std::optional<std::string> module = std::nullopt) {
    const auto document = (*history)->document({target, std::move(module), time});
    REQUIRE(document);
    return *document;
  };
  for (const RoundResult& round : rounds) {
    const auto text = found("gw0.example", round.start + 5s);
    REQUIRE(text);
    const auto tree = test::parse_strict_json(*text);
    REQUIRE(tree);
    CHECK(tree->at("test").at("start_unix_ns") == to_ns(round.start));
    CHECK(tree->at("test").at("packets") == 100);
    CHECK(tree->at("test").at("seed") == round.params.seed);
    CHECK(tree->at("up").at("loss").at("packets") == round.up->lost);
  }
  // A browser rounds nanoseconds.
  CHECK(
      found("gw0.example", rounds[3].start - 300ns)->find(std::to_string(to_ns(rounds[3].start))) !=
      std::string::npos);
  CHECK(found("gw1.example", clock.unix - 29min - 55s).value_or("").find("whole") !=
        std::string::npos);
  CHECK(found("gw1.example", clock.unix - 29min - 55s, "light"));
  CHECK_FALSE(found("gw1.example", clock.unix - 29min - 55s, "nightly"));
  CHECK_FALSE(found("gw1.example", clock.unix));       // nothing ran then
  CHECK_FALSE(found("gw0.example", clock.unix - 2h));  // nor before the first
  CHECK_FALSE(found("nobody", clock.unix - 1h + 5s));
}

TEST_CASE("a history of a version before is taken over, and its rounds have a report") {
  const int version = GENERATE(1, 2, 3);
  CAPTURE(version);
  const test::TempDir folder;
  const std::string file = folder.path().string() + "/m.db";
  const SetClock clock;
  test::SeededRandom random{13};
  const RoundResult old = drawn_round(clock.unix - 1h, 1, random);
  {
    const auto history = History::open(file, Retention{}, clock, [](const std::string&) {});
    REQUIRE(history);
    (*history)->put(target_of(0), old);
  }
  {
    auto made = SqliteFile::open(file, SqliteFile::Mode::create);
    REQUIRE(made);
    REQUIRE(made->run(
        version == 1 ? "ALTER TABLE round DROP COLUMN setup; ALTER TABLE round DROP COLUMN record;"
                       "DROP TABLE setup; DROP TABLE document; PRAGMA user_version = 1"
                     : ("PRAGMA user_version = " + std::to_string(version)).c_str()));
  }
  const auto history = History::open(file, Retention{}, clock, [](const std::string&) {});
  REQUIRE(history);
  CHECK(number(file, "PRAGMA user_version") == 4);
  const auto document = (*history)->document({"gw0.example", std::nullopt, old.start + 1s});
  REQUIRE(document);
  REQUIRE(*document);
  CHECK(test::parse_strict_json(**document).has_value());
}

TEST_CASE("of whole documents the latest are kept") {
  constexpr std::uint64_t kMost = 500;
  const test::TempDir folder;
  const std::string file = folder.path().string() + "/m.db";
  const SetClock clock;
  test::SeededRandom random{14};
  {
    const auto history = History::open(file, Retention{}, clock, [](const std::string&) {});
    REQUIRE(history);
    for (std::uint64_t i = 0; i < kMost + 20; ++i) {
      RoundResult round =
          drawn_round(clock.unix - 24h + static_cast<Duration::rep>(i) * 60s, i, random);
      round.document = "{\"n\":" + std::to_string(i) + "}";
      (*history)->put(target_of(0), round);
    }
  }
  const auto history = History::open(file, Retention{}, clock, [](const std::string&) {});
  REQUIRE(history);
  const SystemClock real;
  const MonoTime end = real.now() + 60s;
  while (number(file, "SELECT count(*) FROM document") > static_cast<std::int64_t>(kMost) &&
         real.now() < end) {
  }
  CHECK(number(file, "SELECT count(*) FROM document") == static_cast<std::int64_t>(kMost));
  CHECK(number(file, "SELECT count(*) FROM round") == static_cast<std::int64_t>(kMost + 20));
}

}  // namespace
}  // namespace udperf::app
