#include "iperf3/amount_time.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::iperf3;

TEST_CASE("An amount may take eight times as long as its rate says, and some seconds") {
  TestParams params;
  params.direction = Direction::down;
  params.amount = {};
  params.amount.duration = 0s;
  params.amount.size_bytes = 1'250'000;
  params.rate_down = {SendRate::Kind::bits, 1'000'000};  // 10 s
  CHECK(longest_arrival(params) == 85s);
  // The slower way counts, and of both only what runs.
  params.rate_up = {SendRate::Kind::bits, 500'000};
  CHECK(longest_arrival(params) == 85s);
  params.direction = Direction::both;
  CHECK(longest_arrival(params) == 165s);
  params.rate_up = params.rate_down = {SendRate::Kind::bits, 1};
  params.amount.size_bytes = 1'000'000'000'000;
  CHECK(longest_arrival(params) == 400 * 24h + 5s);
}

TEST_CASE("An amount without a rate may take as long as over the slowest of modems") {
  TestParams params;
  params.direction = Direction::down;
  params.amount = {};
  params.amount.duration = 0s;
  params.amount.size_bytes = 1'250'000;
  params.rate_down = {};
  CHECK(longest_arrival(params) == engine::longest_transfer(params) + 5s);
}

TEST_CASE("A server that may stop at the amount is quiet then: unpaced, or in bursts") {
  Parameters p;
  p.length = 1000;
  CHECK(quiet_after_amount(p) == 2s);
  p.burst = 10;
  CHECK(quiet_after_amount(p) == 2s);
  p.rate_bps = 1'000'000;
  CHECK(quiet_after_amount(p) == 2s);
  p.rate_bps = 8000;  // a burst every 10 s
  CHECK(quiet_after_amount(p) == 20s);
  p.rate_bps = 1;
  CHECK(quiet_after_amount(p) == 1h);
  p.burst = 1;
  CHECK_FALSE(quiet_after_amount(p).has_value());
  p.burst = 0;
  CHECK_FALSE(quiet_after_amount(p).has_value());
}
