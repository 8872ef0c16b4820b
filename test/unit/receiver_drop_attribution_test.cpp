#include "receiver/drop_attribution.hpp"
#include "support/catch.hpp"

using udperf::receiver::DropAttribution;
using Place = DropAttribution::Place;

namespace {

/// Batch `b` of ten datagrams, read as one buffer.
void read_batch(DropAttribution& drops, std::uint32_t b, std::uint32_t counter) {
  const Place first{b * 10ULL, b, 0, 10};
  const Place last{b * 10ULL + 9, b, 9, 10};
  drops.on_read(first, last, counter);
}

}  // namespace

TEST_CASE("whole batches that the counter explains are the socket's", "[receiver]") {
  DropAttribution drops{true};
  read_batch(drops, 0, 0);
  read_batch(drops, 4, 3);  // three batches missing, counter grown by three
  const auto verdict = drops.close(50, 5, 3, 30);
  CHECK(verdict.socket_datagrams == 30);
  CHECK_FALSE(verdict.is_bound);
}

TEST_CASE("batches that no counter explains are the network's", "[receiver]") {
  DropAttribution drops{true};
  read_batch(drops, 0, 0);
  read_batch(drops, 4, 0);
  const auto verdict = drops.close(50, 5, 0, 30);
  CHECK(verdict.socket_datagrams == 0);
  CHECK_FALSE(verdict.is_bound);
}

TEST_CASE("the tail's batches are judged by the counter at the end", "[receiver]") {
  DropAttribution drops{true};
  read_batch(drops, 0, 0);
  CHECK(drops.close(50, 5, 4, 40).socket_datagrams == 40);
  CHECK(drops.close(50, 5, 0, 40).socket_datagrams == 0);
}

TEST_CASE("what was lost before the first read is judged too", "[receiver]") {
  DropAttribution drops{true};
  read_batch(drops, 2, 2);
  CHECK(drops.close(30, 3, 2, 20).socket_datagrams == 20);
}

TEST_CASE("when nothing arrived at all the counter decides", "[receiver]") {
  const DropAttribution drops{true};
  CHECK(drops.close(50, 5, 5, 50).socket_datagrams == 50);
  CHECK(drops.close(50, 5, 0, 50).socket_datagrams == 0);
}

TEST_CASE("single datagrams count one drop each", "[receiver]") {
  DropAttribution drops{false};
  drops.on_read({0, 0, 0, 1}, {0, 0, 0, 1}, 0);
  drops.on_read({5, 5, 0, 1}, {5, 5, 0, 1}, 4);
  CHECK(drops.close(6, 6, 4, 4).socket_datagrams == 4);
}

TEST_CASE("a gap that the counter explains in part gives a bound", "[receiver]") {
  DropAttribution drops{true};
  read_batch(drops, 0, 0);
  read_batch(drops, 4, 1);  // three batches missing, one dropped here
  const auto verdict = drops.close(50, 5, 1, 30);
  CHECK(verdict.is_bound);
  CHECK(verdict.socket_datagrams == 10);
}

TEST_CASE("network and socket losses in different gaps are told apart exactly", "[receiver]") {
  DropAttribution drops{true};
  read_batch(drops, 0, 0);
  read_batch(drops, 2, 1);  // one batch, dropped here
  read_batch(drops, 5, 1);  // two batches, not here
  const auto verdict = drops.close(60, 6, 1, 30);
  CHECK(verdict.socket_datagrams == 10);
  CHECK_FALSE(verdict.is_bound);
}

TEST_CASE("the counter may wrap", "[receiver]") {
  DropAttribution drops{true};
  read_batch(drops, 0, 0xFFFFFFFF);  // a difference is what counts
  read_batch(drops, 2, 0);
  CHECK(drops.close(30, 3, 0, 10).socket_datagrams == 10);
}

TEST_CASE("dropped control messages do not become lost data", "[receiver]") {
  DropAttribution drops{true};
  read_batch(drops, 0, 0);
  read_batch(drops, 1, 7);
  const auto verdict = drops.close(20, 2, 7, 0);
  CHECK(verdict.socket_datagrams == 0);
}

TEST_CASE("numbers that begin anew go on with the same socket's drops", "[receiver]") {
  const auto single = [](std::uint64_t sequence, std::uint32_t batch) {
    return DropAttribution::Place{sequence, batch, 0, 1};
  };
  DropAttribution before{false};
  before.on_read(single(0, 0), single(0, 0), 2);
  before.on_read(single(1, 1), single(1, 1), 2);
  DropAttribution after{false};
  after.follow(before);
  after.on_read(single(3, 5), single(3, 5), 5);  // 0, 1 and 2 are missing, and the socket dropped 3
  const auto verdict = after.close(4, 6, 5, 3);
  CHECK(verdict.socket_datagrams == 3);
  CHECK_FALSE(verdict.is_bound);
  DropAttribution of_network{false};
  of_network.follow(before);
  of_network.on_read(single(3, 5), single(3, 5), 2);  // what it dropped before is none of these
  CHECK(of_network.close(4, 6, 2, 3).socket_datagrams == 0);
}
