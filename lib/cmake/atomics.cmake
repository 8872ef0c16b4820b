# Counters of 64 bits that threads share: processors of 32 bits that cannot (MIPS, PowerPC, old ARM) have
# them from libatomic, which then is a library of every program.
include(CheckCXXSourceCompiles)
set(source "
#include <atomic>
#include <cstdint>
int main(int argc, char**) {
  std::atomic<std::uint64_t> count{static_cast<std::uint64_t>(argc)};
  std::uint64_t was = count.fetch_add(1);
  return count.compare_exchange_strong(was, 2) ? 0 : static_cast<int>(count.load());
}")
check_cxx_source_compiles("${source}" UDPERF_ATOMICS_INLINE)
if(NOT UDPERF_ATOMICS_INLINE)
  set(CMAKE_REQUIRED_LIBRARIES atomic)
  check_cxx_source_compiles("${source}" UDPERF_ATOMICS_OF_LIBRARY)
  unset(CMAKE_REQUIRED_LIBRARIES)
  if(NOT UDPERF_ATOMICS_OF_LIBRARY)
    message(FATAL_ERROR "Atomic operations of 64 bits can be linked neither without libatomic nor with it")
  endif()
  target_link_libraries(udperf_options INTERFACE atomic)
endif()
