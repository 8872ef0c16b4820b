#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "classic/run_table.hpp"
#include "classic/stop_exchange.hpp"
#include "classic/wire.hpp"

// What strangers say to a server of the classic test, and a classic server to a client. The first
// bytes of each piece say who sends it, when, and how it goes on.

using namespace std::chrono_literals;
using namespace udperf;

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  classic::RunTable::Settings settings;
  settings.most_runs = 4;
  settings.most_runs_per_address = 3;
  MonoTime now{1h};
  classic::RunTable table{settings};
  classic::StopExchange exchange{now, 5s};
  std::uint64_t received = 0;
  std::uint64_t answered = 0;
  const MonoTime begun = now;
  std::span<const std::uint8_t> rest{data, size};
  while (rest.size() >= 3) {
    const auto who = rest[0];
    now += std::chrono::milliseconds{rest[1]} * (rest[1] > 200 ? 50 : 1);
    const auto kind = rest[2];
    rest = rest.subspan(3);
    const auto length = std::min<std::size_t>(rest.size(), kind >> 2U);
    const auto raw = std::as_bytes(rest.first(length));
    rest = rest.subspan(length);
    const std::string_view word = (kind & 3U) == 0 ? "START" : "STOP";
    classic::RunTable::Arrival arrival;
    arrival.bytes = (kind & 3U) < 2 ? std::as_bytes(std::span{word}) : raw;
    arrival.length = arrival.bytes.size();
    arrival.native = (kind & 3U) == 3;
    arrival.from = {IpAddress::loopback(IpFamily::v4), static_cast<std::uint16_t>(who & 15U)};
    arrival.from.address.bytes[3] = static_cast<std::uint8_t>(who >> 4U);
    arrival.to = {IpAddress::loopback(IpFamily::v4), 5555};
    const UnixTime unix{now.time_since_epoch()};
    received += arrival.length;
    if (const auto answer = table.on_datagram(arrival, now, unix)) {
      answered += answer->size();
    }
    static_cast<void>(exchange.take_stop(now));
    exchange.on_datagram(raw);
    table.expire(now);
    for (const classic::RunOutcome& run : table.take_finished()) {
      if (run.span < Duration{0} || classic::answer_text(run).size() > 90) {
        std::abort();
      }
    }
    // Never more answers than data, but for the trickle of ten a second and a second's worth.
    const auto free = static_cast<std::uint64_t>((now - begun) / 100ms) + 11;
    if (table.active() > 4 || table.remembered() > 8 || answered > received + free * 90) {
      std::abort();
    }
  }
  now += 60s;
  table.expire(now);
  table.expire(now + 60s);
  if (table.active() != 0 || table.remembered() != 0) {
    std::abort();
  }
  return 0;
}
