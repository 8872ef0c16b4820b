#pragma once

#include <cstdint>
#include <vector>

#include "engine/client_run.hpp"

namespace udperf::engine {

/// Which port of this host each stream leaves from; with --flows also which get no answer, so that
/// the test can be tried again without them: of many ways one may be dead.
class StreamPorts {
 public:
  explicit StreamPorts(const ClientOptions& options);

  /// 0: any.
  [[nodiscard]] std::uint16_t of_stream(std::uint16_t stream) const {
    return stream < ports_.size() ? ports_[stream] : std::uint16_t{0};
  }
  /// How many streams to ask for.
  [[nodiscard]] std::uint16_t streams() const { return static_cast<std::uint16_t>(ports_.size()); }

  /// What an attempt that got no session has shown: `answered` is empty where the first stream got
  /// no answer. True where it is worth another one, without the silent ports.
  [[nodiscard]] bool drop(const std::vector<std::uint16_t>& silent,
                          const std::vector<std::uint16_t>& answered);
  [[nodiscard]] const std::vector<std::uint16_t>& silent() const { return silent_; }

 private:
  static constexpr int kMostFirst = 8;

  bool flows_;
  int first_silent_ = 0;  ///< attempts whose first stream got no answer
  std::vector<std::uint16_t> ports_;
  std::vector<std::uint16_t> silent_;
};

}  // namespace udperf::engine
