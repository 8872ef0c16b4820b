#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "classic/run_outcome.hpp"
#include "model/outcome.hpp"

namespace udperf::classic {

/// The words of the classic test: each a datagram of its own.
inline constexpr std::string_view kStart = "START";
inline constexpr std::string_view kStop = "STOP";

/// What a datagram means to a server: `START` and `STOP` alone, everything else is data.
enum class Input : std::uint8_t { start, stop, data };
[[nodiscard]] Input classify(std::span<const std::byte> datagram);

/// "Throughput: 1234.567 Kilobytes per second"; 0.000 where no time passed, as without data.
[[nodiscard]] std::string answer_text(const RunOutcome& outcome);

/// What a classic server's datagram says, or nothing where it is no text: control characters other
/// than white space are none. NULs at its end are not part of it.
[[nodiscard]] std::optional<ClassicAnswer> read_answer(std::span<const std::byte> datagram);

}  // namespace udperf::classic
