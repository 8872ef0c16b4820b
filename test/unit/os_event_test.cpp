#include <sys/resource.h>

#include <array>
#include <atomic>
#include <chrono>
#include <optional>
#include <thread>

#include "os/event.hpp"
#include "os/poller.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using udperf::os::Event;
using udperf::os::kNoDescriptor;
using udperf::os::wait_readable;

namespace {

/// Made while the system gives no descriptor.
template <class Thing>
void make_without_descriptors(std::optional<Thing>& thing) {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit none = before;
  none.rlim_cur = 0;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  thing.emplace();
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
}

}  // namespace

TEST_CASE("an event without a descriptor is heard all the same", "[os]") {
  std::optional<Event> event;
  make_without_descriptors(event);
  REQUIRE(event->fd() == kNoDescriptor);
  CHECK_FALSE(event->take());
  std::atomic<bool> heard = false;
  std::atomic<bool> looked = false;
  std::thread waiting([&] {
    while (!event->take()) {
      looked = true;
      wait_readable(std::array{event->fd()}, 1h);
    }
    heard = true;
  });
  while (!looked) {
    std::this_thread::yield();
  }
  event->raise();
  waiting.join();
  CHECK(heard);
  CHECK_FALSE(event->take());
}

TEST_CASE("a poller without a descriptor keeps nobody waiting", "[os]") {
  std::optional<udperf::os::Poller> poller;
  make_without_descriptors(poller);
  CHECK(poller->fd() == kNoDescriptor);
  wait_readable(std::array{poller->fd()}, 1h);
}
