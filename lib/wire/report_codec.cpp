#include <cstdint>

#include "wire/bounds.hpp"
#include "wire/messages.hpp"
#include "wire/visit_report.hpp"

namespace udperf::wire {
std::vector<std::byte> encode_report(const RxReport& report) {
  std::vector<std::byte> out;
  Writer io{out};
  visit_report(io, report, kReportFormat, kReportRevision);
  return out;
}

std::optional<RxReport> decode_report(std::span<const std::byte> bytes) {
  Reader io{bytes};
  std::uint16_t format = 0;
  std::uint16_t revision = kReportRevisions.front().number;
  RxReport report;
  visit_report(io, report, format, revision);
  if (format != kReportFormat || revision == 0 || !io.ok() || !believable(report)) {
    return std::nullopt;
  }
  return report;
}

}  // namespace udperf::wire
