// The trials of a search over a path made by hand: what they are, and what is told of them where
// the server goes away or the user stops it.

#include <cstdint>
#include <vector>

#include "search/find_rate.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::search;

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
struct Path final : TrialRunner {
  std::uint32_t gone_at_bytes = 0;
  bool gone_down = false;
  std::size_t stop_after = SIZE_MAX;  ///< trials
  std::uint32_t found_bytes = 0;      ///< what tests settle on; 0 = as asked
  std::optional<HeaderKind> found_header;
  MonoTime time = MonoTime{} + 1h;
  std::vector<TrialTest> tests;
  std::vector<std::uint32_t> tried;  ///< the size of each trial
  std::vector<std::optional<std::uint32_t>> searches;
  std::size_t told = 0;
  std::vector<std::uint32_t> replaced;  ///< sizes whose results are not the last any more

  [[nodiscard]] TestOutcome run(const TrialTest& test) override {
    tests.push_back(test);
    tried.push_back(test.params.payload_bytes);
    TestOutcome outcome;
    outcome.params = test.params;
    if (test.params.payload_bytes == gone_at_bytes ||
        (gone_down && test.params.direction == Direction::down)) {
      outcome.status = TestStatus::error;
      outcome.error = Error{ErrorCode::unreachable, "nobody there", 0, "connect"};
      return outcome;
    }
    if (found_bytes != 0) {
      outcome.params.payload_bytes = found_bytes;
    }
    outcome.params.header = found_header.value_or(test.params.header);
    time += test.params.amount.duration;
    outcome.status = TestStatus::complete;
    const Way way = test.params.direction == Direction::up ? Way::up : Way::down;
    (way == Way::up ? outcome.up : outcome.down) = WayOutcome{{all_arrived(outcome.params, way)}};
    return outcome;
  }
  [[nodiscard]] MonoTime now() const override { return time; }
  [[nodiscard]] bool stopped() const override { return tests.size() >= stop_after; }
  void on_search(std::optional<std::uint32_t> bytes) override { searches.push_back(bytes); }
  void on_trial(const TrialPart& /*trial*/, Way /*way*/) override { ++told; }
  void on_size(const FoundRate& found) override {
    REQUIRE(found.first);
    CHECK(found.first->answer_bps);
    replaced.push_back(found.outcome.params.payload_bytes);
  }
};

Request request_for(Direction direction = Direction::up) {
  Request request;
  request.max_rate_bps = 5'000'000;
  request.params.direction = direction;
  return request;
}

void check_cut_off(const TestOutcome& outcome) {
  CHECK(outcome.status == TestStatus::incomplete);
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == ErrorCode::unreachable);
}

}  // namespace

TEST_CASE("what was found is told, though there is no server for the sizes after it", "[search]") {
  Path path;
  path.gone_at_bytes = 1472;
  const FoundRate all = find_rate_by_size(request_for(), {18, 82, 1472, 210}, path);
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
  CHECK(path.replaced == std::vector<std::uint32_t>{18});  // 82 is in the result itself
}

TEST_CASE("the result of each size but the last is told by itself", "[search]") {
  Path path;
  const FoundRate all = find_rate_by_size(request_for(), {18, 82, 210}, path);
  CHECK(all.outcome.status == TestStatus::complete);
  CHECK(path.replaced == std::vector<std::uint32_t>{18, 82});
}

TEST_CASE("a search by size that never found a server is an error", "[search]") {
  Path path;
  path.gone_at_bytes = 18;
  const FoundRate all = find_rate_by_size(request_for(), {18, 82}, path);
  CHECK(all.outcome.status == TestStatus::error);
  CHECK(all.sizes.empty());
  CHECK(path.tried.size() == 1);
}

TEST_CASE("what was found upward is told, though there is no server for the way down", "[search]") {
  Path path;
  path.gone_down = true;
  const FoundRate one = find_rate(request_for(Direction::both), path);
  check_cut_off(one.outcome);
  REQUIRE(one.first);
  CHECK(one.first->limited_by.has_value());
  CHECK_FALSE(one.down);
  CHECK(one.outcome.up);

  const FoundRate all = find_rate_by_size(request_for(Direction::both), {18, 82}, path);
  check_cut_off(all.outcome);
  REQUIRE(all.sizes.size() == 1);
  CHECK(all.sizes[0].answer.way == Way::up);
}

TEST_CASE("all trials have datagrams of the size that the first one came to", "[search]") {
  Path path;
  path.found_bytes = 1400;
  const FoundRate found = find_rate(request_for(), path);
  REQUIRE(path.tests.size() > 1);
  CHECK(path.tests.front().size == SizeOf::asked);
  CHECK(path.tests.front().first);
  for (std::size_t i = 1; i < path.tests.size(); ++i) {
    CHECK(path.tests[i].size == SizeOf::found);
    CHECK(path.tried[i] == 1400);
    CHECK_FALSE(path.tests[i].first);
  }
  CHECK(path.told == path.tests.size());
  REQUIRE(found.first);
  CHECK(found.first->trials.size() == path.told);
}

TEST_CASE("small datagrams of a list have the compact header unless another was asked for",
          "[search]") {
  Path path;
  Request request = request_for();
  REQUIRE(find_rate_by_size(request, {18, 1472}, path).sizes.size() == 2);
  CHECK(path.searches == std::vector<std::optional<std::uint32_t>>{18, 1472});
  CHECK(path.tests.front().params.header == HeaderKind::compact);
  CHECK(path.tests.front().size == SizeOf::listed);
  CHECK(path.tests.back().params.header == HeaderKind::full);

  CHECK(path.tests.front().any_header);

  Path other;
  request.header = HeaderKind::compact;
  REQUIRE(find_rate_by_size(request, {1472}, other).sizes.size() == 1);
  CHECK_FALSE(other.tests.front().any_header);
  CHECK(other.tests.front().params.header == HeaderKind::compact);
}

TEST_CASE("the header that the first test of a size settles on is that of the others", "[search]") {
  Path path;
  path.found_bytes = 30;
  path.found_header = HeaderKind::compact;  // over IPv6
  REQUIRE(find_rate_by_size(request_for(), {50}, path).sizes.size() == 1);
  REQUIRE(path.tests.size() > 1);
  CHECK(path.tests.front().params.header == HeaderKind::full);
  for (std::size_t i = 1; i < path.tests.size(); ++i) {
    CHECK(path.tests[i].params.header == HeaderKind::compact);
    CHECK(path.tried[i] == 30);
    CHECK_FALSE(path.tests[i].any_header);
  }
}

TEST_CASE("each way is searched by itself, upward first", "[search]") {
  Path path;
  const FoundRate found = find_rate(request_for(Direction::both), path);
  REQUIRE(found.first);
  REQUIRE(found.down);
  CHECK(found.first->way == Way::up);
  CHECK(found.down->way == Way::down);
  CHECK(found.outcome.status == TestStatus::complete);
  CHECK(found.outcome.params.direction == Direction::both);
  CHECK(found.outcome.up);
  CHECK(found.outcome.down);
  CHECK(path.tests.front().params.direction == Direction::up);
  CHECK(path.tests.back().params.direction == Direction::down);
  CHECK(path.tests.back().params.rate_up.kind == SendRate{}.kind);
}

TEST_CASE("a search that the user stops tells what it knows", "[search]") {
  Path path;
  path.stop_after = 3;
  const FoundRate found = find_rate(request_for(), path);
  CHECK(path.tests.size() == 3);
  CHECK(found.outcome.status == TestStatus::interrupted);
  REQUIRE(found.outcome.error);
  CHECK(found.outcome.error->code == ErrorCode::cut_short);
  REQUIRE(found.first);
  CHECK(found.first->trials.size() == 2);  // the third was cut short
  CHECK(path.told == 2);
}

TEST_CASE("datagrams that leave singly anyhow are sent without offload", "[search]") {
  Path path;
  Request request = request_for();
  request.max_rate_bps = 100'000;  // 8 datagrams of 1472 B a second
  REQUIRE(find_rate(request, path).first);
  CHECK(path.tests.front().params.gso == OffloadMode::off);
}
