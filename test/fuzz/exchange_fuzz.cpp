// FIN, pulls and report pieces in any order at both sides of the exchange, and the seal's opening.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "session/fin_exchange.hpp"
#include "session/report_exchange.hpp"
#include "session/sealer.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace udperf;
  session::FinExchange sender{1, 0};
  session::ReportExchange receiver{1, 0};
  crypto::Key key{};
  auto sealer = session::Sealer::for_session(key, session::Role::client, {}, {}, 0);
  MonoTime now{std::chrono::seconds{1}};
  sender.start(TxReport{}, Duration{0}, now);
  while (size >= 3) {
    const std::size_t length = std::min<std::size_t>(size - 3, data[1]);
    const auto bytes = std::as_bytes(std::span{data + 3, length});
    now += std::chrono::milliseconds{data[2] * 4};
    static_cast<void>(sealer.open(bytes, session::Sealer::Replay::refused));
    if (const auto chunk = wire::decode<wire::ReportChunk>(bytes); chunk && data[0] % 3 == 0) {
      sender.on_report(*chunk, now);
    }
    if (const auto fin = wire::decode<wire::Fin>(bytes); fin && data[0] % 3 == 1) {
      receiver.on_fin(*fin, now);
    }
    if (const auto pull = wire::decode<wire::ReportPull>(bytes); pull && data[0] % 3 == 2) {
      receiver.on_pull(*pull, now);
    }
    sender.on_timer(now);
    if (receiver.due({}, now)) {
      RxReport report;
      report.interval_ns = 1;
      receiver.set_report(report);
    }
    while (sender.poll_transmit()) {
    }
    while (receiver.poll_transmit()) {
    }
    data += 3 + length;
    size -= 3 + length;
  }
  return 0;
}
