#include "iperf3/first_server.hpp"

#include <algorithm>
#include <utility>

namespace udperf::iperf3 {

ClientFinish run_at_first(std::span<const Endpoint> servers, MonoTime start_by,
                          const ClientTest::Parts& parts,
                          const std::function<ClientPlan(const Endpoint&)>& plan_for) {
  ClientFinish finish;
  while (!servers.empty()) {
    ClientPlan plan = plan_for(servers.front());
    const MonoTime now = parts.clock.now();
    plan.start_by = start_by;
    // One that says nothing leaves the rest of the time to the others.
    plan.connect_by =
        now + std::max(start_by - now, Duration{0}) / static_cast<Duration::rep>(servers.size());
    finish = ClientTest{std::move(plan), parts}.run();
    servers = servers.subspan(1);
    if (finish.connected || finish.interrupted) {
      break;
    }
  }
  return finish;
}

}  // namespace udperf::iperf3
