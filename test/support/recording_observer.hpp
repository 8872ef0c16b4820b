#pragma once

#include <string>
#include <vector>

#include "engine/server_run.hpp"

namespace udperf::test {

/// What the server told, kept.
class RecordingObserver final : public engine::ServerObserver {
 public:
  void on_ready(const Endpoint&) override {}
  void on_session_opened(std::uint64_t, const Endpoint&, const TestParams&) override { ++opened; }
  void on_session_closed(const SessionOutcome& outcome) override { closed.push_back(outcome); }
  void on_refused(const Endpoint&, const engine::Refusal& refusal) override {
    refused.push_back(refusal.sentence);
  }
  void on_warning(const Warning&) override {}
  void on_counters(const engine::ServerCounters&) override {}

  std::size_t opened = 0;
  std::vector<SessionOutcome> closed;
  std::vector<std::string> refused;
};

}  // namespace udperf::test
