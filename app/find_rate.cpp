#include "app/find_rate.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "pacing/schedule.hpp"
#include "report/writer.hpp"
#include "search/capacity_search.hpp"
#include "search/rate_search.hpp"

namespace udperf::app {
namespace {

using namespace std::chrono_literals;

/// Of a trial's life only what is new to the user: its figures come in one line at its end.
class TrialObserver final : public engine::ClientObserver {
 public:
  explicit TrialObserver(ClientReporter& reporter) : reporter_(reporter) {}

  void on_started(const TestOutcome& outcome) override {
    if (!std::exchange(started_, true)) {
      reporter_.on_started(outcome);
    }
  }
  void on_interval(const engine::LiveInterval& interval) override { static_cast<void>(interval); }
  void on_progress(const engine::LiveProgress& progress) override {
    reporter_.on_progress(progress);
  }
  void on_warning(const Warning& warning) override {
    if (told_.insert(warning.code).second) {
      reporter_.on_warning(warning);
    }
  }
  void on_trace(const std::string& text, const std::optional<Endpoint>& peer) override {
    reporter_.on_trace(text, peer);
  }

 private:
  ClientReporter& reporter_;
  bool started_ = false;
  std::set<std::string> told_;
};

std::optional<double> as_bps(const std::optional<BitRate>& rate) {
  return rate ? std::optional{static_cast<double>(rate->bps())} : std::nullopt;
}

/// How much an outcome says about the answer: the confirmation that passed most of all.
int weight(const search::Trial& trial, search::Verdict verdict) {
  if (verdict == search::Verdict::unusable) {
    return 0;
  }
  if (trial.step == search::Step::adjust) {  // what is reported is this one's
    return 4;
  }
  if (trial.step != search::Step::confirm) {
    return 1;
  }
  return verdict == search::Verdict::passed ? 3 : 2;
}

/// The search of one direction.
class WaySearch {
 public:
  WaySearch(const ClientCommand& command, const TestRunner& runner, const TestSetting& setting,
            Way way)
      : runner_(runner), setting_(setting), way_(way), search_(make(command, way)) {}

  void run(engine::ClientObserver& observer, Renderer& renderer, ClientReporter& reporter) {
    const MonoTime begun = setting_.clock.now();
    const auto elapsed = [&] { return setting_.clock.now() - begun; };
    while (const auto trial = next(elapsed())) {
      reporter.restart_progress();
      TestOutcome outcome = run_trial(*trial, observer);
      const bool stopped = setting_.stop.requested();
      if (stopped || outcome.status == TestStatus::error) {
        cut_short(std::move(outcome));
        return;
      }
      if (outcome.status == TestStatus::complete) {
        payload_bytes_ = outcome.params.payload_bytes;
      }
      const auto seen = search::observe(outcome, way_);
      const auto verdict =
          std::visit([&](auto& search) { return search.finished(seen, elapsed()); }, search_);
      keep(std::move(outcome), weight(*trial, verdict));
      const search::TrialPart& part = answer().trials.back();
      reporter.say(report::trial_line(part));
      reporter.emit(renderer.trial(part, way_, setting_.clock.unix_now()));
    }
  }

  [[nodiscard]] bool complete() const { return outcome_.status == TestStatus::complete; }
  [[nodiscard]] const search::Answer& answer() const {
    return std::visit([](const auto& search) -> const search::Answer& { return search.answer(); },
                      search_);
  }
  [[nodiscard]] TestOutcome& outcome() { return outcome_; }

 private:
  using Search = std::variant<search::RateSearch, search::CapacitySearch>;

  static Search make(const ClientCommand& command, Way way) {
    if (command.search.algorithm == search::Algorithm::rfc9097) {
      return search::CapacitySearch{capacity_goal(command.search, way)};
    }
    return search::RateSearch{goal(command, way)};
  }

  static search::CapacityGoal capacity_goal(const SearchOptions& options, Way way) {
    constexpr Duration kForVerification = 5s;
    search::CapacityGoal goal;
    goal.way = way;
    goal.max_loss = options.max_loss.value_or(1);
    goal.max_rate_bps = as_bps(options.max_rate);
    goal.time = options.time;
    goal.test_interval = options.time - kForVerification;
    return goal;
  }

  static search::Goal goal(const ClientCommand& command, Way way) {
    search::Goal goal;
    goal.way = way;
    goal.max_loss = command.search.max_loss.value_or(0);
    goal.max_rate_bps = as_bps(command.search.max_rate);
    goal.min_rate_bps = as_bps(command.search.min_rate);
    goal.time = command.search.time;
    goal.payload_bytes = command.options.params.payload_bytes;
    return goal;
  }

  std::optional<search::Trial> next(Duration elapsed) {
    return std::visit([elapsed](auto& search) { return search.next(elapsed); }, search_);
  }

  TestOutcome run_trial(const search::Trial& trial, engine::ClientObserver& observer) {
    constexpr Duration kPatience = 1s;
    constexpr Duration kRetryBusy = 2s;  // the trial before may still be on the server's books
    engine::ClientOptions options = setting_.options;
    TestParams& params = options.params;
    params.direction = way_ == Way::up ? Direction::up : Direction::down;
    params.amount = Amount{0, 0, trial.duration};
    params.interval = trial.interval;
    const bool adjusted = trial.step == search::Step::adjust;
    params.rate_up = SendRate{};
    params.rate_down = SendRate{};
    (way_ == Way::up ? params.rate_up : params.rate_down) =
        SendRate{adjusted ? SendRate::Kind::adjusted : SendRate::Kind::bits,
                 static_cast<std::uint64_t>(trial.rate_bps)};
    options.feedback_patience = kPatience;
    options.few_probes = true;  // what they take of a slow bottleneck is missing in the answer
    if (payload_bytes_) {  // all trials have datagrams of the size that was found for the first
      options.auto_packet_size = false;
      options.profile.ip_sizes = false;
      params.payload_bytes = *payload_bytes_;
    }
    if (params.gso == OffloadMode::automatic && (trial.single || leaves_singly(params))) {
      params.gso = OffloadMode::off;  // and nothing is sent to find out whether it works
    }
    if (!answer().trials.empty()) {
      options.retry_busy = std::max<Duration>(options.retry_busy, kRetryBusy);
    }
    return runner_(TestSetting{options, setting_.clock, setting_.random, observer, setting_.stop,
                               setting_.log});
  }

  /// At this rate no two datagrams are sent together anyhow.
  [[nodiscard]] bool leaves_singly(const TestParams& params) const {
    constexpr std::uint64_t kAny = 128;
    if (params.rate(way_).kind != SendRate::Kind::bits) {
      return false;
    }
    const auto period =
        pacing::PacketPeriod::of(params.rate(way_), params.payload_bytes, params.streams);
    return pacing::burst_for(period, pacing::BurstWindow::kSteps[0], kAny) == 1;
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
    const bool interrupted = setting_.stop.requested();
    outcome_.status = interrupted ? TestStatus::interrupted : TestStatus::incomplete;
    outcome_.error = last.error.value_or(Error{ErrorCode::cut_short, "interrupted", 0, "transfer"});
  }

  const TestRunner& runner_;
  const TestSetting& setting_;
  Way way_;
  Search search_;
  std::optional<std::uint32_t> payload_bytes_;
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

/// The search with datagrams of one size. `options` have the key.
ClientCommand with_size(const ClientCommand& command, const engine::ClientOptions& options,
                        std::uint32_t bytes) {
  ClientCommand one = command;
  one.options = options;
  TestParams& params = one.options.params;
  params.payload_bytes = bytes;
  params.header =
      command.header.value_or(bytes < kDataHeaderBytes ? HeaderKind::compact : HeaderKind::full);
  one.options.auto_packet_size = false;
  one.options.profile.ip_sizes = true;
  return one;
}

}  // namespace

FoundRate find_rate(const ClientCommand& command, const TestRunner& runner,
                    const TestSetting& setting, Renderer& renderer, ClientReporter& reporter) {
  const bool both = command.options.params.direction == Direction::both;
  const Way way = includes(command.options.params.direction, Way::up) ? Way::up : Way::down;
  reporter.say("the path to " + command.options.host + " is filled, again and again, for up to " +
               format_duration(command.search.time * (both ? 2 : 1)));
  TrialObserver observer{reporter};
  WaySearch first{command, runner, setting, way};
  first.run(observer, renderer, reporter);
  FoundRate found;
  found.first = first.answer();
  if (!both || !first.complete()) {
    found.outcome = std::move(first.outcome());
    return found;
  }
  WaySearch second{command, runner, setting, Way::down};
  second.run(observer, renderer, reporter);
  if (second.outcome().status == TestStatus::error) {
    found.outcome = cut_off(std::move(first.outcome()), second.outcome());
    return found;
  }
  found.down = second.answer();
  found.outcome = join(std::move(first.outcome()), second.outcome());
  return found;
}

FoundRate find_rate_by_size(const ClientCommand& command, const TestRunner& runner,
                            const TestSetting& setting, Renderer& renderer,
                            ClientReporter& reporter) {
  FoundRate all;
  std::vector<search::SizeAnswer> sizes;
  for (const std::uint32_t bytes : command.search.sizes) {
    const ClientCommand one = with_size(command, setting.options, bytes);
    reporter.say("datagrams of " + std::to_string(bytes) + " B");
    const TestSetting sized{one.options,      setting.clock, setting.random,
                            setting.observer, setting.stop,  setting.log};
    FoundRate found = find_rate(one, runner, sized, renderer, reporter);
    if (found.outcome.status == TestStatus::error && !sizes.empty()) {
      all.outcome = cut_off(std::move(all.outcome), found.outcome);
      break;
    }
    all = std::move(found);
    const TestOutcome& outcome = all.outcome;
    const IpFamily family = outcome.server ? outcome.server->address.family : IpFamily::v4;
    for (const auto& answer : {all.first, all.down}) {
      if (answer && outcome.status != TestStatus::error) {
        const std::uint32_t sent = outcome.params.payload_bytes;
        sizes.push_back({search::ethernet_frame_bytes(sent, family), sent, *answer});
      }
    }
    if (outcome.status != TestStatus::complete) {
      break;
    }
  }
  all.sizes = std::move(sizes);
  return all;
}

}  // namespace udperf::app
