#pragma once

#include "base/time.hpp"
#include "net/datagram_port.hpp"

namespace udperf::engine {

/// A protocol whose clients come to the port of udperf's own.
class PortGuest {
 public:
  PortGuest() = default;
  PortGuest(const PortGuest&) = delete;
  PortGuest& operator=(const PortGuest&) = delete;

  /// A datagram that the port's own protocol has no use for. `native`: it begins like a message of
  /// that protocol all the same. False: nor has this one.
  virtual bool on_datagram(const net::Datagram& datagram, bool native, MonoTime now) = 0;
  /// Whether it has served a client whose test is over.
  [[nodiscard]] virtual bool has_served() const = 0;

 protected:
  ~PortGuest() = default;
};

}  // namespace udperf::engine
