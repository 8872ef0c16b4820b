#pragma once

#include "base/time.hpp"
#include "net/datagram_port.hpp"

namespace udperf::engine {

/// A protocol whose clients come to the port of udperf's own.
class FallbackProtocol {
 public:
  FallbackProtocol() = default;
  FallbackProtocol(const FallbackProtocol&) = delete;
  FallbackProtocol& operator=(const FallbackProtocol&) = delete;

  /// A datagram that the port's own protocol has no use for. `native`: it begins like a message of
  /// that protocol all the same. False: nor has this one.
  virtual bool on_datagram(const net::Datagram& datagram, bool native, MonoTime now) = 0;
  /// Whether it has served a client whose test is over.
  [[nodiscard]] virtual bool has_served() const = 0;

 protected:
  ~FallbackProtocol() = default;
};

}  // namespace udperf::engine
