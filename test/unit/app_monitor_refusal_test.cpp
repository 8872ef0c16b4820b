#include <algorithm>
#include <set>
#include <string>

#include "app/monitor/metrics.hpp"
#include "session/refusal.hpp"
#include "support/catch.hpp"

namespace udperf::app {
namespace {

TEST_CASE("every refusal of a server has a reason of its own in the metrics") {
  const auto told = refusal_reasons();
  const auto is_told = [&told](std::string_view kind) {
    return std::find(told.begin(), told.end(), kind) != told.end();
  };
  std::set<std::string> labels;
  for (std::uint16_t reason = 1; reason <= 11; ++reason) {
    const std::string kind = session::kind_name(static_cast<wire::RejectReason>(reason));
    CAPTURE(kind);
    CHECK(labels.insert(kind).second);
    CHECK(is_told(kind));
  }
  CHECK_FALSE(labels.contains("other"));
  CHECK(session::kind_name(wire::RejectReason::exclusive) == std::string{"exclusive"});
  CHECK(session::kind_name(wire::RejectReason{12}) == std::string{"other"});
  CHECK(session::kind_name(wire::RejectReason{}) == std::string{"other"});
  CHECK(is_told("iperf3"));
  CHECK(told.back() == "other");
  CHECK(told.size() == 13);
}

}  // namespace
}  // namespace udperf::app
