# libnl asks the kernel for the queues that datagrams leave through. It is the system's: Debian has an
# archive of it for the static program, too. It has no CMake files and is found with pkg-config.
find_package(PkgConfig REQUIRED)
pkg_check_modules(NETLINK REQUIRED IMPORTED_TARGET libnl-3.0>=3.2)
target_link_libraries(udperf_net PRIVATE PkgConfig::NETLINK)
