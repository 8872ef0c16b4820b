# Read by cpack when it begins: what a package of another architecture depends on.
if(CPACK_GENERATOR STREQUAL "DEB")
  execute_process(
    COMMAND "${CPACK_UDPERF_SOURCE}/app/package/depends" "${CPACK_UDPERF_ARCHITECTURE}"
            "${CPACK_UDPERF_BINARY}" "${CPACK_UDPERF_DEBS}"
    OUTPUT_VARIABLE CPACK_DEBIAN_UDPERF_PACKAGE_DEPENDS
    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
endif()
