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
if(CMAKE_SIZEOF_VOID_P EQUAL 4)
  # Times beyond 2038, and files beyond 2 GiB.
  target_compile_definitions(udperf_options INTERFACE _TIME_BITS=64 _FILE_OFFSET_BITS=64)
  # Counters have 64 bits everywhere; as an index, after their limits, they are cut to size_t.
  target_compile_options(udperf_options INTERFACE -Wno-conversion -Wno-narrowing -Wno-useless-cast -Wno-psabi)
endif()
if(UDPERF_DEVELOPER_MODE)
  target_compile_options(udperf_options INTERFACE -Werror)
endif()
if(UDPERF_SANITIZE)
  target_compile_options(udperf_options INTERFACE -fsanitize=${UDPERF_SANITIZE} -fno-sanitize-recover=all
                                                  -fno-omit-frame-pointer)
  target_link_options(udperf_options INTERFACE -fsanitize=${UDPERF_SANITIZE})
endif()

if(UDPERF_STATIC)
  target_compile_definitions(udperf_options INTERFACE UDPERF_STATIC)
  target_link_options(udperf_options INTERFACE -static)
endif()
option(UDPERF_SECTIONS "Leave out of a program what it does not call" ${UDPERF_STATIC})
if(UDPERF_SECTIONS)
  target_compile_options(udperf_options INTERFACE -ffunction-sections -fdata-sections)
  target_link_options(udperf_options INTERFACE -Wl,--gc-sections)
endif()

# A compiler cache, where one is installed; ./dev tells it how to serve every clone of the tree.
find_program(UDPERF_CCACHE ccache)
mark_as_advanced(UDPERF_CCACHE)
if(UDPERF_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${UDPERF_CCACHE}")
endif()

# A linker that takes a fraction of the time, where one is installed.
option(UDPERF_FAST_LINKER "Link with mold or lld where one is installed" ON)
find_program(UDPERF_MOLD mold)
find_program(UDPERF_LLD ld.lld NAMES ld.lld ld.lld-14)
mark_as_advanced(UDPERF_MOLD UDPERF_LLD)
include(CheckLinkerFlag)
foreach(linker mold lld)
  string(TOUPPER ${linker} name)
  if(UDPERF_FAST_LINKER AND UDPERF_${name})
    check_linker_flag(CXX -fuse-ld=${linker} UDPERF_LINKS_WITH_${name})
    if(UDPERF_LINKS_WITH_${name})
      target_link_options(udperf_options INTERFACE -fuse-ld=${linker})
      break()
    endif()
  endif()
endforeach()

# Sources that share their headers are compiled some at a time, in a third of the time: what takes
# long is the headers. OFF for who edits a lot, and for lint, which looks at each by itself.
option(UDPERF_UNITY_BUILD "Compile several sources at a time" ON)

# udperf_together(<variable> <name> <base> <sources>...): what is compiled in place of the sources,
# which lie below the folder base, an include folder. Their names are relative to it, so that a
# compiler cache finds them in any clone.
function(udperf_together variable name base)
  set(together ${ARGN})
  if(UDPERF_UNITY_BUILD AND ARGN)
    set(together "")
    list(LENGTH ARGN count)
    # At most 16, and as many in each.
    math(EXPR parts "(${count} + 15) / 16")
    math(EXPR share "(${count} + ${parts} - 1) / ${parts}")
    set(first 0)
    while(first LESS count)
      list(SUBLIST ARGN ${first} ${share} some)
      set(text "")
      foreach(source IN LISTS some)
        file(RELATIVE_PATH path "${base}" "${source}")
        string(APPEND text "#include \"${path}\"\n")
      endforeach()
      set(file "${CMAKE_CURRENT_BINARY_DIR}/together/${name}_${first}.cpp")
      file(CONFIGURE OUTPUT "${file}" CONTENT "${text}" @ONLY)
      list(APPEND together "${file}")
      math(EXPR first "${first} + ${share}")
    endwhile()
  endif()
  set(${variable} ${together} PARENT_SCOPE)
endfunction()

# udperf_cold(<target>...): no datagram passes there. In the build of developers it is compiled in two
# thirds of the time, with less optimisation; the packages have all of it.
function(udperf_cold)
  foreach(target IN LISTS ARGN)
    target_compile_options(${target} PRIVATE $<$<CONFIG:RelWithDebInfo>:-O1>)
  endforeach()
endfunction()

# udperf_layers(<variable> <folder>): the libraries of the folders that lib/LAYERS lets <folder> use.
function(udperf_layers variable folder)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/lib/LAYERS")
  file(STRINGS "${PROJECT_SOURCE_DIR}/lib/LAYERS" row REGEX "^${folder}:")
  if(NOT row)
    message(FATAL_ERROR "lib/${folder} has no row in lib/LAYERS")
  endif()
  string(REGEX REPLACE "^[^:]*: *" "" names "${row}")
  string(REPLACE " " ";" names "${names}")
  list(TRANSFORM names PREPEND udperf_)
  set(${variable} "${names}" PARENT_SCOPE)
endfunction()

# udperf_module(<folder> <libraries>...): the static library udperf_<folder> from the sources of lib/<folder>,
# but for those that match udperf_<folder>_without, where that is set; beside <libraries> it is linked to
# those of the folders that it may use.
function(udperf_module folder)
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/lib/${folder}/*.cpp"
       "${PROJECT_SOURCE_DIR}/lib/${folder}/*/*.cpp")
  if(udperf_${folder}_without)
    list(FILTER sources EXCLUDE REGEX "${udperf_${folder}_without}")
  endif()
  set(visibility PUBLIC)
  if(sources)
    udperf_together(sources ${folder} "${PROJECT_SOURCE_DIR}/lib" ${sources})
    add_library(udperf_${folder} STATIC ${sources})
  else()
    add_library(udperf_${folder} INTERFACE)
    set(visibility INTERFACE)
  endif()
  if(sources)
    if("nlohmann_json::nlohmann_json" IN_LIST ARGN)
      udperf_use_precompiled(udperf_${folder} udperf_json_precompiled)
    else()
      udperf_use_precompiled(udperf_${folder} udperf_precompiled)
    endif()
  endif()
  # Each folder is alone in an include folder of its own: what lies in one that is not linked is not found.
  set(include "${CMAKE_CURRENT_BINARY_DIR}/include/${folder}")
  file(MAKE_DIRECTORY "${include}")
  file(CREATE_LINK "${PROJECT_SOURCE_DIR}/lib/${folder}" "${include}/${folder}" SYMBOLIC)
  target_include_directories(udperf_${folder} ${visibility} "${include}")
  udperf_layers(layers ${folder})
  target_link_libraries(udperf_${folder} ${visibility} udperf_options ${layers} ${ARGN})
endfunction()
