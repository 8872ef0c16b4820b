// Arbitrary reads, merged and single, with good headers here and there.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "receiver/receiver.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace udperf;
  if (size < 4) {
    return 0;
  }
  receiver::Receiver::Settings settings;
  settings.session = 7;
  settings.params.payload_bytes = 64;
  settings.params.amount.packets = 1000;
  settings.merging = true;
  receiver::Receiver receiver{settings};
  MonoTime now{std::chrono::seconds{1}};
  receiver.set_anchor(now);
  std::vector<std::byte> bytes(size);
  std::copy_n(reinterpret_cast<const std::byte*>(data), size, bytes.begin());
  for (std::size_t at = 0; at + kDataHeaderBytes <= size; at += 64) {
    if ((data[at] & 1U) != 0) {
      wire::DataHeader header;
      header.session = 7;
      header.sequence = std::uint64_t{data[at + 1]} * 4U;
      header.batch = data[at + 2];
      header.index = data[at + 3] % 8;
      header.count = 8;
      wire::encode(header, std::span{bytes}.subspan(at).first<kDataHeaderBytes>());
    }
  }
  net::Received read;
  read.data = bytes;
  read.segment = (data[0] & 2U) != 0 ? 64U : 1U + data[1];
  read.drops = data[2];
  read.at = now;
  for (std::size_t offset = 0; offset < bytes.size();) {
    const std::size_t next = receiver.on_read(read, offset);
    offset = next == offset ? offset + read.segment : next;
  }
  const RxReport report =
      receiver.finalize(std::nullopt, Finalized::no_fin, ClockAnchor{}, data[3]);
  if (report.datagrams != report.unique + report.duplicates + report.late + report.invalid ||
      report.sent != report.unique + report.lost ||
      report.rx_socket_drop.value_or(0) > report.lost) {
    std::abort();
  }
  return 0;
}
