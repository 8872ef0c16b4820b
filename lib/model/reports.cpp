#include "model/reports.hpp"

#include <cstring>

namespace udperf {

std::string os_error_text(std::uint32_t os_error) {
  const char* const words = ::strerrordesc_np(static_cast<int>(os_error));
  const char* const name = ::strerrorname_np(static_cast<int>(os_error));
  if (words == nullptr || name == nullptr) {
    return "error " + std::to_string(os_error);
  }
  return std::string{words} + " (" + name + ")";
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
