#include <array>

#include "receiver/read_log.hpp"
#include "support/catch.hpp"

using namespace udperf;
using receiver::ReadLog;

namespace {

constexpr std::array<std::byte, 3000> kBytes{};

net::Received read_of(std::size_t bytes) {
  net::Received read;
  read.data = std::span{kBytes}.first(bytes);
  read.kernel_stamp = true;
  return read;
}

}  // namespace

TEST_CASE("merged and single reads are summed apart", "[receiver]") {
  ReadLog log;
  log.note(read_of(3000), 3);
  log.note(read_of(1000), 1);
  log.note(read_of(2000), 2);
  CHECK(log.merged().reads == 2);
  CHECK(log.merged().bytes == 5000);
  CHECK(log.single().reads == 1);
  CHECK(log.single().bytes == 1000);
  RxReport report;
  log.fill(report);
  CHECK(report.batches == 3);
  CHECK(report.gro == 3);
}

TEST_CASE("reads of one datagram are no offload", "[receiver]") {
  ReadLog log;
  log.note(read_of(1000), 1);
  RxReport report;
  log.fill(report);
  CHECK(report.gro == 0);
}

TEST_CASE("stamps are the kernel's only when all of them were", "[receiver]") {
  ReadLog log;
  log.note_good(read_of(100));
  RxReport report;
  log.fill(report);
  CHECK(report.stamp == RxStamp::kernel);
  auto read = read_of(100);
  read.kernel_stamp = false;
  log.note_good(read);
  log.note_good(read_of(100));
  log.fill(report);
  CHECK(report.stamp == RxStamp::user);
}

TEST_CASE("marks that no datagram came with are not told", "[receiver]") {
  ReadLog log;
  RxReport report;
  report.ecn.emplace();
  auto read = read_of(100);
  SECTION("none") {
    log.note_good(read);
    log.fill(report);
    CHECK_FALSE(report.dscp);
    CHECK_FALSE(report.ecn);
  }
  SECTION("the latest") {
    read.tos = 0xB9;  // EF, and ECT(1)
    log.note_good(read);
    log.fill(report);
    CHECK(report.dscp == 46);
    CHECK(report.ecn);
  }
}

TEST_CASE("what the socket had dropped is known from the latest read that says so", "[receiver]") {
  ReadLog log;
  auto read = read_of(100);
  read.drops = 7;
  log.note(read, 1);
  read.drops.reset();
  log.note(read, 1);
  CHECK(log.drops() == 7);

  ReadLog test;
  test.follow(log);
  CHECK(test.drops() == 7);
  CHECK(test.single().reads == 2);
  RxReport report;
  test.fill(report);
  CHECK(report.batches == 0);  // the test's own reads
}
