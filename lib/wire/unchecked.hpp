#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace udperf::wire {

/// The fields of a Request or Accept, whatever they hold; nothing when they are cut short. For who
/// wants to know who speaks before he works out whether what he says is a test: of some parameters
/// that takes a while, and decode() does it.
template <typename Message>
[[nodiscard]] std::optional<Message> read_unchecked(std::span<const std::byte> datagram);

}  // namespace udperf::wire
