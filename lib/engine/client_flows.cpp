#include "engine/client_flows.hpp"

#include <algorithm>

namespace udperf::engine {

StreamPorts::StreamPorts(const ClientOptions& options)
    : flows_(options.flows), ports_(options.params.streams) {
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

}  // namespace udperf::engine
