#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "clock/clock.hpp"
#include "engine/server_run.hpp"
#include "engine/service.hpp"
#include "engine/stop_token.hpp"

namespace udperf::engine {

/// The services of one process and the loop that runs them. It owns none of them; belongs to one
/// thread.
class ServiceLoop final : public Neighbours {
 public:
  ServiceLoop(const Clock& clock, ServerObserver& observer, const StopToken& stop)
      : clock_(clock), observer_(observer), stop_(stop) {}

  void add(Service& service) { services_.push_back(&service); }
  void add(const std::vector<std::unique_ptr<Service>>& services);

  [[nodiscard]] session::Occupancy beside(const Service& self, const IpAddress& client,
                                          MonoTime now) const override;
  [[nodiscard]] std::size_t sessions_beside(const Service& self) const override;

  /// Until a stop is requested (and 3 s more at most), one session is over where that is `one_off`,
  /// or something is wrong that waiting does not mend: see fault(). `on_counters`: called when
  /// somebody asks for the counters.
  void run(bool one_off, const std::function<void()>& on_counters);

  /// Does what is due in every service; returns when the next thing is.
  MonoTime step(MonoTime now);

  [[nodiscard]] Result<void> fault() const {
    return fault_ ? Result<void>{tl::unexpected{*fault_}} : Result<void>{};
  }

 private:
  MonoTime step(Service& service, MonoTime now);
  MonoTime tell_observer(MonoTime now);
  void wait(MonoTime until, bool stopping);
  [[nodiscard]] std::size_t count() const;
  [[nodiscard]] std::uint64_t finished() const;

  const Clock& clock_;
  ServerObserver& observer_;
  const StopToken& stop_;
  std::vector<Service*> services_;
  std::vector<int> fds_;
  std::optional<Error> fault_;
};

}  // namespace udperf::engine
