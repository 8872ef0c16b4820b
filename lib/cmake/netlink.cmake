# udperf_netlink: libnl, to ask the kernel for the queues that datagrams leave through. It has no
# CMake files of its own and is found with pkg-config, as it is on every system that has `ip`.
find_package(PkgConfig REQUIRED)
pkg_check_modules(NETLINK REQUIRED IMPORTED_TARGET libnl-3.0>=3.2)
add_library(udperf_netlink INTERFACE)
target_link_libraries(udperf_netlink INTERFACE PkgConfig::NETLINK)
