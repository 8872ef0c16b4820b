#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "iperf3/inbox.hpp"
#include "iperf3/results.hpp"

namespace udperf::test {

// What goes over an iperf3 control connection, item by item.

inline constexpr MonoTime kStart{std::chrono::seconds{1000}};

[[nodiscard]] inline std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span{text});
  return {bytes.begin(), bytes.end()};
}

[[nodiscard]] inline std::vector<std::byte> framed(const std::string& text) {
  iperf3::Outbox out;
  out.put_text(text);
  return out.take();
}

[[nodiscard]] inline std::vector<std::byte> state(iperf3::State value) {
  return {static_cast<std::byte>(value)};
}

[[nodiscard]] inline std::string one_stream_results() {
  iperf3::Results results;
  results.streams.emplace_back().packets = 10;
  return iperf3::to_json(results);
}

}  // namespace udperf::test
