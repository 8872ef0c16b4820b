// Any bytes as a file of times and lengths: CSV, or a capture for libpcap.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "model/test_params.hpp"
#include "traffic/trace.hpp"

namespace {

void check(const std::vector<udperf::traffic::TraceRow>& rows) {
  if (rows.empty()) {
    return;
  }
  const udperf::traffic::Trace trace{rows, udperf::kDataHeaderBytes, {}};
  if (trace.packets() != rows.size() || trace.smallest() < udperf::kDataHeaderBytes ||
      trace.mean_bps() == 0) {
    std::abort();
  }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace udperf::traffic;
  TraceNotes notes;
  if (const auto rows = parse_trace_csv({reinterpret_cast<const char*>(data), size}, notes)) {
    check(*rows);
  }
  static const int file = ::memfd_create("capture", MFD_CLOEXEC);
  if (file < 0 || ::ftruncate(file, 0) != 0 ||
      ::pwrite(file, data, size, 0) != static_cast<ssize_t>(size)) {
    return 0;
  }
  TraceNotes of_capture;
  if (const auto rows = read_trace_capture("/proc/self/fd/" + std::to_string(file), of_capture)) {
    check(*rows);
  }
  return 0;
}
