#include "app/output/server_reporter.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "report/writer.hpp"

namespace udperf::app {
namespace {

/// Of a JSON line, in bytes.
constexpr std::size_t kUsual = 8192;
constexpr std::size_t kUsualCompleted = 4096;

std::string left_out_event(std::uint64_t lines) {
  return R"({"event":"left_out","data":{"lines":)" + std::to_string(lines) + "}}";
}

}  // namespace

ServerReporter::ServerReporter(Log& log, Outputs outputs, ReadyAction on_ready)
    : log_(log), ready_action_(std::move(on_ready)) {
  if (outputs.text != nullptr) {
    text_.emplace(*outputs.text, "sessions on stdout");
  }
  if (outputs.jsonl != nullptr) {
    lines_out_.emplace(*outputs.jsonl, "JSON lines");
  }
}

void ServerReporter::on_ready(const Endpoint& local) {
  log_.info("listening on " + local.to_string());
  ready_action_(local);
}

void ServerReporter::on_service_ready(const std::string& name, const Endpoint& local) {
  log_.info("listening for " + name + " on " + local.to_string());
  services_.emplace_back(name, local);
}

void ServerReporter::on_session_opened(std::uint64_t session, const Endpoint& client,
                                       const TestParams& params) {
  ++opened_;
  if (!sessions_.limiter.admit(log_.now())) {
    return;
  }
  log_.info("session opened, " + std::to_string(params.streams) + " stream(s) of " +
                std::to_string(params.payload_bytes) + " B datagrams",
            LogContext{client, session});
}

void ServerReporter::on_session_closed(const SessionOutcome& outcome) {
  ++closed_;
  last_status_ = outcome.status;
  if (sessions_.limiter.admit(log_.now())) {
    log_.info("session closed: " + outcome.reason, LogContext{outcome.client, outcome.session});
    if (text_) {
      emit(*text_, report::session_to_text(outcome));
    }
  }
  const bool complete = outcome.status == TestStatus::complete;
  Kind& kind = complete ? completed_lines_ : lines_;
  if (lines_out_ && kind.limiter.admit(log_.now())) {
    emit_line(kind, complete ? kUsualCompleted : kUsual, report::session_to_json(outcome));
  }
}

void ServerReporter::on_fallback_closed(const engine::FallbackOutcome& outcome) {
  const std::string protocol = outcome.protocol;
  constexpr Duration kEvery = std::chrono::milliseconds{200};
  Kind& kind =
      fallbacks_.try_emplace(protocol, 100U, kEvery, protocol + " runs", true).first->second;
  ++opened_;  // that one runs is only known when it is over
  ++closed_;
  last_status_ = outcome.status;
  if (kind.limiter.admit(log_.now())) {
    log_.info(protocol + " run closed: " + outcome.reason,
              LogContext{outcome.client, std::nullopt});
    if (text_) {
      emit(*text_, outcome.text());
    }
  }
  if (lines_out_ && lines_.limiter.admit(log_.now())) {
    emit_line(lines_, kUsual, outcome.json());
  }
}

void ServerReporter::on_refused(const Endpoint& client, const engine::Refusal& refusal) {
  ++refused_;
  if (!refusals_.limiter.admit(log_.now())) {
    return;
  }
  log_.info("refused: " + refusal.sentence, LogContext{client, std::nullopt});
}

void ServerReporter::on_warning(const Warning& warning) {
  // The same trouble again within a moment is no news.
  constexpr Duration kEvery = std::chrono::seconds{10};
  Kind& kind =
      warnings_.try_emplace(warning.code, 1U, kEvery, "[" + warning.code + "]").first->second;
  if (kind.limiter.admit(log_.now())) {
    log_.warning(warning.message + " [" + warning.code + "]");
  }
}

template <class Action>
void ServerReporter::for_each_kind(const Action& action) {
  for (Kind* const kind : {&sessions_, &refusals_, &completed_lines_, &lines_}) {
    action(*kind);
  }
  for (auto* const kinds : {&fallbacks_, &warnings_}) {
    for (auto& [of, kind] : *kinds) {
      action(kind);
    }
  }
}

MonoTime ServerReporter::on_turn(MonoTime now) {
  MonoTime next = kNever;
  const auto look = [&](Kind& kind) {
    if (const auto count = kind.limiter.take_left_out(now)) {
      tell_left_out(kind, *count);
    }
    next = std::min(next, kind.limiter.due());
  };
  for_each_kind(look);
  const std::lock_guard lock{files_};
  for (auto* const output : {&text_, &lines_out_}) {
    if (*output) {
      (*output)->queue.flush();
      look_after(**output);
      next = std::min(next, (*output)->queue.due(now));
    }
  }
  return next;
}

void ServerReporter::finish(Duration patience) {
  for_each_kind([this](Kind& kind) {
    if (const auto count = kind.limiter.take_all()) {
      tell_left_out(kind, *count);
    }
  });
  const std::lock_guard lock{files_};
  for (auto* const output : {&text_, &lines_out_}) {
    if (*output) {
      (*output)->queue.finish(patience);
      look_after(**output);
      (*output)->queue.finish(patience);
      if ((*output)->left_out != 0) {
        log_.warning((*output)->name + ": " + std::to_string((*output)->left_out) +
                     " were left out");
      }
    }
  }
}

void ServerReporter::tell_left_out(Kind& kind, std::uint64_t count) {
  const std::string text = "... " + std::to_string(count) + " more like this in the last 10 s: ";
  log_.info(text + kind.name);
  if ((&kind == &lines_ || &kind == &completed_lines_) && lines_out_) {
    emit(*lines_out_, left_out_event(count));
  }
  if (kind.in_text && text_) {
    emit(*text_, text + kind.name);
  }
}

void ServerReporter::reopen() {
  Result<void> log = log_.reopen();
  Result<void> lines;
  if (lines_out_) {
    const std::lock_guard lock{files_};
    lines = lines_out_->queue.reopen();
  }
  for (const auto* done : {&log, &lines}) {
    if (!*done) {
      log_.error(done->error().message());
    }
  }
  log_.info("files opened again (SIGHUP)");
}

void ServerReporter::on_counters(const engine::ServerCounters& counters) {
  log_.info("counters: " + counters_text(counters));
}

void ServerReporter::log_tally() {
  const std::uint64_t closed = closed_;  // read first: never more than were opened
  const std::uint64_t opened = opened_;
  log_.info("sessions: active=" + std::to_string(opened - closed) +
            " opened=" + std::to_string(opened) + " closed=" + std::to_string(closed) +
            " refused=" + std::to_string(refused_));
}

void ServerReporter::emit(Output& output, const std::string& text) {
  const bool ended = !text.empty() && text.back() == '\n';
  const std::lock_guard lock{files_};
  output.queue.put(ended ? text : text + "\n");
  look_after(output);
}

/// A JSON line that was admitted. One with many rows counts as several.
void ServerReporter::emit_line(Kind& kind, std::size_t usual, const std::string& text) {
  emit(*lines_out_, text);
  kind.limiter.charge(text.size() / usual, log_.now());
}

/// Tells once that something could not be written, and how much when that goes again.
void ServerReporter::look_after(Output& output) {
  const auto now_left_out = output.queue.take_left_out();
  output.left_out += now_left_out.count;
  if (now_left_out.count != 0 && !std::exchange(output.said, true)) {
    if (now_left_out.reason.empty()) {
      log_.warning(output.name + " are left out: nobody reads them, or not fast enough");
    } else {
      log_.error(now_left_out.reason);
    }
  }
  if (output.left_out == 0 || !output.queue.goes()) {
    return;
  }
  log_.info(output.name + " are written again, " + std::to_string(output.left_out) +
            " were left out");
  if (lines_out_ && &output == &*lines_out_) {
    output.queue.put(left_out_event(output.left_out) + "\n");
  }
  output.left_out = 0;
  output.said = false;
}

std::string counters_text(const engine::ServerCounters& counters) {
  std::vector<engine::NamedCount> rows{{"hellos", counters.hellos},
                                       {"challenges", counters.challenges},
                                       {"bad_cookies", counters.bad_cookies},
                                       {"expired_cookies", counters.expired_cookies},
                                       {"malformed", counters.malformed},
                                       {"unknown_session", counters.unknown_session},
                                       {"denied", counters.denied},
                                       {"unauthenticated", counters.unauthenticated},
                                       {"rate_limited", counters.rate_limited},
                                       {"out_of_memory", counters.out_of_memory},
                                       {"refused", counters.refused},
                                       {"sessions", counters.sessions},
                                       {"light_sessions", counters.light_sessions}};
  rows.insert(rows.end(), counters.of_others.begin(), counters.of_others.end());
  std::string text;
  for (const auto& [name, value] : rows) {
    text += (text.empty() ? "" : " ") + std::string{name} + "=" + std::to_string(value);
  }
  return text;
}

}  // namespace udperf::app
