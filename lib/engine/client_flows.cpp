#include "engine/client_flows.hpp"

#include <algorithm>

#include "base/saturating.hpp"

namespace udperf::engine {

StreamPorts::StreamPorts(const ClientOptions& options)
    : flows_(options.flows.has_value()), ports_(options.params.streams) {
  if (options.local_port != 0) {
    // A given port is the first of consecutive ones.
    for (std::size_t i = 0; i < ports_.size(); ++i) {
      ports_[i] = static_cast<std::uint16_t>(options.local_port + i);
    }
  }
}

bool StreamPorts::drop(const std::vector<std::uint16_t>& silent,
                       const std::vector<std::uint16_t>& answered) {
  if (!flows_ || silent.empty()) {
    return false;
  }
  if (answered.empty()) {
    // Another one goes first; with more time this one may answer yet.
    std::rotate(ports_.begin(), ports_.begin() + 1, ports_.end());
    return ++first_silent_ < kMostFirst;
  }
  silent_.insert(silent_.end(), silent.begin(), silent.end());
  ports_ = answered;
  return true;
}

TestParams StreamPorts::params_for(const ClientOptions& options) const {
  TestParams params = options.params;
  params.streams = streams();
  const auto keep_of_each = [&](std::uint64_t& value) {
    value = saturating_mul_div(Uint128{value}, params.streams, options.params.streams);
  };
  if (options.flows && options.flows->rate_of_each) {
    keep_of_each(params.rate_up.value);
    keep_of_each(params.rate_down.value);
  }
  if (options.flows && options.flows->packets_of_each) {
    keep_of_each(params.amount.packets);
  }
  return params;
}

}  // namespace udperf::engine
