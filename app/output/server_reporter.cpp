#include "app/output/server_reporter.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "report/writer.hpp"

namespace udperf::app {

ServerReporter::ServerReporter(Log& log, Outputs outputs, ReadyAction on_ready)
    : log_(log), outputs_(outputs), ready_action_(std::move(on_ready)) {}

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
    if (outputs_.text != nullptr) {
      emit(*outputs_.text, report::session_to_text(outcome));
    }
  }
  if (outputs_.jsonl != nullptr && lines_.limiter.admit(log_.now())) {
    emit_line(report::session_to_json(outcome));
  }
}

void ServerReporter::on_guest_closed(const engine::GuestOutcome& outcome) {
  const std::string protocol = outcome.protocol;
  constexpr Duration kEvery = std::chrono::milliseconds{200};
  Kind& kind = guests_.try_emplace(protocol, 100U, kEvery, protocol + " runs", true).first->second;
  ++opened_;  // that one runs is only known when it is over
  ++closed_;
  last_status_ = outcome.status;
  if (kind.limiter.admit(log_.now())) {
    log_.info(protocol + " run closed: " + outcome.reason,
              LogContext{outcome.client, std::nullopt});
    if (outputs_.text != nullptr) {
      emit(*outputs_.text, outcome.text());
    }
  }
  if (outputs_.jsonl != nullptr && lines_.limiter.admit(log_.now())) {
    emit_line(outcome.json());
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

MonoTime ServerReporter::on_turn(MonoTime now) {
  MonoTime next = kNever;
  const auto look = [&](Kind& kind) {
    if (const auto count = kind.limiter.take_left_out(now)) {
      tell_left_out(kind, *count);
    }
    next = std::min(next, kind.limiter.due());
  };
  look(sessions_);
  for (auto& [protocol, kind] : guests_) {
    look(kind);
  }
  look(refusals_);
  look(lines_);
  for (auto& [code, kind] : warnings_) {
    look(kind);
  }
  return next;
}

void ServerReporter::tell_left_out(Kind& kind, std::uint64_t count) {
  const std::string text = "... " + std::to_string(count) + " more like this in the last 10 s: ";
  log_.info(text + kind.name);
  if (&kind == &lines_ && outputs_.jsonl != nullptr) {
    emit(*outputs_.jsonl, R"({"event":"left_out","data":{"lines":)" + std::to_string(count) + "}}");
  }
  if (kind.in_text && outputs_.text != nullptr) {
    emit(*outputs_.text, text + kind.name);
  }
}

void ServerReporter::reopen() {
  Result<void> log = log_.reopen();
  Result<void> lines;
  if (outputs_.jsonl != nullptr) {
    const std::lock_guard lock{files_};
    lines = outputs_.jsonl->reopen();
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

void ServerReporter::emit(const OutputFile& file, const std::string& text) {
  const bool ended = !text.empty() && text.back() == '\n';
  const std::lock_guard lock{files_};
  const auto done = file.write(ended ? text : text + "\n");
  if (!done && !std::exchange(write_failed_, true)) {
    log_.error(done.error().message());  // once: the next session would only say the same
  }
}

void ServerReporter::emit_line(const std::string& text) {
  constexpr std::size_t kUsual = 8192;  // a line with many rows counts as several
  emit(*outputs_.jsonl, text);
  lines_.limiter.charge(text.size() / kUsual, log_.now());
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
