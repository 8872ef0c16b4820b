#pragma once

#include <array>
#include <cstdint>

#include "model/reports.hpp"

namespace udperf::stats {

/// What became of the datagrams that arrived, each counted once. As soon as it was said of each
/// what it is: datagrams() == unique() + duplicates() + late() + invalid().
class Tally {
 public:
  /// They have arrived; what they are is told next.
  void arrived(std::uint64_t datagrams) { datagrams_ += datagrams; }

  /// First copies, of `bytes` in all. `ecn`: their code point, 0..3.
  void first_copies(std::uint64_t count, std::uint64_t bytes, std::uint8_t ecn) {
    unique_ += count;
    unique_bytes_ += bytes;
    ecn_[ecn & 3U] += count;
  }
  /// A further copy; `second`: of a number of which one copy had come, not more.
  void duplicate(bool second) {
    ++duplicates_;
    replicated_ += second ? 1 : 0;
  }
  /// Too late to tell whether it is a first copy.
  void count_late() { ++late_; }
  void count_invalid() { ++invalid_; }
  /// First copies of numbers that the sender says it never used: whatever they were, they were not
  /// its datagrams. Their further copies remain duplicates.
  void disown(std::uint64_t count, std::uint64_t bytes) {
    unique_ -= count;
    unique_bytes_ -= bytes;
    invalid_ += count;
  }

  [[nodiscard]] std::uint64_t datagrams() const { return datagrams_; }
  [[nodiscard]] std::uint64_t unique() const { return unique_; }
  [[nodiscard]] std::uint64_t unique_bytes() const { return unique_bytes_; }
  [[nodiscard]] std::uint64_t duplicates() const { return duplicates_; }
  [[nodiscard]] std::uint64_t late() const { return late_; }
  [[nodiscard]] std::uint64_t invalid() const { return invalid_; }

  void fill(RxReport& out) const {
    out.datagrams = datagrams_;
    out.unique = unique_;
    out.unique_bytes = unique_bytes_;
    out.late = late_;
    out.invalid = invalid_;
    out.duplicates = duplicates_;
    out.replicated = replicated_;
    out.ecn = ecn_;
  }

 private:
  std::uint64_t datagrams_ = 0;
  std::uint64_t unique_ = 0;
  std::uint64_t unique_bytes_ = 0;
  std::uint64_t duplicates_ = 0;
  std::uint64_t replicated_ = 0;  ///< numbers of which there were copies
  std::uint64_t late_ = 0;
  std::uint64_t invalid_ = 0;
  std::array<std::uint64_t, 4> ecn_{};
};

}  // namespace udperf::stats
