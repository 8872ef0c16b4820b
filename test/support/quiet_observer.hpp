#pragma once

#include <cstdint>

#include "engine/server_run.hpp"

namespace udperf::test {

/// Hears of a server what it must, and does nothing with it.
struct QuietObserver : engine::ServerObserver {
  void on_ready(const Endpoint& /*local*/) override {}
  void on_session_opened(std::uint64_t /*session*/, const Endpoint& /*client*/,
                         const TestParams& /*params*/) override {}
  void on_session_closed(const SessionOutcome& /*outcome*/) override {}
  void on_refused(const Endpoint& /*client*/, const engine::Refusal& /*refusal*/) override {}
  void on_warning(const Warning& /*warning*/) override {}
  void on_counters(const engine::ServerCounters& /*counters*/) override {}
};

}  // namespace udperf::test
