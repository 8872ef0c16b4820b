#include <poll.h>

#include <atomic>
#include <cerrno>
#include <chrono>

#include "app/monitor/light_source.hpp"
#include "clock/system_clock.hpp"
#include "support/catch.hpp"

namespace udperf::app {
namespace {

using namespace std::chrono_literals;
using monitor::RoundResult;
using monitor::RoundStatus;
using rounds::Ending;

constexpr Duration kDay = 24h;

MonitorSetup setup_of(const std::string& text) {
  std::vector<std::string> errors;
  MonitorCommand command;
  command.config = "m.yaml";
  auto setup = make_setup(command, text, errors);
  CAPTURE(errors);
  REQUIRE(setup);
  return *std::move(setup);
}

rounds::Round round_of(Ending ending, std::uint64_t engine_id = 1) {
  rounds::Round round;
  round.target = engine_id;
  round.ending = ending;
  if (ending == Ending::complete || ending == Ending::cut_short) {
    round.outcome.status =
        ending == Ending::complete ? TestStatus::complete : TestStatus::incomplete;
    round.length = 10s;
  } else {
    const bool refused = ending == Ending::busy || ending == Ending::denied;
    round.outcome.error =
        Error{refused ? ErrorCode::refused : ErrorCode::unreachable, "no", 0, "connect"};
  }
  return round;
}

engine::ClientOptions options_to(const std::string& host) {
  engine::ClientOptions options;
  options.host = host;
  options.params = rounds::light_params();
  return options;
}

/// A source whose rounds are told by the test: those of its own are a day away.
struct Source {
  SystemClock clock;
  std::atomic<int> news{0};
  LightSource source{clock, [this] { ++news; }};

  void watch(std::uint64_t target, std::uint64_t last_number = 0) {
    source.watch(target, options_to("127.0.0.1"), kDay, last_number);
  }
  void tell(rounds::Round round) {
    static_cast<rounds::Listener&>(source).on_round(std::move(round));
  }
  std::vector<std::uint64_t> numbers() {
    std::vector<std::uint64_t> numbers;
    for (const RoundResult& result : source.take()) {
      numbers.push_back(result.number);
    }
    return numbers;
  }
};

TEST_CASE("a module that is a call without a profile sends what its codec does") {
  const MonitorSetup setup = setup_of(R"(
modules:
  call: {voice: g711-plc, every: 60s, fail-mos: 4.0}
  short: {voice: g729, packets: 100}
  slow: {voice: g711, rate: 10pps}
)");
  const auto params = [&](const char* module) -> const TestParams& {
    return setup.modules.at(module).client.options.params;
  };
  CHECK(params("call").direction == Direction::both);
  CHECK(params("call").rate_up.value == 50'000);
  CHECK(params("call").rate_down.value == 50'000);
  CHECK(params("call").payload_bytes == 172);
  CHECK(params("call").shape_up.spacing == Spacing::even);
  CHECK(params("call").amount.duration == 10s);
  CHECK_FALSE(setup.modules.at("call").timing.heavy);
  CHECK(params("short").rate_up.value == 50'000);
  CHECK(params("short").amount.packets == 100);
  CHECK(params("slow").rate_up.value == 10'000);
}

TEST_CASE("light rounds are those that fill the time to the next") {
  const MonitorSetup setup = setup_of(R"(
modules:
  quick: {every: 1s, packets: 20}
  third: {every: 3s}
  ninth: {every: 9s}
  voice: {packet-size: 160, rate: 50pps, packets: 500, dscp: ef, every: 10s}
  day: {every: 24h}
  nightly: {rate: 10pps, at: "03:10"}
  fast: {rate: 100M, every: 1h}
  dense: {every: 1s}
  oneway: {direction: up}
  patient: {realtime: off}
)");
  const auto taken = [&setup](const char* module) {
    return LightSource::takes(setup.modules.at(module));
  };
  for (const char* const module : {"light", "quick", "third", "ninth", "voice"}) {
    CAPTURE(module);
    CHECK(taken(module));
  }
  for (const char* const module : {"day", "nightly", "fast", "dense", "oneway", "patient"}) {
    CAPTURE(module);
    CHECK_FALSE(taken(module));
  }
}

TEST_CASE("what became of a light round is told in the monitor's words") {
  const auto status = [](Ending ending) { return light_result(round_of(ending), 10s).status; };
  CHECK(status(Ending::complete) == RoundStatus::complete);
  CHECK(status(Ending::cut_short) == RoundStatus::cut_short);
  CHECK(status(Ending::unreachable) == RoundStatus::unreachable);
  CHECK(status(Ending::refused) == RoundStatus::unreachable);
  CHECK(status(Ending::timeout) == RoundStatus::unreachable);
  CHECK(status(Ending::busy) == RoundStatus::refused);
  CHECK(status(Ending::denied) == RoundStatus::refused);
  CHECK(status(Ending::name) == RoundStatus::failed);
  CHECK(status(Ending::failed) == RoundStatus::failed);
  CHECK(status(Ending::not_measured) == RoundStatus::not_measured);

  rounds::Round ours = round_of(Ending::unreachable);
  ours.outcome.error->os_error = ENETUNREACH;
  CHECK(light_result(ours, 10s).status == RoundStatus::failed);  // this host has no network
}

TEST_CASE("a round in which the target was not asked is not measured") {
  rounds::Round round = round_of(Ending::not_measured);
  round.tried = false;
  const RoundResult result = light_result(round, 10s);
  CHECK(result.status == RoundStatus::not_measured);
  CHECK(result.rounds == 1);
  CHECK_FALSE(result.tried);
  CHECK_FALSE(result.not_asked);  // the server had said no
  CHECK_FALSE(result.up);
  round.target_down = true;
  CHECK(light_result(round, 10s).not_asked);
}

TEST_CASE("a gap is as long as the rounds that it stands for, and holds no books") {
  rounds::Round round = round_of(Ending::not_measured);
  round.intervals = 7;
  round.outcome.status = TestStatus::interrupted;
  round.outcome.rtt_idle.emplace().sent = 3;
  const RoundResult result = light_result(round, 10s);
  CHECK(result.rounds == 7);
  CHECK(result.length == 70s);
  CHECK_FALSE(result.rtt);
}

TEST_CASE("light rounds are numbered from 1, gaps as many as they stand for") {
  Source light;
  light.watch(70);
  light.tell(round_of(Ending::complete));
  rounds::Round gap = round_of(Ending::not_measured);
  gap.intervals = 4;
  light.tell(gap);
  light.tell(round_of(Ending::complete));
  light.tell(round_of(Ending::complete, 99));  // nobody's
  CHECK(light.news == 3);
  CHECK(light.numbers() == std::vector<std::uint64_t>{1, 5, 6});
  CHECK(light.numbers().empty());

  const auto missed = light.source.slept(3 * kDay + 1h, light.clock.now());
  REQUIRE(missed.size() == 1);
  CHECK(missed.front().target == 70);
  CHECK(missed.front().number == 9);
  CHECK(missed.front().missed == 3);
  CHECK(light.source.slept(1h, light.clock.now()).empty());
  light.tell(round_of(Ending::complete));
  CHECK(light.numbers() == std::vector<std::uint64_t>{10});
}

TEST_CASE("numbers go on under new options, and nothing is told of who was left") {
  Source light;
  light.watch(70, 41);
  light.tell(round_of(Ending::complete));
  light.watch(70);  // is 2 at the engine
  light.tell(round_of(Ending::complete, 2));
  CHECK(light.numbers() == std::vector<std::uint64_t>{42, 43});
  CHECK(light.source.watches(70));
  CHECK(light.source.size() == 1);
  light.tell(round_of(Ending::complete, 2));
  light.source.leave(70);
  light.tell(round_of(Ending::complete, 2));
  CHECK(light.numbers().empty());
  CHECK_FALSE(light.source.watches(70));
  light.source.stop();
}

TEST_CASE("a round that new options end says nothing of its target, others do") {
  Source light;
  light.watch(70);
  light.watch(70);  // is 2 at the engine
  light.tell(round_of(Ending::not_measured, 1));
  light.tell(round_of(Ending::timeout, 1));  // which the server did not answer before
  light.tell(round_of(Ending::not_measured, 2));
  const auto taken = light.source.take();
  REQUIRE(taken.size() == 3);
  CHECK_FALSE(taken[0].tried);
  CHECK(taken[0].status == RoundStatus::not_measured);
  REQUIRE(taken[0].error);
  CHECK(taken[0].error->what == "not ended: its module was changed");
  CHECK(taken[0].number == 1);
  CHECK_FALSE(taken[0].not_asked);
  CHECK(taken[1].tried);
  CHECK(taken[1].status == RoundStatus::unreachable);
  CHECK(taken[2].tried);
  light.source.stop();
}

TEST_CASE("rounds that nobody takes are kept up to a bound, and the others told as one gap") {
  constexpr std::uint64_t kRounds = 5000;
  Source light;
  light.watch(70);
  for (std::uint64_t i = 0; i < kRounds; ++i) {
    rounds::Round round = round_of(Ending::complete);
    round.start = UnixTime{1'800'000'000s} + i * 10s;
    light.tell(std::move(round));
  }
  const auto taken = light.source.take();
  REQUIRE(taken.size() >= 100);
  REQUIRE(taken.size() < kRounds / 2);
  const RoundResult& gap = taken.back();
  const std::uint64_t kept = taken.size() - 1;
  CHECK(taken[kept - 1].status == RoundStatus::complete);
  CHECK(taken[kept - 1].number == kept);
  CHECK(gap.status == RoundStatus::not_measured);
  CHECK(gap.rounds == kRounds - kept);
  CHECK(gap.number == kRounds);
  CHECK(gap.start == UnixTime{1'800'000'000s} + kept * 10s);
  light.tell(round_of(Ending::complete));
  CHECK(light.numbers() == std::vector<std::uint64_t>{kRounds + 1});
}

TEST_CASE("addresses are known at once, names when somebody says them") {
  const SystemClock clock;
  std::mutex mutex;
  std::map<std::uint64_t, Result<std::vector<Endpoint>>> known;
  AddressBook book{clock, [&](std::uint64_t target, Result<std::vector<Endpoint>> servers) {
                     const std::lock_guard lock{mutex};
                     known.insert_or_assign(target, std::move(servers));
                   }};
  const auto has = [&](std::uint64_t target) {
    const std::lock_guard lock{mutex};
    return known.contains(target);
  };
  book.watch(1, {"127.1.2.3", 7000, std::nullopt});
  REQUIRE(has(1));
  REQUIRE(known.at(1));
  CHECK(known.at(1)->front().to_string() == "127.1.2.3:7000");

  // Longer than a label may be, so that no name server is asked.
  const std::string nobody = std::string(70, 'x') + ".invalid";
  book.watch(2, {nobody, 7000, std::nullopt});
  for (int i = 0; i < 600 && !has(2); ++i) {
    ::poll(nullptr, 0, 50);
  }
  REQUIRE(has(2));
  book.stop();
  REQUIRE_FALSE(known.at(2));
  CHECK(known.at(2).error().message().find(nobody) != std::string::npos);
}

}  // namespace
}  // namespace udperf::app
