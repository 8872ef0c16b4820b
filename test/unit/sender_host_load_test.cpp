#include <thread>

#include "sender/host_load.hpp"
#include "support/catch.hpp"
#include "support/fake_clock.hpp"

using namespace std::chrono_literals;
using udperf::Duration;
using udperf::sender::permille_of;

TEST_CASE("shares of a time are told of a year's test, too", "[sender]") {
  CHECK(permille_of(0s, 1s) == 0);
  CHECK(permille_of(1ms, 1s) == 1);
  CHECK(permille_of(2s, 1s) == 1000);
  CHECK(permille_of(-1s, 1s) == 0);
  CHECK(permille_of(24h * 183, 24h * 366) == 500);
  CHECK(permille_of(24h * 366, 24h * 366) == 1000);
  CHECK(permille_of(Duration::max(), Duration{1}) == 1000);
}

TEST_CASE("streams that share a thread share what it uses", "[sender]") {
  udperf::test::FakeClock clock;
  clock.cpu_time = 0s;
  udperf::sender::StreamThreads threads;
  udperf::sender::HostMeter one{&threads};
  udperf::sender::HostMeter other{&threads};
  udperf::sender::HostMeter apart{&threads};
  one.begin(clock);
  other.begin(clock);
  std::thread{[&] { apart.begin(clock); }}.join();
  clock.cpu_time = 600ms;

  udperf::TxReport sent;
  udperf::RxReport received;
  one.fill(clock, 1s, sent);
  other.fill(clock, 1s, received);
  CHECK(sent.cpu_permille == 300);
  CHECK(received.cpu_permille == 300);

  udperf::sender::HostMeter alone;
  alone.begin(clock);
  clock.cpu_time = 1s;
  udperf::TxReport own;
  alone.fill(clock, 1s, own);
  CHECK(own.cpu_permille == 400);

  other.forget_thread();
  udperf::RxReport gone;
  other.fill(clock, 1s, gone);
  CHECK(gone.cpu_permille == UINT32_MAX);
}
