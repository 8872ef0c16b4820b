#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/endpoint.hpp"
#include "base/time.hpp"
#include "engine/executor.hpp"
#include "session/admission.hpp"

namespace udperf::engine {

struct NamedCount {
  const char* name = "";
  std::uint64_t count = 0;
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
  /// Sessions that are over.
  [[nodiscard]] virtual std::uint64_t finished() const = 0;
  /// What it has counted, each with the name that it is told by.
  virtual void add_counts(std::vector<NamedCount>& counts) const { static_cast<void>(counts); }
  /// What this service has given out; `client` is who asks for more.
  [[nodiscard]] virtual session::Occupancy occupancy(const IpAddress& client,
                                                     MonoTime now) const = 0;

  /// How the services beside this one are occupied: one policy is for all of them together.
  using Neighbours = std::function<session::Occupancy(const IpAddress& client, MonoTime now)>;
  void set_neighbours(Neighbours neighbours) { neighbours_ = std::move(neighbours); }

 protected:
  [[nodiscard]] session::Occupancy occupancy_of_others(const IpAddress& client,
                                                       MonoTime now) const {
    return neighbours_ ? neighbours_(client, now) : session::Occupancy{};
  }
  /// This service's occupancy with its neighbours'.
  [[nodiscard]] session::Occupancy occupancy_of_all(const IpAddress& client, MonoTime now) const {
    const session::Occupancy own = occupancy(client, now);
    return neighbours_ ? session::together(own, neighbours_(client, now)) : own;
  }

 private:
  Neighbours neighbours_;
};

}  // namespace udperf::engine
