# OpenSSL's libcrypto does the RSA of iperf3's authentication. It is done without where it is not
# there: the options in question then say so. Static and cross builds do without.
option(UDPERF_WITH_OPENSSL "iperf3's authentication with OpenSSL, where it is found" ON)
if(UDPERF_WITH_OPENSSL AND NOT CMAKE_CROSSCOMPILING AND NOT UDPERF_STATIC)
  find_package(OpenSSL 3.0 QUIET COMPONENTS Crypto)
endif()
if(TARGET OpenSSL::Crypto)
  target_compile_definitions(udperf_iperf3 PRIVATE UDPERF_OPENSSL)
  target_link_libraries(udperf_iperf3 PRIVATE OpenSSL::Crypto)
endif()
