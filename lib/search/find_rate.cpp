#include "search/find_rate.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "pacing/schedule.hpp"
#include "search/capacity_search.hpp"
#include "search/rate_search.hpp"

namespace udperf::search {
namespace {

using namespace std::chrono_literals;

/// How much an outcome says about the answer: the confirmation that passed most of all.
int weight_of(const Trial& trial, Verdict verdict) {
  if (verdict == Verdict::unusable) {
    return 0;
  }
  if (trial.step == Step::adjust) {  // what is reported is this one's
    return 4;
  }
  if (trial.step != Step::confirm) {
    return 1;
  }
  return verdict == Verdict::passed ? 3 : 2;
}

CapacityGoal capacity_goal(const Request& request, Way way) {
  constexpr Duration kForVerification = 5s;
  CapacityGoal goal;
  goal.way = way;
  goal.max_loss = request.max_loss.value_or(1);
  goal.max_rate_bps = request.max_rate_bps;
  goal.time = request.time;
  goal.test_interval = request.time - kForVerification;
  return goal;
}

Goal rate_goal(const Request& request, Way way) {
  Goal goal;
  goal.way = way;
  goal.max_loss = request.max_loss.value_or(0);
  goal.max_rate_bps = request.max_rate_bps;
  goal.min_rate_bps = request.min_rate_bps;
  goal.time = request.time;
  goal.payload_bytes = request.params.payload_bytes;
  return goal;
}

/// At this rate no two datagrams are sent together anyhow.
bool leaves_singly(const TestParams& params, Way way) {
  constexpr std::uint64_t kAny = 128;
  const SendRate& rate = params.rate(way);
  if (rate.kind != SendRate::Kind::bits) {
    return false;
  }
  const auto period = pacing::PacketPeriod::of(rate, params.payload_bytes, params.streams);
  return pacing::burst_for(period, pacing::BurstWindow::kSteps[0], kAny) == 1;
}

/// The search of one direction.
class WaySearch {
 public:
  WaySearch(const Request& request, SizeOf size, Way way, TrialRunner& runner)
      : request_(request), size_(size), way_(way), runner_(runner), search_(make(request, way)) {}

  void run() {
    const MonoTime begun = runner_.now();
    const auto elapsed = [&] { return runner_.now() - begun; };
    while (const auto trial = next(elapsed())) {
      TestOutcome outcome = runner_.run(test_of(*trial));
      if (runner_.stopped() || outcome.status == TestStatus::error) {
        cut_short(std::move(outcome));
        return;
      }
      if (outcome.status == TestStatus::complete) {
        found_ = Found{outcome.params.payload_bytes, outcome.params.header};
      }
      const Observation seen = observe(outcome, way_);
      const auto verdict =
          std::visit([&](auto& search) { return search.finished(seen, elapsed()); }, search_);
      keep(std::move(outcome), weight_of(*trial, verdict));
      runner_.on_trial(answer().trials.back(), way_);
    }
  }

  [[nodiscard]] bool complete() const { return outcome_.status == TestStatus::complete; }
  [[nodiscard]] const Answer& answer() const {
    return std::visit([](const auto& search) -> const Answer& { return search.answer(); }, search_);
  }
  [[nodiscard]] TestOutcome& outcome() { return outcome_; }

 private:
  using Search = std::variant<RateSearch, CapacitySearch>;
  /// What the first test settled on.
  struct Found {
    std::uint32_t payload_bytes;
    HeaderKind header;
  };

  static Search make(const Request& request, Way way) {
    if (request.algorithm == Algorithm::rfc9097) {
      return CapacitySearch{capacity_goal(request, way)};
    }
    return RateSearch{rate_goal(request, way)};
  }

  std::optional<Trial> next(Duration elapsed) {
    return std::visit([elapsed](auto& search) { return search.next(elapsed); }, search_);
  }

  [[nodiscard]] TrialTest test_of(const Trial& trial) const {
    TrialTest test;
    test.params = request_.params;
    test.size = size_;
    test.any_header = size_ == SizeOf::listed && !request_.header;
    test.first = answer().trials.empty();
    TestParams& params = test.params;
    params.direction = way_ == Way::up ? Direction::up : Direction::down;
    params.amount = Amount{0, 0, trial.duration};
    params.interval = trial.interval;
    const bool adjusted = trial.step == Step::adjust;
    params.rate_up = params.rate_down = SendRate{};
    (way_ == Way::up ? params.rate_up : params.rate_down) =
        SendRate{adjusted ? SendRate::Kind::adjusted : SendRate::Kind::bits,
                 static_cast<std::uint64_t>(trial.rate_bps)};
    if (found_) {
      test.size = SizeOf::found;
      test.any_header = false;
      params.payload_bytes = found_->payload_bytes;
      params.header = found_->header;
    }
    if (params.gso == OffloadMode::automatic && (trial.single || leaves_singly(params, way_))) {
      params.gso = OffloadMode::off;  // and nothing is sent to find out whether it works
    }
    return test;
  }

  void keep(TestOutcome outcome, int weight) {
    if (weight >= weight_) {
      weight_ = weight;
      outcome_ = std::move(outcome);
    }
  }

  /// What there is stands, with the reason why there is no more.
  void cut_short(TestOutcome last) {
    if (weight_ < 0) {
      outcome_ = std::move(last);
      return;
    }
    outcome_.status = runner_.stopped() ? TestStatus::interrupted : TestStatus::incomplete;
    outcome_.error = last.error.value_or(Error{ErrorCode::cut_short, "interrupted", 0, "transfer"});
  }

  const Request& request_;
  SizeOf size_;
  Way way_;
  TrialRunner& runner_;
  Search search_;
  std::optional<Found> found_;
  TestOutcome outcome_;
  int weight_ = -1;
};

/// One outcome of both directions' confirming runs.
TestOutcome join(TestOutcome up, const TestOutcome& down) {
  up.down = down.down;
  up.params.direction = Direction::both;
  up.params.rate_down = down.params.rate_down;
  up.end = down.end;
  up.status = down.status;
  up.error = down.error;
  for (const Warning& warning : down.warnings) {
    const bool known = std::any_of(up.warnings.begin(), up.warnings.end(),
                                   [&](const Warning& w) { return w.code == warning.code; });
    if (!known) {
      up.warnings.push_back(warning);
    }
  }
  return up;
}

/// What was found before stands, with the reason why there is no more.
TestOutcome cut_off(TestOutcome found, const TestOutcome& failed) {
  found.status = TestStatus::incomplete;
  found.end = failed.end;
  found.error = failed.error;
  return found;
}

FoundRate find(const Request& request, SizeOf size, TrialRunner& runner) {
  const Direction direction = request.params.direction;
  WaySearch first{request, size, includes(direction, Way::up) ? Way::up : Way::down, runner};
  first.run();
  FoundRate found;
  found.first = first.answer();
  if (direction != Direction::both || !first.complete()) {
    found.outcome = std::move(first.outcome());
    return found;
  }
  WaySearch second{request, size, Way::down, runner};
  second.run();
  if (second.outcome().status == TestStatus::error) {
    found.outcome = cut_off(std::move(first.outcome()), second.outcome());
    return found;
  }
  found.down = second.answer();
  found.outcome = join(std::move(first.outcome()), second.outcome());
  return found;
}

Request with_size(Request request, std::uint32_t bytes) {
  request.params.payload_bytes = bytes;
  request.params.header =
      request.header.value_or(bytes < kDataHeaderBytes ? HeaderKind::compact : HeaderKind::full);
  return request;
}

/// What the search with one size adds to the table of all.
void add_answers(const FoundRate& found, std::vector<SizeAnswer>& sizes) {
  const TestOutcome& outcome = found.outcome;
  const IpFamily family = outcome.server ? outcome.server->address.family : IpFamily::v4;
  for (const auto& answer : {found.first, found.down}) {
    if (answer && outcome.status != TestStatus::error) {
      const std::uint32_t sent = outcome.params.payload_bytes;
      sizes.push_back({ethernet_frame_bytes(sent, family), sent, *answer});
    }
  }
}

}  // namespace

FoundRate find_rate(const Request& request, TrialRunner& runner) {
  runner.on_search(std::nullopt);
  return find(request, SizeOf::asked, runner);
}

FoundRate find_rate_by_size(const Request& request, const std::vector<std::uint32_t>& sizes,
                            TrialRunner& runner) {
  FoundRate all;
  std::vector<SizeAnswer> answers;
  for (const std::uint32_t bytes : sizes) {
    runner.on_search(bytes);
    FoundRate found = find(with_size(request, bytes), SizeOf::listed, runner);
    if (found.outcome.status == TestStatus::error && !answers.empty()) {
      all.outcome = cut_off(std::move(all.outcome), found.outcome);
      break;
    }
    if (!answers.empty()) {
      runner.on_size(all);
    }
    all = std::move(found);
    add_answers(all, answers);
    if (all.outcome.status != TestStatus::complete) {
      break;
    }
  }
  all.sizes = std::move(answers);
  return all;
}

}  // namespace udperf::search
