#include "model/reports.hpp"

#include <system_error>

#include <algorithm>
#include <cstring>

namespace udperf {
namespace {

/// The system's name of it, such as EPERM; null where it has none or the C library does not tell.
const char* name_of(int os_error) {
#if defined(__GLIBC__)
#if __GLIBC_PREREQ(2, 32)
  return ::strerrorname_np(os_error);
#endif
#endif
  static_cast<void>(os_error);
  return nullptr;
}

void add_to(IntervalRow& row, const IntervalRow& next) {
  row.unique += next.unique;
  row.bytes += next.bytes;
  row.sent += next.sent;
  row.lost += next.lost;
  row.duplicates += next.duplicates;
  row.reordered += next.reordered;
  row.dv_p50_ns = -1;
  row.dv_p99_ns = std::max(row.dv_p99_ns, next.dv_p99_ns);
  row.rtt_p50_ns = -1;
  row.rtt_min_ns = -1;
  row.rtt_max_ns = -1;
}

}  // namespace

void merge_rows_in_pairs(std::vector<IntervalRow>& rows) {
  const std::size_t pairs = rows.size() / 2;
  for (std::size_t i = 0; i < pairs; ++i) {
    IntervalRow row = rows[2 * i];
    add_to(row, rows[2 * i + 1]);
    rows[i] = row;
  }
  if (rows.size() % 2 != 0) {
    rows[pairs] = rows.back();
  }
  rows.resize(rows.size() - pairs);
}

unsigned merges_between(std::int64_t length, std::int64_t wanted) {
  unsigned times = 0;
  for (; length <= wanted / 2; length *= 2) {
    ++times;
  }
  return times;
}

std::string os_error_text(std::uint32_t os_error) {
  const std::string number = std::to_string(os_error);
  const auto code = static_cast<int>(os_error);
  if (const char* const name = name_of(code)) {
    return std::generic_category().message(code) + " (" + name + ")";
  }
  constexpr std::uint32_t kNoErrorAbove = 4095;
  return os_error != 0 && os_error <= kNoErrorAbove
             ? std::generic_category().message(code) + " (error " + number + ")"
             : "error " + number;
}

std::string early_end_text(const TxReport& report) {
  switch (report.end) {
    case TxEnd::complete:
      return {};
    case TxEnd::interrupted:
      return "it was stopped";
    case TxEnd::peer_stopped:
      return "the other end asked it to stop";
    case TxEnd::peer_silent:
      return "it heard nothing from the receiver any more";
    case TxEnd::failed:
      break;
  }
  return report.time && report.time->os_error != 0
             ? "its system refused to send: " + os_error_text(report.time->os_error)
             : "its system refused to send";
}

}  // namespace udperf
