#include <condition_variable>
#include <csignal>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "clock/system_clock.hpp"
#include "crypto/crypto.hpp"
#include "engine/server_run.hpp"
#include "support/catch.hpp"
#include "support/quiet_observer.hpp"

using namespace std::chrono_literals;
using namespace udperf;

namespace {

/// Asks for the counters again while it is told of them, then for the end.
struct Asking final : test::QuietObserver {
  explicit Asking(engine::StopToken& token) : stop(token) {}
  void on_ready(const Endpoint&) override { stop.request_counters(); }
  void on_counters(const engine::ServerCounters&) override {
    ++told;
    told == 1 ? stop.request_counters() : stop.request(SIGTERM);
  }

  engine::StopToken& stop;
  int told = 0;
};

/// Asks for the end where the loop has just looked whether somebody did.
struct Ending final : test::QuietObserver {
  explicit Ending(engine::StopToken& token) : stop(token) {}
  MonoTime on_turn(MonoTime now) override {
    stop.request(SIGTERM);
    return now + 60s;  // what else would end the wait
  }

  engine::StopToken& stop;
};

/// A service with a fault that no waiting mends.
struct Faulty final : engine::Service {
  void add_fds(std::vector<int>&) const override {}
  MonoTime step(MonoTime) override { throw std::logic_error{"impossible"}; }
  void shut_down() override {}
  [[nodiscard]] std::size_t count() const override { return 0; }
  [[nodiscard]] std::uint64_t finished() const override { return 0; }
  [[nodiscard]] session::Occupancy occupancy(const IpAddress&, MonoTime) const override {
    return {};
  }
};

/// Ends what nothing else has ended after long.
class Guard {
 public:
  explicit Guard(engine::StopToken& stop)
      : thread_([this, &stop] {
          std::unique_lock lock{mutex_};
          if (!over_told_.wait_for(lock, 30s, [this] { return over_; })) {
            needed_ = true;
            stop.request(SIGTERM);
          }
        }) {}
  /// Whether it was needed.
  bool end() {
    {
      const std::lock_guard lock{mutex_};
      over_ = true;
    }
    over_told_.notify_all();
    thread_.join();
    return needed_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable over_told_;
  bool over_ = false;
  bool needed_ = false;
  std::thread thread_;
};

/// Until it is stopped, on a port of its own.
Result<void> serve(engine::ServerObserver& observer, const engine::StopToken& stop) {
  engine::ServerOptions options;
  options.bind = IpAddress::loopback(IpFamily::v4);
  options.port = 0;
  const SystemClock clock;
  crypto::SystemRandom random;
  return engine::run_server(options, clock, random, observer, stop, {});
}

}  // namespace

TEST_CASE("counters that are asked for while they are told are told again at once", "[engine]") {
  engine::StopToken stop;
  Asking observer{stop};
  Guard guard{stop};
  const auto served = serve(observer, stop);
  CHECK_FALSE(guard.end());
  REQUIRE(served);
  CHECK(observer.told == 3);  // and at the end
}

TEST_CASE("an error of the program's own ends a server, and is told", "[engine]") {
  const SystemClock clock;
  engine::StopToken stop;
  Asking observer{stop};
  Guard guard{stop};
  const auto served = engine::run_services(
      engine::ServerOptions{}, clock, observer, stop,
      {[](const engine::ServiceSite&) -> Result<std::unique_ptr<engine::Service>> {
        return std::make_unique<Faulty>();
      }});
  CHECK_FALSE(guard.end());
  REQUIRE_FALSE(served);
  CHECK_THAT(served.error().message(), Catch::Matchers::ContainsSubstring("impossible"));
}

TEST_CASE("a server hears a stop that comes just before it waits", "[engine]") {
  const SystemClock clock;
  engine::StopToken stop;
  Ending observer{stop};
  const MonoTime begun = clock.now();
  REQUIRE(serve(observer, stop));
  CHECK(clock.now() - begun < 30s);
}
