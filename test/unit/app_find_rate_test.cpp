// --find-rate over a path made by hand, whose server goes away: what was found before is told.

#include <cstdint>
#include <vector>

#include "app/find_rate.hpp"
#include "app/log.hpp"
#include "support/catch.hpp"
#include "support/fake_clock.hpp"
#include "support/seeded_random.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::app;

namespace {

/// What a sender and a receiver tell of a test in which all that was sent arrived, evenly.
StreamOutcome all_arrived(const TestParams& params, Way way) {
  const std::uint64_t bytes = params.payload_bytes;
  const auto rows = static_cast<std::uint64_t>(params.amount.duration / params.interval);
  const auto row_ns = static_cast<std::uint64_t>(params.interval.count());
  const std::uint64_t per_row = params.rate(way).value * row_ns / 8'000'000'000 / bytes + 1;
  TxReport tx;
  tx.packets = rows * per_row;
  tx.payload_bytes = tx.packets * bytes;
  tx.first_bytes = static_cast<std::uint32_t>(bytes);
  tx.span_ns = params.amount.duration.count();
  RxReport rx;
  rx.interval_ns = params.interval.count();
  rx.anchor_mono_ns = rx.first_mono_ns = 1;
  rx.last_mono_ns = 1 + params.amount.duration.count();
  rx.first_bytes = tx.first_bytes;
  rx.sent = rx.unique = tx.packets;
  rx.unique_bytes = tx.payload_bytes;
  for (std::uint64_t i = 0; i < rows; ++i) {
    IntervalRow row;
    row.unique = per_row;
    row.bytes = per_row * bytes;
    row.dv_p50_ns = 0;
    rx.intervals.push_back(row);
  }
  return {tx, rx};
}

/// A server that is there until a trial of one size, or of one way, is asked of it.
struct Path {
  std::uint32_t gone_at_bytes = 0;
  bool gone_down = false;
  test::FakeClock clock;
  std::vector<std::uint32_t> tried;  ///< the size of each trial

  TestOutcome run(const TestSetting& setting) {
    const TestParams& params = setting.options.params;
    tried.push_back(params.payload_bytes);
    TestOutcome outcome;
    outcome.params = params;
    if (params.payload_bytes == gone_at_bytes ||
        (gone_down && params.direction == Direction::down)) {
      outcome.status = TestStatus::error;
      outcome.error = Error{ErrorCode::unreachable, "nobody there", 0, "connect"};
      return outcome;
    }
    clock.advance(params.amount.duration);
    outcome.status = TestStatus::complete;
    const bool up = params.direction == Direction::up;
    (up ? outcome.up : outcome.down) = WayOutcome{{all_arrived(params, up ? Way::up : Way::down)}};
    return outcome;
  }
};

using Search = FoundRate (*)(const ClientCommand& command, const TestRunner& runner,
                             const TestSetting& setting, Renderer& renderer,
                             ClientReporter& reporter);

FoundRate found(Search search, ClientCommand command, Path& path) {
  command.find_rate = true;
  command.search.max_rate = BitRate::bits_per_second(5'000'000);
  command.output.verbosity = Verbosity::quiet;
  command.options.auto_packet_size = false;
  auto log = Log::open({}, path.clock);
  const auto output = OutputFile::open("/dev/null", "--output");
  REQUIRE(log);
  REQUIRE(output);
  Renderer renderer{command.output, {}};
  engine::StopToken stop;
  test::SeededRandom random{1};
  ClientReporter reporter{{*log, renderer, *output, path.clock, stop}, command};
  const TestSetting setting{command.options, path.clock, random, reporter, stop, *log};
  return search(
      command, [&path](const TestSetting& one) { return path.run(one); }, setting, renderer,
      reporter);
}

void check_cut_off(const TestOutcome& outcome) {
  CHECK(outcome.status == TestStatus::incomplete);
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == ErrorCode::unreachable);
}

}  // namespace

TEST_CASE("what was found is told, though there is no server for the sizes after it", "[app]") {
  ClientCommand command;
  command.search.sizes = {18, 82, 1472, 210};
  Path path;
  path.gone_at_bytes = 1472;
  const FoundRate all = found(find_rate_by_size, command, path);
  check_cut_off(all.outcome);
  CHECK(path.tried.back() == 1472);  // and nothing after it
  REQUIRE(all.sizes.size() == 2);
  CHECK(all.sizes[0].payload_bytes == 18);
  CHECK(all.sizes[0].frame_bytes == 64);
  CHECK(all.sizes[1].payload_bytes == 82);
  CHECK(all.sizes[1].frame_bytes == 128);
  for (const auto& size : all.sizes) {
    CHECK_FALSE(size.answer.trials.empty());
    CHECK(size.answer.limited_by.has_value());
  }
  CHECK(all.outcome.params.payload_bytes == 82);
  REQUIRE(all.outcome.up);
  REQUIRE(all.first);
  CHECK(all.first->trials.size() == all.sizes[1].answer.trials.size());
}

TEST_CASE("a search by size that never found a server is an error", "[app]") {
  ClientCommand command;
  command.search.sizes = {18, 82};
  Path path;
  path.gone_at_bytes = 18;
  const FoundRate all = found(find_rate_by_size, command, path);
  CHECK(all.outcome.status == TestStatus::error);
  CHECK(all.sizes.empty());
  CHECK(path.tried.size() == 1);
}

TEST_CASE("what was found upward is told, though there is no server for the way down", "[app]") {
  ClientCommand command;
  command.options.params.direction = Direction::both;
  Path path;
  path.gone_down = true;
  const FoundRate one = found(find_rate, command, path);
  check_cut_off(one.outcome);
  REQUIRE(one.first);
  CHECK(one.first->limited_by.has_value());
  CHECK_FALSE(one.down);
  CHECK(one.outcome.up);

  command.search.sizes = {18, 82};
  const FoundRate all = found(find_rate_by_size, command, path);
  check_cut_off(all.outcome);
  REQUIRE(all.sizes.size() == 1);
  CHECK(all.sizes[0].answer.way == Way::up);
}
