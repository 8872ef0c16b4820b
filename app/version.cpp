#include "app/version.hpp"

#include <string_view>

#include "net/kernel_features.hpp"

namespace udperf::app {
namespace {

std::string compiler_text() {
#if defined(__clang__)
  return "Clang " __clang_version__;
#else
  return "GCC " __VERSION__;
#endif
}

std::string_view linkage() {
#if defined(UDPERF_STATIC)
  return "static";
#else
  return "shared";
#endif
}

constexpr bool reads_captures() {
#if defined(UDPERF_PCAP)
  return true;
#else
  return false;
#endif
}

constexpr bool has_monitor() {
#if defined(UDPERF_MONITOR)
  return true;
#else
  return false;
#endif
}

std::string line(const std::string& name, std::string_view value) {
  constexpr std::size_t kColumn = 20;
  return name + std::string(name.size() < kColumn ? kColumn - name.size() : 1, ' ') +
         std::string{value} + "\n";
}

std::string yes_or_no(bool value) {
  return value ? "yes" : "no";
}

std::string segmentation_text(const net::KernelFeatures& kernel) {
  if (!kernel.segmentation || !kernel.max_segments) {
    return yes_or_no(kernel.segmentation);
  }
  return "yes, up to " + std::to_string(*kernel.max_segments) + " datagrams a send";
}

}  // namespace

std::string version_text() {
  const auto kernel = net::find_kernel_features();
  return "udperf " UDPERF_VERSION "\n" + line("commit", git_commit()) +
         line("compiler", compiler_text()) + line("libraries", linkage()) +
         line("captures", reads_captures() ? "yes" : "no, traces as CSV only") +
         line("monitor", yes_or_no(has_monitor())) + line("kernel", kernel.release) +
         line("UDP_SEGMENT", segmentation_text(kernel)) +
         line("UDP_GRO", yes_or_no(kernel.receive_offload)) +
         line("SO_TXTIME", yes_or_no(kernel.transmit_time)) +
         line("SO_MAX_PACING_RATE", yes_or_no(kernel.pacing_rate)) +
         line("SO_TIMESTAMPNS", yes_or_no(kernel.arrival_times)) +
         line("SO_TIMESTAMPING", yes_or_no(kernel.timestamping)) +
         line("SO_RXQ_OVFL", yes_or_no(kernel.drop_counter)) +
         line("default queue", kernel.default_queue.empty() ? "unknown" : kernel.default_queue);
}

}  // namespace udperf::app
