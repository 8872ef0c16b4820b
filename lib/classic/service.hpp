#pragma once

#include <cstdint>
#include <vector>

#include "classic/door.hpp"
#include "classic/run_outcome.hpp"
#include "clock/clock.hpp"
#include "engine/server_run.hpp"
#include "engine/service.hpp"
#include "engine/shared_port.hpp"

namespace udperf::classic {

/// Is told of what the service has served; on the thread that steps it.
class RunObserver {
 public:
  RunObserver() = default;
  RunObserver(const RunObserver&) = delete;
  RunObserver& operator=(const RunObserver&) = delete;

  virtual void on_classic_closed(const RunOutcome& outcome) = 0;

 protected:
  ~RunObserver() = default;
};

/// Serves clients of the classic test, which come to the port of udperf's own protocol and have
/// none of their own: what that has no use for is theirs.
///
/// Their data are counted here and not by a receiver::Receiver, as they have neither numbers nor
/// times: nothing but their sum, and when the last one came, can be known.
class ClassicService final : public engine::Service, public engine::PortGuest {
 public:
  struct Parts {
    const engine::ServerOptions& options;  ///< the policy of the whole server
    const Clock& clock;
    engine::SharedPort& port;
    RunObserver& observer;
  };

  /// What is given outlives it.
  explicit ClassicService(const Parts& parts);
  ~ClassicService() override { parts_.port.set_guest(nullptr); }
  ClassicService(const ClassicService&) = delete;
  ClassicService& operator=(const ClassicService&) = delete;

  void add_fds(std::vector<int>& /*fds*/) const override {}
  MonoTime step(MonoTime now) override;
  void shut_down() override { door_.shut_down(parts_.clock.now()); }
  /// None is waited for: a run ends as soon as it is told to.
  [[nodiscard]] std::size_t count() const override { return 0; }
  [[nodiscard]] std::uint64_t finished() const override { return door_.settled(); }
  void add_counts(std::vector<engine::NamedCount>& counts) const override;
  [[nodiscard]] session::Occupancy occupancy(const IpAddress& client, MonoTime now) const override;

  bool on_datagram(const net::Datagram& datagram, bool native, MonoTime now) override;
  [[nodiscard]] bool has_served() const override { return finished() > 0; }

 private:
  [[nodiscard]] bool alone() const { return parts_.options.exclusive || parts_.options.one_off; }
  [[nodiscard]] bool may_begin(const IpAddress& client, MonoTime now) const;

  Parts parts_;
  Door door_;
};

}  // namespace udperf::classic
