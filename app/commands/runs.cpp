#include "app/commands/runs.hpp"

#include <vector>

#include "app/commands/find_rate.hpp"
#include "app/exit_code.hpp"
#include "result/document.hpp"

namespace udperf::app {
namespace {

class Series {
 public:
  Series(const ClientCommand& command, const TestRunner& runner, const TestSetting& setting,
         ResultOutput& output)
      : command_(command), runner_(runner), setting_(setting), output_(output) {}

  int run(Renderer& renderer, ClientReporter& reporter) {
    int code = exit_ok;
    for (std::uint32_t number = 1;; ++number) {
      const TestOutcome outcome = runner_(setting_);
      reporter.end_progress();
      auto document = result::build_result(outcome);
      runs_.push_back(result::shorten(document));
      const bool complete = outcome.status == TestStatus::complete;
      const bool last = number >= command_.repeat || !complete || setting_.stop.requested();
      const bool told = last ? tell_last(document, renderer)
                             : output_.put(renderer.run(document, setting_.clock.unix_now()));
      output_.say_error(outcome);
      if (!told) {
        return exit_internal;
      }
      const int this_code = exit_code(outcome, setting_.stop.signal(), output_.judge(document));
      code = this_code == exit_ok ? code : this_code;
      if (last) {
        // All that ran is complete, but not all that was asked for.
        return complete && number < command_.repeat ? signal_code() : code;
      }
      reporter.pause(command_.gap);
      if (setting_.stop.requested()) {
        const auto whole = summed_up(document);
        const auto rest = renderer.stopped(whole, setting_.clock.unix_now());
        return output_.put_last(rest, whole) ? signal_code() : exit_internal;
      }
    }
  }

 private:
  bool tell_last(const result::ResultDocument& document, Renderer& renderer) const {
    const auto whole = summed_up(document);
    return output_.put_last(renderer.finished(whole, setting_.clock.unix_now()), whole);
  }

  [[nodiscard]] int signal_code() const { return exit_code_of_signal(setting_.stop.signal()); }

  /// The last document, with what all runs came to where there are several.
  [[nodiscard]] result::ResultDocument summed_up(result::ResultDocument document) const {
    if (command_.repeat > 1) {
      document.repeats = result::build_repeats(command_.repeat, runs_);
    }
    return document;
  }

  const ClientCommand& command_;
  const TestRunner& runner_;
  TestSetting setting_;
  ResultOutput& output_;
  std::vector<result::RunPart> runs_;
};

}  // namespace

int run_search(const ClientCommand& command, const TestRunner& runner, const TestSetting& setting,
               Renderer& renderer, ClientReporter& reporter, ResultOutput& output) {
  const search::FoundRate found = find_rate(command, runner, setting, renderer, reporter);
  reporter.end_progress();
  const auto document = document_of(found);
  const auto text = renderer.finished(document, setting.clock.unix_now());
  output.say_error(found.outcome);
  if (!output.put_last(text, document)) {
    return exit_internal;
  }
  return exit_code(found.outcome, setting.stop.signal(), output.judge(document));
}

int run_series(const ClientCommand& command, const TestRunner& runner, const TestSetting& setting,
               Renderer& renderer, ClientReporter& reporter, ResultOutput& output) {
  return Series{command, runner, setting, output}.run(renderer, reporter);
}

}  // namespace udperf::app
