#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/reports.hpp"
#include "model/test_params.hpp"

namespace udperf::session {

/// A grant may only lower what was asked for: what it has more, in words; nothing where it is fine.
[[nodiscard]] std::optional<std::string> more_than_asked(const TestParams& asked,
                                                         const TestParams& granted);

/// What was lowered, for who asked: `rate_lowered` of each way, and `duration_lowered` where a test
/// that was to have no end has one.
[[nodiscard]] std::vector<Warning> less_than_asked(const TestParams& asked,
                                                   const TestParams& granted);

/// What of `asked` a server with these capabilities does not know, in words; nothing where it can
/// be asked for all of it.
[[nodiscard]] std::optional<std::string> beyond_server(const TestParams& asked,
                                                       std::uint32_t capabilities);

}  // namespace udperf::session
