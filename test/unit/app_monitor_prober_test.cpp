#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <set>
#include <thread>

#include "app/monitor/prober.hpp"
#include "app/monitor/setup.hpp"
#include "app/monitor/usual_round.hpp"
#include "clock/system_clock.hpp"
#include "os/fd.hpp"
#include "rounds/light_rounds.hpp"
#include "support/catch.hpp"

namespace udperf::app {
namespace {

using namespace std::chrono_literals;

/// Somebody who takes what comes to this host and never says a word.
class Silent {
 public:
  Silent() : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    socklen_t size = sizeof address;
    REQUIRE(::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
  }

  [[nodiscard]] RoundTest test() const {
    RoundTest test;
    test.options.host = "127.0.0.1";
    test.options.port = port_;
    test.options.params = rounds::light_params();
    test.options.connect_timeout = 1h;
    return test;
  }

  /// Whether so many have asked.
  [[nodiscard]] bool asked_by(std::size_t many) {
    while (askers_.size() < many) {
      pollfd wait{fd_.get(), POLLIN, 0};
      if (::poll(&wait, 1, 60'000) != 1) {
        return false;
      }
      sockaddr_in from{};
      socklen_t size = sizeof from;
      char byte = 0;
      if (::recvfrom(fd_.get(), &byte, 1, 0, reinterpret_cast<sockaddr*>(&from), &size) >= 0) {
        askers_.insert(from.sin_port);
      }
    }
    return true;
  }

 private:
  os::Fd fd_;
  std::uint16_t port_ = 0;
  std::set<std::uint16_t> askers_;
};

constexpr Duration kLong = 1h;

TEST_CASE("a probe's warm-up has to fit its time, too, and a call keeps its pace") {
  std::vector<std::string> errors;
  const std::string config =
      "modules:\n  warm: {every: 1m, direction: up, rate: 1M, duration: 20s, omit: 10s}\n"
      "  call: {profile: voip-g711, voice: g711, packets: 500, every: 1m}\ntargets: [gw]\n";
  MonitorCommand command;
  command.config = "m.yaml";
  const auto setup = make_setup(command, config, errors);
  CAPTURE(errors);
  REQUIRE(setup);
  const auto fitted = [&setup](const char* module, Duration deadline) {
    const auto test = test_for(setup->modules.at(module), {"gw", std::nullopt});
    return fit_to_deadline(test.options, deadline).params;
  };
  const TestParams warm = fitted("warm", 10s);
  CHECK(warm.omit == 875ms);  // a quarter of 3.5 s
  CHECK(warm.amount.duration == 2625ms);
  const TestParams call = fitted("call", 10s);
  CHECK(call.amount.packets == 175);  // 50 a second
  CHECK(call.rate_up == fitted("call", 1h).rate_up);
  CHECK(fitted("call", 1h).amount.packets == 500);
}

TEST_CASE("who waits for a probe does not when the monitor ends, and each is over once") {
  Silent silent;
  const SystemClock clock;
  std::atomic<int> over{0};
  std::atomic<int> answers{0};
  {
    Prober prober{clock};
    std::thread asker{[&] {
      answers += prober.run(silent.test(), kLong, [&over] { ++over; }).has_value() ? 1 : 0;
    }};
    CHECK(silent.asked_by(1));
    CHECK(over == 0);
    prober.end();
    asker.join();
    CHECK(over <= 1);  // the test still runs, or has just been told to end
    CHECK_FALSE(prober.run(silent.test(), kLong, [&over] { over += 100; }));
    CHECK(over >= 100);
  }
  CHECK(over == 101);
  CHECK(answers == 0);
}

TEST_CASE("a seventeenth probe is refused while sixteen run") {
  Silent silent;
  const SystemClock clock;
  Prober prober{clock};
  std::vector<std::thread> askers;
  for (int i = 0; i < 16; ++i) {
    askers.emplace_back([&] { static_cast<void>(prober.run(silent.test(), kLong)); });
  }
  CHECK(silent.asked_by(16));
  bool over = false;
  CHECK_FALSE(prober.run(silent.test(), kLong, [&over] { over = true; }));
  CHECK(over);
  prober.end();
  for (std::thread& asker : askers) {
    asker.join();
  }
}

}  // namespace
}  // namespace udperf::app
