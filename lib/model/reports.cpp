#include "model/reports.hpp"

#include <system_error>

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

}  // namespace

std::string os_error_text(std::uint32_t os_error) {
  const std::string number = std::to_string(os_error);
  const auto code = static_cast<int>(os_error);
  if (const char* const name = name_of(code)) {
    return std::generic_category().message(code) + " (" + name + ")";
  }
  return "error " + number;
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
