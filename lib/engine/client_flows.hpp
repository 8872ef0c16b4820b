#pragma once

#include <algorithm>
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

  /// The test's parameters for as many.
  [[nodiscard]] TestParams params_for(const ClientOptions& options) const;

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

/// When each attempt at a session has to be over. All attempts together take no longer than the
/// time to connect, so that many flows keep no client longer than one stream does: each attempt has
/// its share of what the ones before have left. Pure.
class ConnectTime {
 public:
  /// For a session that is begun now.
  ConnectTime(const ClientOptions& options, MonoTime now)
      : latest_(now + options.connect_timeout),
        least_(options.connect_timeout / kFewest),
        shared_(options.flows.has_value()) {}

  /// The end of all attempts.
  [[nodiscard]] MonoTime latest() const { return latest_; }
  /// Until when the first stream of an attempt that begins now has to have its answer. Of many
  /// flows it need not be the first that answers: others have to have their turn.
  [[nodiscard]] MonoTime first_by(MonoTime now) const { return shared_ ? share(now, 4) : latest_; }
  /// Until when the others have to have theirs; with flows there is time left to do without the
  /// silent ones.
  [[nodiscard]] MonoTime all_by(MonoTime now) const { return shared_ ? share(now, 2) : latest_; }
  /// Whether what is left is enough for another attempt.
  [[nodiscard]] bool enough(MonoTime now) const { return latest_ - now >= least_; }

 private:
  static constexpr int kFewest = 16;

  [[nodiscard]] MonoTime share(MonoTime now, int part) const {
    return now + std::max(latest_ - now, Duration{0}) / part;
  }

  MonoTime latest_;
  Duration least_;
  bool shared_;
};

}  // namespace udperf::engine
