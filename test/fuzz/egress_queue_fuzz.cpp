// Any bytes as the kernel's list of queueing disciplines.
#include <cstdint>
#include <span>

#include "net/egress_queue.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto dump = std::as_bytes(std::span{data, size});
  for (const int device : {0, 1, 2}) {
    static_cast<void>(udperf::net::lists_fq(dump, device));
    static_cast<void>(udperf::net::listed_drops(dump, device));
  }
  return 0;
}
