#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "wire/messages.hpp"

namespace udperf::session {

/// Which pieces of the peer's report are asked for together: as many as the path, and the other
/// end's budget, let pass. Pure.
class PullWindow {
 public:
  static constexpr std::uint16_t kMost = 32;  ///< pieces
  static constexpr std::uint16_t kLeast = 3;  ///< a padded REPORT_PULL pays for so many

  /// The first piece has come unasked, and the others are to follow it: `total` bytes in all.
  void expect(std::uint32_t total) { end_ = total; }
  /// What comes next is asked for, behind the first `have` bytes.
  void ask(std::uint32_t have, std::uint32_t total) {
    begin_ = have;
    end_ = std::min(total, have + std::uint32_t{pieces_} * kPiece);
  }
  [[nodiscard]] wire::ReportPull request() const { return {begin_, pieces_}; }
  /// Everything that was asked for is among the first `have` bytes.
  [[nodiscard]] bool whole(std::uint32_t have) const { return have >= end_; }

  /// It came whole: more at once.
  void widen() {
    pieces_ = std::min<std::uint16_t>(static_cast<std::uint16_t>(pieces_ * 2), kMost);
  }
  /// It did not, and only `have` bytes are here: that was more than gets through.
  void narrow(std::uint32_t have) {
    const std::uint32_t came = (have - begin_) / kPiece;
    pieces_ = static_cast<std::uint16_t>(
        std::clamp<std::uint32_t>(came, std::uint32_t{kLeast}, std::uint32_t{kMost}));
  }

 private:
  static constexpr std::uint32_t kPiece = wire::ReportChunk::kMaxBytes;

  std::uint32_t begin_ = 0;  ///< of what was asked for last, bytes
  std::uint32_t end_ = 0;
  std::uint16_t pieces_ = kMost;
};

}  // namespace udperf::session
