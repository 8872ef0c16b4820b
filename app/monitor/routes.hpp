#pragma once

#include <atomic>

#include "app/monitor/http_server.hpp"
#include "app/monitor/long_answers.hpp"
#include "app/monitor/monitor.hpp"
#include "app/monitor/prober.hpp"
#include "monitor/http_query.hpp"

namespace udperf::app {

/// What a monitor answers over HTTP. From many threads.
class Routes {
 public:
  Routes(Monitor& monitor, const Clock& clock) : monitor_(monitor), clock_(clock), prober_(clock) {}

  [[nodiscard]] HttpReply answer(const HttpRequest& request);
  /// Whoever waits for a probe is told that there is none any more. From any thread.
  void end() { prober_.end(); }

 private:
  [[nodiscard]] HttpReply answer_query(const HttpRequest& request);
  [[nodiscard]] HttpReply probe(const HttpRequest& request, const monitor::HttpQuery& query);
  [[nodiscard]] HttpReply rounds(const monitor::HttpQuery& query);
  [[nodiscard]] HttpReply changes(const monitor::HttpQuery& query);
  [[nodiscard]] HttpReply rows(const History::Query& query, const char* grain) const;
  [[nodiscard]] HttpReply report(const monitor::HttpQuery& query);
  [[nodiscard]] HttpReply document(const History::Moment& moment) const;
  template <typename Work>
  [[nodiscard]] HttpReply at_length(const Work& work);

  Monitor& monitor_;
  const Clock& clock_;
  Prober prober_;
  LongAnswers long_answers_;
};

inline constexpr const char* kExpositionType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace udperf::app
