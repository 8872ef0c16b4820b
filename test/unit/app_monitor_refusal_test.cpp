#include <set>
#include <string>

#include "app/monitor/metrics.hpp"
#include "session/client_handshake.hpp"
#include "support/catch.hpp"

namespace udperf::app {
namespace {

TEST_CASE("every refusal of a server has a reason of its own in the metrics") {
  std::set<std::string> labels;
  for (std::uint16_t reason = 1; reason <= 11; ++reason) {
    wire::Reject reject;
    reject.reason = static_cast<wire::RejectReason>(reason);
    reject.retry_after_ms = 1500;
    reject.limit = 1'000'000'000;
    CAPTURE(session::describe(reject));
    CHECK(labels.insert(refusal_reason(session::describe(reject))).second);
  }
  CHECK_FALSE(labels.contains("other"));
  CHECK(std::string{refusal_reason("iperf3: a test runs")} == "iperf3");
  CHECK(std::string{refusal_reason("something new")} == "other");
  CHECK(refusal_reasons().size() == 13);
}

}  // namespace
}  // namespace udperf::app
