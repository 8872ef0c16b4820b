#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace udperf::bench {

/// One thing to measure, the same for every contender.
struct Case {
  std::uint32_t payload = 1448;
  bool down = false;
  int streams = 1;
  bool offload = true;
  double seconds = 1;
  std::string client_prefix;  ///< "ip netns exec NAME", or nothing
  std::string server_prefix;
  std::string host = "127.0.0.1";

  [[nodiscard]] std::string name() const;
};

/// What one run came to. Rates are what arrived, as far as the tool tells.
struct Measurement {
  double goodput_bps = 0;
  double pps = 0;
  double loss_percent = 0;
  double client_cpu_s = 0;
  double server_cpu_s = 0;
  double server_peak_kib = 0;

  [[nodiscard]] double cpu_per_gigabyte(double seconds) const;
};

/// A program under comparison: runs one case once; nothing when it cannot do it or failed.
struct Contender {
  std::string name;
  std::function<std::optional<Measurement>(const Case&)> run;
};

/// udperf and the ceiling program from `bin`, and those peers that are installed.
[[nodiscard]] std::vector<Contender> contenders(const std::string& bin);

}  // namespace udperf::bench
