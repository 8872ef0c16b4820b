# The Debian package: `cpack -G DEB`, or `./dev package`.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME udperf)
set(CPACK_PACKAGE_VENDOR "the udperf authors")
# Who builds for others names a maintainer who can be reached; this one says that there is none.
set(UDPERF_PACKAGE_CONTACT "the udperf authors <authors@udperf.invalid>" CACHE STRING
                                                                         "Maintainer of packages")
set(CPACK_PACKAGE_CONTACT "${UDPERF_PACKAGE_CONTACT}")
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
# The first line of each description is its synopsis; a common one would be put before all of them.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")
set(CPACK_DEBIAN_UDPERF_DESCRIPTION
    "measures what a network does to UDP, exactly
udperf sends UDP datagrams between two hosts and accounts for each of them:
how much arrives, how much is lost and where, what comes twice or out of
order, and how evenly. Both ends count, and the books must balance before a
result is printed, as text, JSON, JSON lines or CSV.
.
Everything goes over one UDP port of the server, in either direction or both,
for many clients at a time. A systemd unit for a server is included; it is
neither enabled nor started by the installation.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES TRUE)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ
                                                GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

# Three packages: the program, and what belongs to another system and depends on it.
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_COMPONENTS_ALL udperf pscheduler smokeping)
set(CPACK_DEBIAN_UDPERF_PACKAGE_NAME udperf)
set(CPACK_DEBIAN_UDPERF_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_UDPERF_PACKAGE_CONTROL_EXTRA "${CMAKE_CURRENT_LIST_DIR}/postinst"
                                              "${CMAKE_CURRENT_LIST_DIR}/prerm"
                                              "${CMAKE_CURRENT_LIST_DIR}/postrm")
if(CMAKE_CROSSCOMPILING)
  set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE "${UDPERF_CROSS}")
  set(CPACK_DEBIAN_UDPERF_PACKAGE_SHLIBDEPS OFF)
  set(CPACK_PROJECT_CONFIG_FILE "${CMAKE_CURRENT_LIST_DIR}/cross_depends.cmake")
  set(CPACK_UDPERF_ARCHITECTURE "${UDPERF_CROSS}")
  set(CPACK_UDPERF_BINARY "${PROJECT_BINARY_DIR}/bin/udperf")
  set(CPACK_UDPERF_DEBS "${PROJECT_SOURCE_DIR}/build/sysroot/${UDPERF_CROSS}.apt/debs")
endif()

set(CPACK_DEBIAN_PSCHEDULER_PACKAGE_NAME udperf-pscheduler)
set(CPACK_DEBIAN_PSCHEDULER_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_PSCHEDULER_PACKAGE_DEPENDS "python3:any, udperf (>= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_PSCHEDULER_PACKAGE_ENHANCES pscheduler-server)
set(CPACK_DEBIAN_PSCHEDULER_DESCRIPTION
    "udperf as a tool of pScheduler
pScheduler, the scheduler of perfSONAR, runs its tests throughput (with UDP)
and latency with udperf at both ends: loss is what is missing by number, and
the books of both ends agree before there is a result.")
set(CPACK_DEBIAN_PSCHEDULER_PACKAGE_CONTROL_EXTRA "${CMAKE_CURRENT_LIST_DIR}/pscheduler/postinst"
                                                  "${CMAKE_CURRENT_LIST_DIR}/pscheduler/postrm")

set(CPACK_DEBIAN_SMOKEPING_PACKAGE_NAME udperf-smokeping)
set(CPACK_DEBIAN_SMOKEPING_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_SMOKEPING_PACKAGE_DEPENDS "perl:any, smokeping, udperf (>= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_SMOKEPING_DESCRIPTION
    "SmokePing probe for udperf
Lets SmokePing draw round trips and loss of UDP as udperf measures them
against its own server: a ping is lost when the datagram of either way is
missing by its number.")

# What Debian wants otherwise than other systems is done to the staged files.
set(CPACK_PRE_BUILD_SCRIPTS "${CMAKE_CURRENT_LIST_DIR}/stage.cmake")
set(CPACK_UDPERF_SOURCE "${PROJECT_SOURCE_DIR}")
set(CPACK_UDPERF_VERSION "${PROJECT_VERSION}-1")
include(CPack)
