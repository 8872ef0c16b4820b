#include "pacing/load_adjustment.hpp"

#include <algorithm>

namespace udperf::pacing {
namespace {

constexpr std::uint64_t kMega = 1'000'000;
constexpr std::size_t kRowOfGigabit = 1000;
constexpr std::size_t kRowOfTenGigabits = 1090;
constexpr std::size_t kRows = 2081;  // to 1 Tb/s

}  // namespace

BitRate LoadAdjustment::rate_of_row(std::size_t row) {
  if (row == 0) {
    return BitRate::bits_per_second(kMega / 2);
  }
  if (row <= kRowOfGigabit) {
    return BitRate::bits_per_second(row * kMega);
  }
  if (row <= kRowOfTenGigabits) {
    return BitRate::bits_per_second((1000 + 100 * (row - kRowOfGigabit)) * kMega);
  }
  return BitRate::bits_per_second((10'000 + 1000 * (row - kRowOfTenGigabits)) * kMega);
}

std::size_t LoadAdjustment::highest_row(BitRate most) {
  std::size_t low = 0;
  std::size_t high = kRows;
  while (high - low > 1) {
    const std::size_t middle = (low + high) / 2;
    (rate_of_row(middle) <= most ? low : high) = middle;
  }
  return low;
}

LoadAdjustment::LoadAdjustment(MonoTime start, BitRate most)
    : last_row_(highest_row(most)), heard_(start) {}

bool LoadAdjustment::fast() const {
  return ip_rate() < BitRate::bits_per_second(kFastUpTo);
}

void LoadAdjustment::on_status(const Status& status, MonoTime now) {
  heard_ = now;
  missed_ = 0;
  const bool errors = status.sequence_errors > kSequenceErrors;
  if (errors || (status.delay_range && *status.delay_range > kHighDelay)) {
    decrease();
  } else if (status.delay_range && *status.delay_range < kLowDelay) {
    increase();
  }
}

void LoadAdjustment::on_timer(MonoTime now) {
  // s8.1: the first after the upper delay threshold and two intervals, then one interval each.
  while (now - heard_ > kHighDelay + (2 + missed_) * kFeedbackInterval) {
    decrease();
    ++missed_;
  }
}

void LoadAdjustment::increase() {
  if (fast() && !congestion_confirmed()) {
    row_ = std::min(row_ + kFastIncrease, kRowOfGigabit);
    congested_ = 0;
  } else {
    ++row_;
  }
  row_ = std::min(row_, last_row_);
}

void LoadAdjustment::decrease() {
  ++congested_;
  const std::size_t rows = fast() && congested_ == kConfirmations ? kFastDecrease : 1;
  row_ -= std::min(rows, row_);
}

}  // namespace udperf::pacing
