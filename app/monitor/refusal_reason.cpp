#include "app/monitor/metrics.hpp"
#include "app/protocols_server.hpp"
#include "session/refusal.hpp"

namespace udperf::app {

std::vector<std::string_view> refusal_reasons() {
  const auto kinds = session::kind_names();
  std::vector<std::string_view> labels{kinds.begin(), kinds.end()};
  for (const ServiceRow& row : service_rows()) {
    if (row.refuses) {
      labels.push_back(row.option);
    }
  }
  labels.emplace_back("other");
  return labels;
}

}  // namespace udperf::app
