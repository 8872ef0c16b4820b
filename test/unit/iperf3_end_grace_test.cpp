#include "iperf3/end_grace.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::iperf3;

TEST_CASE("The end is told two round trips and some after the last datagram, within bounds") {
  CHECK(end_grace(std::nullopt) == 20ms);
  CHECK(end_grace(0ms) == 20ms);
  CHECK(end_grace(50us) == 20'100us);
  CHECK(end_grace(40ms) == 100ms);
  CHECK(end_grace(115ms) == 250ms);
  CHECK(end_grace(10s) == 250ms);
  CHECK(end_grace(Duration::max()) == 250ms);
  CHECK(end_grace(-1s) == 20ms);
}

TEST_CASE("A peer's seconds are those in which data flowed, or ours where it tells none") {
  StreamResult told;
  told.bytes = 1000;
  CHECK(with_seconds(told, 10.0, 250ms).seconds == 10.0);
  told.seconds = 1.25;
  const StreamResult word = with_seconds(told, 10.0, 250ms);
  CHECK(word.seconds == 1.0);
  CHECK(word.bytes == 1000);
  CHECK(with_seconds(told, 10.0).seconds == 1.25);
  CHECK(with_seconds(told, 10.0, 2s).seconds == 0.0);
}

TEST_CASE("What is left of the time to begin is the end's, within bounds") {
  CHECK(end_patience(5s, 4s) == 9s);
  CHECK(end_patience(5s, -1s) == 5s);  // round trips of many streams took it
  CHECK(end_patience(5s, 30s) == 15s);
  CHECK(end_patience(kMostEndPatience, 4s) == 15s);
}
