# OpenSSL's libcrypto does the RSA of iperf3's authentication. It is done without where it is not
# there: the options in question then say so. A static program does without.
option(UDPERF_WITH_OPENSSL "iperf3's authentication with OpenSSL, where it is found" ON)
if(UDPERF_WITH_OPENSSL AND NOT UDPERF_STATIC)
  find_package(OpenSSL 3.0 QUIET COMPONENTS Crypto)
endif()
if(TARGET OpenSSL::Crypto)
  target_compile_definitions(udperf_iperf3 PRIVATE UDPERF_OPENSSL)
  target_link_libraries(udperf_iperf3 PRIVATE OpenSSL::Crypto)
  if(CMAKE_CROSSCOMPILING)  # Debian has headers of one processor beside, where only its own compiler looks
    target_include_directories(udperf_iperf3 SYSTEM PRIVATE
                               "${OPENSSL_INCLUDE_DIR}/${CMAKE_LIBRARY_ARCHITECTURE}")
  endif()
endif()
