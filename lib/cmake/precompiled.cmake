# Headers that nearly every source includes and that no change here touches, compiled once for all of
# lib/ and app/ (test/CMakeLists.txt has its own for the tests). Sources include what they use all the
# same: lint and the fuzz build, both with clang, have no precompiled headers.
include(CMakeDependentOption)
cmake_dependent_option(UDPERF_PRECOMPILED_HEADERS "Compile common headers once" ON
                       "CMAKE_CXX_COMPILER_ID STREQUAL GNU" OFF)

set(UDPERF_COMMON_HEADERS
    <algorithm> <array> <atomic> <bit> <charconv> <chrono> <cmath> <cstddef> <cstdint> <cstdio>
    <cstring> <deque> <fstream> <functional> <map> <memory> <mutex> <optional> <span> <sstream>
    <string> <string_view> <thread> <utility> <variant> <vector> <tl/expected.hpp>)
# Half a second for each source that has it, used or not: only for those that do.
set(UDPERF_JSON_HEADERS ${UDPERF_COMMON_HEADERS} <nlohmann/json.hpp>)

# udperf_precompile(<target> <headers>...): an object library whose precompiled headers other targets
# with the same compile options share.
function(udperf_precompile target)
  file(WRITE "${CMAKE_CURRENT_BINARY_DIR}/${target}.cpp.new" "")
  file(COPY_FILE "${CMAKE_CURRENT_BINARY_DIR}/${target}.cpp.new"
       "${CMAKE_CURRENT_BINARY_DIR}/${target}.cpp" ONLY_IF_DIFFERENT)
  add_library(${target} OBJECT EXCLUDE_FROM_ALL "${CMAKE_CURRENT_BINARY_DIR}/${target}.cpp")
  target_precompile_headers(${target} PRIVATE ${ARGN})
  target_compile_options(${target} PRIVATE -fpch-preprocess)  # ccache needs it to see through them
endfunction()

# udperf_use_precompiled(<target> <precompiled>)
#
# g++ 12 forgets with them which lines are a system header's, and then warns inside std::string; the
# package preset compiles everything without them and with these warnings.
function(udperf_use_precompiled target precompiled)
  if(TARGET ${precompiled})
    target_precompile_headers(${target} REUSE_FROM ${precompiled})
    target_compile_options(${target} PRIVATE -fpch-preprocess -Wno-array-bounds -Wno-restrict
                                             -Wno-stringop-overflow -Wno-stringop-overread)
  endif()
endfunction()

if(UDPERF_PRECOMPILED_HEADERS)
  udperf_precompile(udperf_precompiled ${UDPERF_COMMON_HEADERS})
  target_link_libraries(udperf_precompiled PRIVATE udperf_options tl::expected)
  udperf_precompile(udperf_json_precompiled ${UDPERF_JSON_HEADERS})
  target_link_libraries(udperf_json_precompiled PRIVATE udperf_options nlohmann_json::nlohmann_json
                                                        tl::expected)
endif()
