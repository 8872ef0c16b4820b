#include "app/output/render.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <nlohmann/json.hpp>

#include "engine/client_outcome.hpp"

namespace udperf::app {
namespace {

double seconds(Duration time) {
  return std::chrono::duration<double>{time}.count();
}

report::IntervalView view_of(const engine::LiveInterval& interval) {
  report::IntervalView view;
  view.way = interval.way;
  view.start_s = seconds(interval.start);
  view.end_s = seconds(interval.end);
  view.packets = interval.packets;
  view.payload_bytes = interval.bytes;
  view.lost = interval.lost;
  view.duplicates = interval.duplicates;
  view.reordered = interval.reordered;
  if (interval.sent_alone) {
    view.sent_alone = {interval.sent_alone->packets, interval.sent_alone->bytes};
  }
  return view;
}

}  // namespace

Renderer::Renderer(const OutputOptions& options, const report::TextStyle& style)
    : options_(options), style_(style) {}

std::string Renderer::started(const TestOutcome& outcome, UnixTime now) {
  if (options_.format == OutputFormat::jsonl) {
    return jsonl_.start(outcome, now);
  }
  return shows_intervals() ? report::interval_header(style_) : std::string{};
}

std::string Renderer::interval(const engine::LiveInterval& interval, UnixTime now) {
  if (options_.format == OutputFormat::jsonl) {
    return jsonl_.interval(view_of(interval), now);
  }
  return shows_intervals() ? report::interval_line(view_of(interval), style_) : std::string{};
}

std::string Renderer::trial(const search::TrialPart& trial, Way way, UnixTime now) {
  return options_.format == OutputFormat::jsonl ? jsonl_.trial(trial, way, now) : std::string{};
}

std::string Renderer::size(const result::ResultDocument& document) {
  // All others have the sizes in the last one's document.
  return options_.format == OutputFormat::csv ? csv(document) : std::string{};
}

Result<std::string> Renderer::run(const result::ResultDocument& document, UnixTime now) {
  switch (options_.format) {
    case OutputFormat::json:
      return std::string{};  // one document, at the end
    case OutputFormat::jsonl:
      return jsonl_.run(document, now);
    case OutputFormat::text:
      return report::to_text(document, style_) + "\n";
    default:
      return finished(document, now);
  }
}

Result<std::string> Renderer::stopped(const result::ResultDocument& document, UnixTime now) {
  switch (options_.format) {
    case OutputFormat::json:
    case OutputFormat::jsonl:
      return finished(document, now);
    case OutputFormat::text:
      return report::repeats_to_text(document, style_);
    default:
      return std::string{};
  }
}

Result<std::string> Renderer::finished(const result::ResultDocument& document, UnixTime now) {
  // Without a test there is nothing to tell people but the error, on stderr.
  const bool has_figures = document.status != TestStatus::error;
  switch (options_.format) {
    case OutputFormat::json:
      return report::to_json(document);
    case OutputFormat::jsonl:
      return jsonl_.finish(document, now);
    case OutputFormat::csv:
      return csv(document);
    case OutputFormat::print:
      return report::print_fields(document, options_.fields);
    case OutputFormat::text:
      break;
  }
  return (has_figures ? report::to_text(document, style_) : std::string{}) +
         report::repeats_to_text(document, style_) + report::search_to_text(document, style_);
}

std::string Renderer::csv(const result::ResultDocument& document) {
  return (std::exchange(csv_begun_, true) ? std::string{} : report::csv_header()) +
         report::to_csv(document);
}

bool Renderer::shows_intervals() const {
  return options_.format == OutputFormat::text && options_.live_intervals &&
         options_.verbosity == Verbosity::normal;
}

report::TextStyle text_style(const OutputOptions& options, bool is_terminal, std::size_t columns) {
  constexpr std::size_t kLeast = 20;
  constexpr std::size_t kMost = 120;  // longer lines are hard to read
  report::TextStyle style;
  style.color = choose_colors(options.color, is_terminal) == Colors::on;
  style.width = is_terminal ? static_cast<int>(std::clamp(columns, kLeast, kMost)) : style.width;
  style.details = options.details;
  style.unicode = choose_glyphs() == Glyphs::unicode;
  return style;
}

TestOutcome failed_outcome(const Error& error, const engine::ClientOptions& options, UnixTime now) {
  TestOutcome outcome = engine::planned_outcome(options);
  outcome.status = TestStatus::error;
  outcome.error = error;
  outcome.start = now;
  outcome.end = now;
  return outcome;
}

std::string ready_event(const Endpoint& local,
                        const std::vector<std::pair<std::string, Endpoint>>& services) {
  nlohmann::ordered_json event;
  event["event"] = "ready";
  event["data"]["address"] = local.address.to_string();
  event["data"]["port"] = local.port;
  for (const auto& [name, at] : services) {
    event["data"][name + "_port"] = at.port;
  }
  return event.dump() + "\n";
}

}  // namespace udperf::app
