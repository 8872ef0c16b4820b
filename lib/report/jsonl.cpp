#include "report/fields/parts.hpp"
#include "report/json_tree.hpp"
#include "report/writer.hpp"

namespace udperf::report {
namespace {

Json event(const char* name, UnixTime now, std::uint64_t seq, Json data) {
  return Json{{"event", name}, {"t_unix_ns", to_ns(now)}, {"seq", seq}, {"data", std::move(data)}};
}

}  // namespace

std::string JsonlWriter::start(const TestOutcome& outcome, UnixTime now) {
  if (finished_) {
    return {};
  }
  Json test = test_tree(outcome);
  test["end_unix_ns"] = nullptr;  // yet to come
  return dump(event("start", now, seq_++, std::move(test)), -1);
}

std::string JsonlWriter::interval(const IntervalView& v, UnixTime now) {
  if (finished_) {
    return {};
  }
  return dump(event("interval", now, seq_++, tree_of(live_interval_fields(), v)), -1);
}

std::string JsonlWriter::trial(const search::TrialPart& trial, Way way, UnixTime now) {
  return finished_ ? std::string{} : dump(event("trial", now, seq_++, trial_event(trial, way)), -1);
}

std::string JsonlWriter::run(const result::ResultDocument& document, UnixTime now) {
  return finished_ ? std::string{} : dump(event("run", now, seq_++, document_tree(document)), -1);
}

std::string JsonlWriter::finish(const result::ResultDocument& document, UnixTime now) {
  if (finished_) {
    return {};
  }
  finished_ = true;
  const bool error = document.status == TestStatus::error;
  return dump(event(error ? "error" : "end", now, seq_++, document_tree(document)), -1);
}

}  // namespace udperf::report
