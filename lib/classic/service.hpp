#pragma once

#include <cstdint>
#include <vector>

#include "classic/run_table.hpp"
#include "clock/clock.hpp"
#include "engine/fallback_protocol.hpp"
#include "engine/server_run.hpp"
#include "engine/service.hpp"

namespace udperf::classic {

/// Serves clients of the classic test, which come to the port of udperf's own protocol and have
/// none of their own: what that has no use for is theirs.
///
/// Their data are counted here and not by a receiver::Receiver, as they have neither numbers nor
/// times: nothing but their sum, and when the last one came, can be known.
class ClassicService final : public engine::Service, public engine::FallbackProtocol {
 public:
  struct Parts {
    const engine::ServerOptions& options;  ///< the policy of the whole server
    const Clock& clock;
    net::ListenPort& port;
    engine::ServerObserver& observer;
    const engine::Neighbours& neighbours;
  };

  /// What is given outlives it.
  explicit ClassicService(const Parts& parts);
  ~ClassicService() override = default;
  ClassicService(const ClassicService&) = delete;
  ClassicService& operator=(const ClassicService&) = delete;

  void add_fds(std::vector<int>& /*fds*/) const override {}
  MonoTime step(MonoTime now) override;
  void shut_down() override { table_.shut_down(parts_.clock.now()); }
  /// None is waited for: a run ends as soon as it is told to.
  [[nodiscard]] std::size_t count() const override { return 0; }
  [[nodiscard]] std::uint64_t finished() const override { return table_.settled(); }
  void add_counts(std::vector<engine::NamedCount>& counts) const override;
  [[nodiscard]] session::Occupancy occupancy(const IpAddress& client, MonoTime now) const override;

  [[nodiscard]] engine::FallbackProtocol* as_fallback_protocol() override { return this; }
  bool on_datagram(const net::Datagram& datagram, bool native, MonoTime now) override;
  [[nodiscard]] bool has_served() const override { return finished() > 0; }

 private:
  [[nodiscard]] bool alone() const { return parts_.options.exclusive || parts_.options.one_off; }
  [[nodiscard]] bool may_begin(const IpAddress& client, MonoTime now) const;

  Parts parts_;
  RunTable table_;
};

}  // namespace udperf::classic
