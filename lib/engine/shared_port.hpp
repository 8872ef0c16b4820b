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

/// The port of udperf's own protocol, for another that has its clients there. All of it is for the
/// thread that steps the services.
class SharedPort {
 public:
  SharedPort() = default;
  SharedPort(const SharedPort&) = delete;
  SharedPort& operator=(const SharedPort&) = delete;

  /// At most one; null: none any more.
  virtual void set_guest(PortGuest* guest) = 0;
  virtual void answer(const net::Datagram& datagram) = 0;
  /// No session is there, not even one that has ended and is still to be told of.
  [[nodiscard]] virtual bool vacant() const = 0;

 protected:
  ~SharedPort() = default;
};

}  // namespace udperf::engine
