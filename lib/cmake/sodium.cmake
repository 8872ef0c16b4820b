# udperf_sodium: libsodium, which has no CMake files of its own. The system's library is found with
# pkg-config; without one its release is fetched, checked and built with its own configure script.
find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(SODIUM QUIET IMPORTED_TARGET libsodium>=1.0.18)
endif()

add_library(udperf_sodium INTERFACE)
if(SODIUM_FOUND)
  target_link_libraries(udperf_sodium INTERFACE PkgConfig::SODIUM)
  return()
endif()

udperf_may_fetch("libsodium" "libsodium-dev" "It is found by pkg-config.")
message(STATUS "libsodium: no system package, building release 1.0.18")
include(ExternalProject)
set(sodium_prefix "${PROJECT_BINARY_DIR}/sodium")
file(MAKE_DIRECTORY "${sodium_prefix}/include")
ExternalProject_Add(
  sodium_build
  PREFIX "${sodium_prefix}"
  URL https://github.com/jedisct1/libsodium/releases/download/1.0.18-RELEASE/libsodium-1.0.18.tar.gz
  URL_HASH SHA256=6f504490b342a4f8a4c4a02fc9b866cbef8622d5df4e5452b46be121e46636c1
  DOWNLOAD_EXTRACT_TIMESTAMP FALSE
  CONFIGURE_COMMAND <SOURCE_DIR>/configure --prefix=${sodium_prefix} --disable-shared --with-pic
                    --libdir=${sodium_prefix}/lib
  BUILD_BYPRODUCTS "${sodium_prefix}/lib/libsodium.a")
add_dependencies(udperf_sodium sodium_build)
target_include_directories(udperf_sodium SYSTEM INTERFACE "${sodium_prefix}/include")
target_link_libraries(udperf_sodium INTERFACE "${sodium_prefix}/lib/libsodium.a")
