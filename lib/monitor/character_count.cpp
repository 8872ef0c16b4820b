#include "monitor/character_count.hpp"

#include <algorithm>
#include <utility>

namespace udperf::monitor {
namespace {

constexpr std::size_t kBlock = 256;

/// Bytes that continue a character have 10 in front (RFC 3629 s3).
std::size_t begun(const char* begin, const char* end) {
  return static_cast<std::size_t>(std::count_if(
      begin, end, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

CharacterCount::CharacterCount(std::string text) : text_(std::move(text)) {
  std::size_t sum = 0;
  for (std::size_t at = 0; at <= text_.size(); at += kBlock) {
    before_.push_back(sum);
    sum += begun(text_.data() + at, text_.data() + std::min(at + kBlock, text_.size()));
  }
}

std::size_t CharacterCount::before(std::size_t at) const {
  const std::size_t within = std::min(at, text_.size());
  const std::size_t block = within / kBlock;
  const std::size_t known = before_.empty() ? 0 : before_[block];
  return known + begun(text_.data() + block * kBlock, text_.data() + within) + (at - within);
}

std::size_t CharacterCount::between(std::size_t begin, std::size_t end) const {
  return begin < end ? before(end) - before(begin) : 0;
}

}  // namespace udperf::monitor
