// What `udperf report` is given: a file of anyone's.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "html/report_page.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto found = udperf::html::find_document({reinterpret_cast<const char*>(data), size});
  if (found && udperf::html::report_page(*found).find("\"test\"") == std::string::npos) {
    std::abort();
  }
  return 0;
}
