#pragma once

#include <cstdint>
#include <string>

#include "monitor/round.hpp"
#include "monitor/target.hpp"

namespace udperf::test {

/// A target of the module `light`.
inline monitor::Target target_named(const std::string& name) {
  monitor::Target target;
  target.name = name;
  target.module = "light";
  return target;
}

/// A complete round of 100 datagrams up, of which `lost` are lost, with delays by its number.
inline monitor::RoundResult round_begun(UnixTime start, std::uint64_t number, std::uint64_t lost) {
  monitor::RoundResult round;
  round.status = monitor::RoundStatus::complete;
  round.start = start;
  round.number = number;
  round.length = std::chrono::seconds{10};
  round.up.emplace();
  round.up->sent = 100;
  round.up->lost = lost;
  round.up->unique = 100 - lost;
  round.up->delay_variation.add(std::chrono::milliseconds{number % 50 + 1}, 100 - lost);
  return round;
}

}  // namespace udperf::test
