# Manual pages and completions, from the option table that --help is made of. A program that the build
# compiles makes them, which has to run here. Where udperf is built for another processor and nothing is
# told that runs its programs (CMAKE_CROSSCOMPILING_EMULATOR; OpenWrt, Buildroot and Yocto tell none), those
# that a source archive brings in bundled/ are installed, or none.
set(UDPERF_GENERATED_DIR "" CACHE PATH
    "Folders man and completions, made before; empty: they are made, where what makes them can run")
set(generated "${UDPERF_GENERATED_DIR}")
if(NOT generated AND CMAKE_CROSSCOMPILING AND NOT CMAKE_CROSSCOMPILING_EMULATOR)
  set(generated "${PROJECT_SOURCE_DIR}/bundled")
  if(NOT EXISTS "${generated}/man/udperf.1")
    message(WARNING "No manual pages and completions: what makes them cannot run here. "
                    "UDPERF_GENERATED_DIR may be the folder \"generated\" of a build for this machine.")
    add_custom_target(udperf_generated)
    return()
  endif()
endif()

if(generated)
  foreach(file man/udperf.1 completions/udperf.bash completions/_udperf completions/udperf.fish)
    if(NOT EXISTS "${generated}/${file}")
      message(FATAL_ERROR "Manual pages and completions: there is no ${generated}/${file}")
    endif()
  endforeach()
  add_custom_target(udperf_generated)
else()
  set(generated "${PROJECT_BINARY_DIR}/generated")
  add_executable(udperf_generate "${CMAKE_CURRENT_LIST_DIR}/main.cpp")
  target_link_libraries(udperf_generate PRIVATE udperf_pages)
  string(TIMESTAMP UDPERF_DATE "%Y-%m-%d" UTC)  # obeys SOURCE_DATE_EPOCH
  add_custom_command(
    OUTPUT "${generated}/stamp"
    COMMAND "${CMAKE_COMMAND}" -E rm -rf "${generated}"
    COMMAND udperf_generate "${generated}" "${UDPERF_DATE}" "${PROJECT_VERSION}"
    COMMAND "${CMAKE_COMMAND}" -E touch "${generated}/stamp"
    DEPENDS udperf_generate
    COMMENT "Generating manual pages and completions" VERBATIM)
  add_custom_target(udperf_generated ALL DEPENDS "${generated}/stamp")
endif()

set(UDPERF_ZSH_DIR "${CMAKE_INSTALL_DATADIR}/zsh/site-functions" CACHE STRING "Where zsh finds completions")
# The pages that a source archive brings are of the whole program.
set(without_monitor "")
if(NOT UDPERF_WITH_MONITOR)
  set(without_monitor PATTERN udperf-monitor.1 EXCLUDE)
endif()
install(DIRECTORY "${generated}/man/" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1" ${without_monitor})
install(FILES "${generated}/completions/udperf.bash" RENAME udperf
        DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
install(FILES "${generated}/completions/_udperf" DESTINATION "${UDPERF_ZSH_DIR}")
install(FILES "${generated}/completions/udperf.fish"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")
