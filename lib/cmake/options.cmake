# Compiler settings that every target of udperf shares, as one interface target.
find_package(Threads REQUIRED)

add_library(udperf_options INTERFACE)
target_compile_features(udperf_options INTERFACE cxx_std_20)
target_link_libraries(udperf_options INTERFACE Threads::Threads)
target_compile_options(
  udperf_options
  INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wold-style-cast -Wnon-virtual-dtor
            -Woverloaded-virtual -Wcast-align -Wimplicit-fallthrough -Wdouble-promotion)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # maybe-uninitialized: g++ 12 sees it in std::optional where there is none; stringop-overflow: in
  # std::vector::insert when a sanitizer is on.
  target_compile_options(udperf_options INTERFACE -Wuseless-cast -Wlogical-op -Wduplicated-cond
                                                  -Wno-maybe-uninitialized)
  if(UDPERF_SANITIZE)
    target_compile_options(udperf_options INTERFACE -Wno-stringop-overflow)
  endif()
endif()
if(UDPERF_DEVELOPER_MODE)
  target_compile_options(udperf_options INTERFACE -Werror)
endif()
if(UDPERF_SANITIZE)
  target_compile_options(udperf_options INTERFACE -fsanitize=${UDPERF_SANITIZE} -fno-sanitize-recover=all
                                                  -fno-omit-frame-pointer)
  target_link_options(udperf_options INTERFACE -fsanitize=${UDPERF_SANITIZE})
endif()

# udperf_module(<folder> <libraries>...): the static library udperf_<folder> from the sources of lib/<folder>.
function(udperf_module folder)
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/lib/${folder}/*.cpp")
  set(visibility PUBLIC)
  if(sources)
    add_library(udperf_${folder} STATIC ${sources})
  else()
    add_library(udperf_${folder} INTERFACE)
    set(visibility INTERFACE)
  endif()
  target_include_directories(udperf_${folder} ${visibility} "${PROJECT_SOURCE_DIR}/lib")
  target_link_libraries(udperf_${folder} ${visibility} udperf_options ${ARGN})
endfunction()
