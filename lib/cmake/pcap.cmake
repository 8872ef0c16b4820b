# libpcap reads the captures of --profile trace:FILE. It is found with pkg-config, and done without
# where it is not there: udperf then says so, and still reads traces as CSV. It is not fetched, as
# its own build needs flex and bison. A static program does without: Debian's archive of it wants D-Bus,
# which is none. With words of 32 bits, too, unless it is asked for: the header of each packet begins with a struct
# timeval, which has 8 bytes in Debian 12's library and 16 in udperf, whose times go beyond 2038. It is right where
# the library was built with -D_TIME_BITS=64 or for musl; nothing tells that of a library.
set(with ON)
if(CMAKE_SIZEOF_VOID_P EQUAL 4)
  set(with OFF)
endif()
option(UDPERF_WITH_PCAP "Read captures with libpcap, where it is found" ${with})
find_package(PkgConfig QUIET)
if(UDPERF_WITH_PCAP AND PkgConfig_FOUND AND NOT UDPERF_STATIC)
  pkg_check_modules(PCAP QUIET IMPORTED_TARGET libpcap>=1.9)
endif()
if(TARGET PkgConfig::PCAP)
  target_compile_definitions(udperf_traffic PRIVATE UDPERF_PCAP)
  target_link_libraries(udperf_traffic PRIVATE PkgConfig::PCAP)
endif()
