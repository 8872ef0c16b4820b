# Toolchain file: Debian's cross compiler for the architecture UDPERF_CROSS (arm64, armhf, s390x), and
# the libraries that app/package/sysroot has unpacked into build/sysroot/. Programs of that architecture
# which the build or the tests run are run by qemu-user.
set(UDPERF_CROSS "" CACHE STRING "Debian architecture to build for")
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES UDPERF_CROSS)

set(arm64 aarch64-linux-gnu aarch64 aarch64)
set(armhf arm-linux-gnueabihf armv7l arm)
set(s390x s390x-linux-gnu s390x s390x)
if(NOT DEFINED ${UDPERF_CROSS})
  message(FATAL_ERROR "UDPERF_CROSS is arm64, armhf or s390x, not \"${UDPERF_CROSS}\"")
endif()
list(GET ${UDPERF_CROSS} 0 triplet)
list(GET ${UDPERF_CROSS} 1 processor)
list(GET ${UDPERF_CROSS} 2 emulated)

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${processor})
set(CMAKE_CXX_COMPILER ${triplet}-g++)
set(CMAKE_LIBRARY_ARCHITECTURE ${triplet})
find_program(UDPERF_EMULATOR NAMES qemu-${emulated}-static qemu-${emulated})

get_filename_component(sysroot "${CMAKE_CURRENT_LIST_DIR}/../../build/sysroot/${UDPERF_CROSS}" ABSOLUTE)
# Of shared libraries, the C and C++ ones are the compiler's, the others are found where they are unpacked.
# No path of this machine may get into a program.
set(libraries "${sysroot}/usr/lib/${triplet}:${sysroot}/lib/${triplet}")
set(CMAKE_CROSSCOMPILING_EMULATOR "${UDPERF_EMULATOR};-L;/usr/${triplet};-E;LD_LIBRARY_PATH=${libraries}")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-Wl,-rpath-link,${libraries}")
set(CMAKE_SKIP_RPATH ON)

set(CMAKE_FIND_ROOT_PATH "${sysroot}" "/usr/${triplet}")  # the latter has the C library
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_LIBDIR} "${sysroot}/usr/lib/${triplet}/pkgconfig:${sysroot}/usr/share/pkgconfig")
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${sysroot}")
