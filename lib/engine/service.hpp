#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/endpoint.hpp"
#include "base/time.hpp"
#include "engine/executor.hpp"
#include "session/admission.hpp"

namespace udperf::engine {

class FallbackProtocol;
class Service;

struct NamedCount {
  const char* name = "";
  std::uint64_t count = 0;
};

/// What the services beside one have given out: one policy is for all of them together.
class Neighbours {
 public:
  Neighbours() = default;
  Neighbours(const Neighbours&) = delete;
  Neighbours& operator=(const Neighbours&) = delete;

  /// How all but `self` are occupied; `client` is who asks for more.
  [[nodiscard]] virtual session::Occupancy beside(const Service& self, const IpAddress& client,
                                                  MonoTime now) const = 0;
  /// The sessions of all but `self`, with those that have ended and are still to be told of.
  [[nodiscard]] virtual std::size_t sessions_beside(const Service& self) const = 0;

 protected:
  ~Neighbours() = default;
};

/// What one protocol serves, beside others in the same process: all of them share one thread for
/// their handshakes, and the executor's for their data.
class Service {
 public:
  Service() = default;
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  virtual ~Service() = default;

  /// Appends the descriptors that are readable when step() has something to do.
  virtual void add_fds(std::vector<int>& fds) const = 0;
  /// Does what is due and never blocks. Returns when to be called next at the latest.
  virtual MonoTime step(MonoTime now) = 0;
  /// No new sessions; those that run are told to end.
  virtual void shut_down() = 0;
  /// Sessions that run or are being put away.
  [[nodiscard]] virtual std::size_t count() const = 0;
  /// Of these, those that were let in.
  [[nodiscard]] virtual std::size_t admitted() const { return count(); }
  /// Sessions that are over.
  [[nodiscard]] virtual std::uint64_t finished() const = 0;
  /// What it has counted, each with the name that it is told by.
  virtual void add_counts(std::vector<NamedCount>& /*counts*/) const {}
  /// What this service has given out; `client` is who asks for more.
  [[nodiscard]] virtual session::Occupancy occupancy(const IpAddress& client,
                                                     MonoTime now) const = 0;

  /// Where it has its clients on the port of udperf's own protocol; null: it does not.
  [[nodiscard]] virtual FallbackProtocol* as_fallback_protocol() { return nullptr; }

 protected:
  /// This service's occupancy with its neighbours'.
  [[nodiscard]] session::Occupancy occupancy_with(const Neighbours& neighbours,
                                                  const IpAddress& client, MonoTime now) const {
    return session::together(occupancy(client, now), neighbours.beside(*this, client, now));
  }
};

}  // namespace udperf::engine
