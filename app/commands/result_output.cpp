#include "app/commands/result_output.hpp"

#include <cerrno>

#include "html/report_page.hpp"
#include "report/writer.hpp"

namespace udperf::app {

bool ResultOutput::put(const Result<std::string>& text) {
  std::optional<Error> problem = reporter_.write_error();
  if (!text) {
    problem = text.error();
  } else if (const auto done = files_.output.write(*text); !done) {
    problem = done.error();
  }
  if (problem) {  // who closed the pipe knows it
    files_.log.write(problem->os_error == EPIPE ? LogLevel::info : LogLevel::error,
                     problem->message());
  }
  return !problem;
}

bool ResultOutput::put_last(const Result<std::string>& text,
                            const result::ResultDocument& document) {
  return put(text) && put_page(document);
}

bool ResultOutput::put_page(const result::ResultDocument& document) {
  if (!files_.page) {
    return true;
  }
  const auto done = files_.page->write(html::report_page(report::to_json(document)));
  if (!done) {
    files_.log.error(done.error().message());
  }
  return done.has_value();
}

void ResultOutput::say_error(const TestOutcome& outcome) {
  if (outcome.error) {  // an interruption is what the user wanted
    const auto level = outcome.status == TestStatus::interrupted ? LogLevel::info : LogLevel::error;
    files_.log.write(level, outcome.error->message(), LogContext{outcome.server, outcome.session});
  }
}

ThresholdsMet ResultOutput::judge(const result::ResultDocument& document) {
  if (document.status != TestStatus::complete) {
    return ThresholdsMet::no;
  }
  const auto missed = missed_thresholds(command_.thresholds, measured_by(document));
  for (const std::string& sentence : missed) {
    files_.log.error(sentence);
  }
  return missed.empty() ? ThresholdsMet::yes : ThresholdsMet::no;
}

}  // namespace udperf::app
