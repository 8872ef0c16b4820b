#include <span>
#include <string>

#include "classic/run_table.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using classic::RunTable;

namespace {

const Endpoint kServer{IpAddress::loopback(IpFamily::v4), 5555};
const UnixTime kToday{1'000'000h};

RunTable::Arrival arrival(const std::string& text, std::uint16_t port = 7777) {
  RunTable::Arrival out;
  out.bytes = std::as_bytes(std::span{text});
  out.length = text.size();
  out.from = {IpAddress::loopback(IpFamily::v4), port};
  out.to = kServer;
  return out;
}

const std::string kStart = "START";
const std::string kStop = "STOP";
const std::string kData(1000, 'a');
const std::string kCompact(100, '\x80');

}  // namespace

TEST_CASE("a classic run ends behind its beginning, whatever becomes of the wall clock",
          "[classic]") {
  RunTable table{{}};
  const MonoTime now{1h};
  CHECK_FALSE(table.on_datagram(arrival(kStart), now, kToday));
  CHECK_FALSE(table.on_datagram(arrival(kData), now + 1s, kToday + 1s));
  CHECK(table.on_datagram(arrival(kStop), now + 2s, kToday - 30min));  // it was set back
  CHECK_FALSE(table.on_datagram(arrival(kStart, 7778), now + 3s, kToday));
  CHECK_FALSE(table.on_datagram(arrival(kData, 7778), now + 4s, kToday + 1s));
  table.expire(now + 10s);  // it fell silent
  const auto runs = table.take_finished();
  REQUIRE(runs.size() == 2);
  CHECK(runs[0].first == kToday);
  CHECK(runs[0].closed == kToday + 2s);
  CHECK(runs[1].closed == kToday + 7s);
}

TEST_CASE("data that begin like those of a native session begin no classic run", "[classic]") {
  RunTable table{{}};
  const MonoTime now{1h};
  auto native = arrival(kCompact);
  native.native = true;
  CHECK_FALSE(table.on_datagram(native, now, kToday));
  CHECK(table.active() == 0);
  CHECK_FALSE(table.on_datagram(arrival(kStart), now, kToday));
  CHECK_FALSE(
      table.on_datagram(native, now + 1s, kToday));  // but they are data of one that goes on
  CHECK(table.on_datagram(arrival(kStop), now + 2s, kToday));
  CHECK(table.take_finished().at(0).payload_bytes == kCompact.size());
}
