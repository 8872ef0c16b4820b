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
  const double length = v.end_s - v.start_s;
  const auto rate = [length](std::uint64_t bytes) {
    return length > 0 ? Json(8.0 * static_cast<double>(bytes) / length) : Json(nullptr);
  };
  const auto arrived = [&v](const Json& value) { return v.sent_alone ? Json(nullptr) : value; };
  const auto sent = [&v](const Json& value) { return v.sent_alone ? value : Json(nullptr); };
  const IntervalView::Sent own = v.sent_alone.value_or(IntervalView::Sent{});
  return dump(event("interval", now, seq_++,
                    Json{{"direction", v.way == Way::up ? "up" : "down"},
                         {"start_s", v.start_s},
                         {"end_s", v.end_s},
                         {"packets", arrived(v.packets)},
                         {"payload_bytes", arrived(v.payload_bytes)},
                         {"goodput_bps", arrived(rate(v.payload_bytes))},
                         {"lost", arrived(v.lost)},
                         {"duplicates", arrived(v.duplicates)},
                         {"reordered", arrived(v.reordered)},
                         {"provisional", true},
                         {"sent_packets", sent(own.packets)},
                         {"offered_bps", sent(rate(own.payload_bytes))}}),
              -1);
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
