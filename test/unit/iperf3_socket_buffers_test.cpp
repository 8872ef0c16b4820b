#include <sys/socket.h>

#include "iperf3/socket_buffers.hpp"
#include "net/udp_port.hpp"
#include "support/catch.hpp"

using namespace udperf;

TEST_CASE("Socket buffers are told and judged as the kernel tells them") {
  net::PortOptions options;
  options.remote = {IpAddress::loopback(IpFamily::v4), 9};
  options.buffer_bytes = 65'536;
  const auto port = net::UdpPort::open(options);
  REQUIRE(port.has_value());
  for (const bool sending : {true, false}) {
    int kernel = 0;
    socklen_t size = sizeof kernel;
    REQUIRE(::getsockopt((*port)->fd(), SOL_SOCKET, sending ? SO_SNDBUF : SO_RCVBUF, &kernel,
                         &size) == 0);
    const auto usable = sending ? (*port)->send_buffer_bytes() : (*port)->receive_buffer_bytes();
    CHECK(iperf3::told_by_kernel(usable) == static_cast<std::uint32_t>(kernel));
  }
  CHECK(iperf3::buffers_fit(**port, 0));
  CHECK(iperf3::buffers_fit(**port, 65'536));
  CHECK(iperf3::buffers_fit(**port, 131'072));  // what iperf3 takes, too
  CHECK_FALSE(iperf3::buffers_fit(**port, 131'073));
  CHECK(iperf3::told_by_kernel(UINT32_MAX) == UINT32_MAX);
}
