#pragma once

#include <memory>

#include "base/endpoint.hpp"
#include "base/result.hpp"
#include "engine/server_run.hpp"

namespace udperf::app {

/// `udperf server --metrics`: stands before another observer, hands everything on, and answers GET
/// /metrics and /healthz with what it has seen. Everything given must outlive it.
class ServerMetrics : public engine::ServerObserver {
 public:
  /// An error where nobody can listen there, or udperf was built without the web server.
  [[nodiscard]] static Result<std::unique_ptr<ServerMetrics>> open(const Endpoint& listen,
                                                                   engine::ServerObserver& next,
                                                                   engine::StopToken& stop);

  /// Somebody else has asked for counters: these are handed on, too. From any thread.
  virtual void counters_asked_for() = 0;
  [[nodiscard]] virtual Endpoint local() const = 0;
};

}  // namespace udperf::app
