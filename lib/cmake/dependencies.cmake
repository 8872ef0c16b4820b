# Every third-party library, by the name its target has in this project.
#
# The system's package is taken where there is one (Debian 12 has them all: ./dev installs them).
# Where it is missing, the same release is fetched from its author and checked against the SHA-256
# given here. -DFETCHCONTENT_TRY_FIND_PACKAGE_MODE=NEVER fetches although a package is there;
# -DFETCHCONTENT_FULLY_DISCONNECTED=ON forbids every download, and what is missing is named.
include(FetchContent)
include("${CMAKE_CURRENT_LIST_DIR}/fetch.cmake")
set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)  # let the option values below reach the fetched projects

# What fetched projects would otherwise build besides the library itself.
set(CXXOPTS_BUILD_EXAMPLES OFF)
set(CXXOPTS_BUILD_TESTS OFF)
set(EXPECTED_BUILD_TESTS OFF)
set(EXPECTED_BUILD_PACKAGE OFF)
set(JSON_BuildTests OFF)
set(SPDLOG_FMT_EXTERNAL ON)  # one fmt in the program, not spdlog's own copy beside it
set(CATCH_BUILD_STATIC_LIBRARY ON)

FetchContent_Declare(
  fmt
  URL https://github.com/fmtlib/fmt/archive/refs/tags/9.1.0.tar.gz
  URL_HASH SHA256=5dea48d1fcddc3ec571ce2058e13910a0d4a6bab4cc09a809d8b1dd1c88ae6f2
  DOWNLOAD_EXTRACT_TIMESTAMP FALSE SYSTEM
  FIND_PACKAGE_ARGS 9 CONFIG)
FetchContent_Declare(
  spdlog
  URL https://github.com/gabime/spdlog/archive/refs/tags/v1.10.0.tar.gz
  URL_HASH SHA256=697f91700237dbae2326b90469be32b876b2b44888302afbc7aceb68bcfe8224
  DOWNLOAD_EXTRACT_TIMESTAMP FALSE SYSTEM
  FIND_PACKAGE_ARGS 1.10 CONFIG)
FetchContent_Declare(
  cxxopts
  URL https://github.com/jarro2783/cxxopts/archive/refs/tags/v3.1.1.tar.gz
  URL_HASH SHA256=523175f792eb0ff04f9e653c90746c12655f10cb70f1d5e6d6d9491420298a08
  DOWNLOAD_EXTRACT_TIMESTAMP FALSE SYSTEM
  FIND_PACKAGE_ARGS 3.1 CONFIG)
FetchContent_Declare(
  nlohmann_json
  URL https://github.com/nlohmann/json/releases/download/v3.11.3/json.tar.xz
  URL_HASH SHA256=d6c65aca6b1ed68e7a182f4757257b107ae403032760ed6ef121c9d55e81757d
  DOWNLOAD_EXTRACT_TIMESTAMP FALSE SYSTEM
  FIND_PACKAGE_ARGS 3.11 CONFIG)
FetchContent_Declare(
  tl-expected
  URL https://github.com/TartanLlama/expected/archive/refs/tags/v1.1.0.tar.gz
  URL_HASH SHA256=1db357f46dd2b24447156aaf970c4c40a793ef12a8a9c2ad9e096d9801368df6
  DOWNLOAD_EXTRACT_TIMESTAMP FALSE SYSTEM
  FIND_PACKAGE_ARGS CONFIG)
FetchContent_Declare(
  Catch2
  URL https://github.com/catchorg/Catch2/archive/refs/tags/v2.13.10.tar.gz
  URL_HASH SHA256=d54a712b7b1d7708bc7a819a8e6e47b2fde9536f487b89ccbca295072a7d9943
  DOWNLOAD_EXTRACT_TIMESTAMP FALSE SYSTEM
  FIND_PACKAGE_ARGS CONFIG)

# udperf_library(<name> <target> <Debian package>): FetchContent itself goes on without what it may not fetch.
macro(udperf_library name target package)
  FetchContent_MakeAvailable(${name})
  if(NOT TARGET ${target})
    udperf_may_fetch(${name} ${package})
  endif()
endmacro()

if(UDPERF_STATIC)
  set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
endif()
udperf_library(fmt fmt::fmt libfmt-dev)
udperf_library(spdlog spdlog::spdlog libspdlog-dev)
udperf_library(cxxopts cxxopts::cxxopts libcxxopts-dev)
udperf_library(nlohmann_json nlohmann_json::nlohmann_json nlohmann-json3-dev)
udperf_library(tl-expected tl::expected libexpected-dev)

# Debian has it, and the fmt that it needs, as shared libraries and as headers, not as archives.
add_library(udperf_spdlog INTERFACE)
if(UDPERF_STATIC)
  # Its own target for headers alone would bring the shared fmt with it.
  target_include_directories(
    udperf_spdlog SYSTEM
    INTERFACE $<TARGET_PROPERTY:spdlog::spdlog_header_only,INTERFACE_INCLUDE_DIRECTORIES>)
  target_compile_definitions(udperf_spdlog INTERFACE SPDLOG_FMT_EXTERNAL)
  target_link_libraries(udperf_spdlog INTERFACE fmt::fmt-header-only)
else()
  target_link_libraries(udperf_spdlog INTERFACE spdlog::spdlog)
endif()

# What `udperf monitor` needs beside, from the system alone.
add_library(udperf_yaml INTERFACE)
add_library(udperf_monitoring INTERFACE)
if(UDPERF_WITH_MONITOR)
  find_package(yaml-cpp REQUIRED)
  target_link_libraries(udperf_yaml INTERFACE yaml-cpp)
  find_package(SQLite3 REQUIRED)
  find_package(prometheus-cpp CONFIG REQUIRED COMPONENTS core)
  # Its own package file asks for parts that Debian does not install.
  find_path(UDPERF_CIVETWEB_INCLUDE civetweb.h REQUIRED)
  find_library(UDPERF_CIVETWEB civetweb REQUIRED)
  find_library(UDPERF_CRYPT crypt REQUIRED)
  mark_as_advanced(UDPERF_CIVETWEB_INCLUDE UDPERF_CIVETWEB UDPERF_CRYPT)
  target_include_directories(udperf_monitoring SYSTEM INTERFACE "${UDPERF_CIVETWEB_INCLUDE}")
  target_link_libraries(udperf_monitoring INTERFACE SQLite::SQLite3 prometheus-cpp::core
                                                    "${UDPERF_CIVETWEB}" "${UDPERF_CRYPT}")
  target_compile_definitions(udperf_monitoring INTERFACE UDPERF_WITH_MONITOR)
endif()

if(UDPERF_BUILD_TESTS)
  udperf_library(Catch2 Catch2::Catch2WithMain catch2)
  # Both 2.13 and 3.x bring a library with main(); it keeps Catch out of every test's compilation.
  add_library(udperf_catch INTERFACE)
  target_link_libraries(udperf_catch INTERFACE Catch2::Catch2WithMain)
  # Headers that validate JSON against a schema; its package exports a target without a namespace.
  find_package(valijson CONFIG REQUIRED)
  add_library(udperf_valijson INTERFACE)
  target_link_libraries(udperf_valijson INTERFACE valijson)
endif()

include("${CMAKE_CURRENT_LIST_DIR}/sodium.cmake")
