// A report that decodes has books that balance, and encodes to the same report.
#include <cstdint>
#include <cstdlib>

#include "wire/messages.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace udperf;
  if (const auto report = wire::decode_report(std::as_bytes(std::span{data, size}))) {
    const bool balanced = report->sent == report->unique + report->lost;
    const auto again = wire::decode_report(wire::encode_report(*report));
    if (!balanced || !again || *again != *report) {
      std::abort();
    }
  }
  return 0;
}
