// In place of all else here where udperf is built without the monitor (UDPERF_WITH_MONITOR=OFF).
#include <cstdio>

#include "app/commands/commands.hpp"
#include "app/exit_code.hpp"
#include "app/monitor/server_metrics.hpp"

namespace udperf::app {

int run_command(const MonitorCommand& /*command*/) {
  std::fprintf(stderr, "udperf: this udperf was built without the monitor\n");
  return exit_usage;
}

Result<std::unique_ptr<ServerMetrics>> ServerMetrics::open(const Endpoint& /*listen*/,
                                                           engine::ServerObserver& /*next*/,
                                                           engine::StopToken& /*stop*/) {
  return tl::unexpected<Error>{
      Error{ErrorCode::usage, "--metrics: this udperf was built without the monitor", 0, {}}};
}

}  // namespace udperf::app
