#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/endpoint.hpp"

namespace udperf::test {

struct HttpAnswer {
  int status = 0;
  std::string head;
  std::string body;
};

/// GET on a connection of its own, closed by the other end; nothing where nobody answers in a
/// minute.
[[nodiscard]] std::optional<HttpAnswer> http_get(
    const Endpoint& server, const std::string& path,
    const std::vector<std::pair<std::string, std::string>>& headers = {},
    const std::string& method = "GET");

/// The same, asked again up to four times: a connection that gets no turn for two seconds, as on a
/// host that is held up, is closed by the other end. Fails the test where nothing is answered.
[[nodiscard]] HttpAnswer http_answer(
    const Endpoint& server, const std::string& path,
    const std::vector<std::pair<std::string, std::string>>& headers = {},
    const std::string& method = "GET");

/// The value of a metric's sample, e.g. `udperf_packets_sent_total{direction="up"}`: of the first
/// line with this name that has all these labels in any order.
[[nodiscard]] std::optional<double> metric_value(const std::string& text, const std::string& name,
                                                 const std::vector<std::string>& labels = {});

}  // namespace udperf::test
