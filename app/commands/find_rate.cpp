#include "app/commands/find_rate.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "report/writer.hpp"

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
  void on_interval(const engine::LiveInterval& /*interval*/) override {}
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

/// Runs trials as the command's tests are run, and tells of them.
class ToldTrials final : public search::TrialRunner {
 public:
  ToldTrials(const ClientCommand& command, const TestRunner& runner, const TestSetting& setting,
             Renderer& renderer, ClientReporter& reporter)
      : command_(command),
        runner_(runner),
        setting_(setting),
        renderer_(renderer),
        reporter_(reporter) {}

  [[nodiscard]] TestOutcome run(const search::TrialTest& test) override {
    reporter_.restart_progress();
    return runner_(TestSetting{trial_options(setting_.options, test), setting_.clock,
                               setting_.random, *observer_, setting_.stop, setting_.log});
  }
  [[nodiscard]] MonoTime now() const override { return setting_.clock.now(); }
  [[nodiscard]] bool stopped() const override { return setting_.stop.requested(); }

  void on_search(std::optional<std::uint32_t> payload_bytes) override {
    observer_.emplace(reporter_);
    if (payload_bytes) {
      reporter_.say("datagrams of " + std::to_string(*payload_bytes) + " B");
    }
    const bool both = command_.options.params.direction == Direction::both;
    reporter_.say("the path to " + command_.options.host +
                  " is filled, again and again, for up to " +
                  format_duration(command_.search.time * (both ? 2 : 1)));
  }
  void on_trial(const search::TrialPart& trial, Way way) override {
    reporter_.say(report::trial_line(trial));
    reporter_.emit(renderer_.trial(trial, way, setting_.clock.unix_now()));
  }
  void on_size(const search::FoundRate& found) override {
    reporter_.emit(renderer_.size(document_of(found)));
  }

 private:
  const ClientCommand& command_;
  const TestRunner& runner_;
  const TestSetting& setting_;
  Renderer& renderer_;
  ClientReporter& reporter_;
  std::optional<TrialObserver> observer_;  ///< of the search that runs
};

std::optional<double> as_bps(const std::optional<BitRate>& rate) {
  return rate ? std::optional{static_cast<double>(rate->bps())} : std::nullopt;
}

}  // namespace

search::Request search_request(const ClientCommand& command, const TestParams& params) {
  search::Request request;
  request.algorithm = command.search.algorithm;
  request.max_loss = command.search.max_loss;
  request.max_rate_bps = as_bps(command.search.max_rate);
  request.min_rate_bps = as_bps(command.search.min_rate);
  request.time = command.search.time;
  request.params = params;
  request.header = command.header;
  return request;
}

engine::ClientOptions trial_options(const engine::ClientOptions& options,
                                    const search::TrialTest& trial) {
  constexpr Duration kPatience = 1s;
  constexpr Duration kRetryBusy = 2s;  // the trial before may still be on the server's books
  engine::ClientOptions out = options;
  out.params = trial.params;
  out.feedback_patience = kPatience;
  out.few_probes = true;  // what they take of a slow bottleneck is missing in the answer
  if (trial.size != search::SizeOf::asked) {
    out.auto_packet_size = false;
    out.profile.ip_sizes = trial.size == search::SizeOf::listed;
    out.profile.header =
        trial.any_header ? traffic::HeaderChoice::fitted : traffic::HeaderChoice::fixed;
  }
  if (!trial.first) {
    out.retry_busy = std::max<Duration>(out.retry_busy, kRetryBusy);
  }
  return out;
}

result::ResultDocument document_of(const search::FoundRate& found) {
  auto document = result::build_result(found.outcome);
  if (found.outcome.status != TestStatus::error) {
    document.search = found.first;
    document.search_down = found.down;
    document.search_sizes = found.sizes;
  }
  return document;
}

search::FoundRate find_rate(const ClientCommand& command, const TestRunner& runner,
                            const TestSetting& setting, Renderer& renderer,
                            ClientReporter& reporter) {
  ToldTrials trials{command, runner, setting, renderer, reporter};
  const search::Request request = search_request(command, setting.options.params);
  return command.search.sizes.empty()
             ? search::find_rate(request, trials)
             : search::find_rate_by_size(request, command.search.sizes, trials);
}

}  // namespace udperf::app
