# libpcap reads the captures of --profile trace:FILE. It is found with pkg-config, and done without
# where it is not there: udperf then says so, and still reads traces as CSV. It is not fetched, as
# its own build needs flex and bison. A static program does without: Debian's archive of it wants D-Bus,
# which is none.
option(UDPERF_WITH_PCAP "Read captures with libpcap, where it is found" ON)
find_package(PkgConfig QUIET)
if(UDPERF_WITH_PCAP AND PkgConfig_FOUND AND NOT UDPERF_STATIC)
  pkg_check_modules(PCAP QUIET IMPORTED_TARGET libpcap>=1.9)
endif()
if(TARGET PkgConfig::PCAP)
  target_compile_definitions(udperf_traffic PRIVATE UDPERF_PCAP)
  target_link_libraries(udperf_traffic PRIVATE PkgConfig::PCAP)
endif()
