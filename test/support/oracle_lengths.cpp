#include "support/oracle.hpp"

namespace udperf::test {

std::vector<std::uint32_t> naive_lengths(std::uint64_t size, std::uint32_t payload) {
  constexpr std::uint64_t kHeader = 40;
  std::vector<std::uint32_t> lengths;
  for (; size >= payload; size -= payload) {
    lengths.push_back(payload);
  }
  if (size == 0) {
    return lengths;
  }
  std::uint64_t parts = 1;
  while (size < parts * kHeader && !lengths.empty()) {
    size += lengths.back();
    lengths.pop_back();
    ++parts;
  }
  for (; parts > 0; --parts) {
    const std::uint64_t part = size / parts + (size % parts != 0 ? 1 : 0);
    lengths.push_back(static_cast<std::uint32_t>(part));
    size -= part;
  }
  return lengths;
}

}  // namespace udperf::test
