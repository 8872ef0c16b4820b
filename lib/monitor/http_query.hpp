#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"

namespace udperf::monitor {

/// The parameters of a request's query, decoded.
class HttpQuery {
 public:
  /// Nothing where it is too long, has too many parameters or one twice, or is not well encoded
  /// (WHATWG URL, application/x-www-form-urlencoded; no control characters).
  [[nodiscard]] static std::optional<HttpQuery> parse(std::string_view text);

  [[nodiscard]] std::optional<std::string> get(std::string_view name) const;

  static constexpr std::size_t kMostBytes = 4096;
  static constexpr std::size_t kMostParameters = 16;

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

/// Seconds since 1970, decimal, with up to nine digits behind the point; nothing where it is no
/// such time.
[[nodiscard]] std::optional<UnixTime> parse_unix_time(std::string_view text);

/// How long an answer to a scrape may take: the header's seconds (as Prometheus writes them) less
/// half a second, or 9.5 s without one; within 0.1 s and 2 min.
[[nodiscard]] Duration probe_deadline(const std::optional<std::string>& header);

}  // namespace udperf::monitor
