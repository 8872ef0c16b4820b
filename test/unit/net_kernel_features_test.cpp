// The kernel of the machine that runs the tests is the one that is asked: what is known of it comes
// from uname(2) and from sending, not from the code under test.

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include <string>
#include <vector>

#include "net/kernel_features.hpp"
#include "net/socket_address.hpp"
#include "os/fd.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"

using namespace udperf;

namespace {

/// Whether one send of so many datagrams of a byte is taken.
bool takes(std::uint32_t segments) {
  const os::Fd fd{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  net::SocketAddress address{{IpAddress::loopback(IpFamily::v4), 0}};
  REQUIRE(::bind(fd.get(), address.raw(), address.size()) == 0);
  REQUIRE(::getsockname(fd.get(), address.raw(), address.size_out()) == 0);
  REQUIRE(::connect(fd.get(), address.raw(), address.size()) == 0);
  const int one = 1;
  REQUIRE(::setsockopt(fd.get(), SOL_UDP, UDP_SEGMENT, &one, sizeof one) == 0);
  const std::vector<char> bytes(segments);
  return ::send(fd.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size());
}

}  // namespace

TEST_CASE("the kernel is named as uname names it", "[net]") {
  utsname names{};
  REQUIRE(::uname(&names) == 0);

  CHECK(net::find_kernel_features().release ==
        std::string{names.sysname} + " " + std::string{names.release});
}

TEST_CASE("as many segments as are named are taken, and not one more", "[net]") {
  const auto features = net::find_kernel_features();
  if (!features.segmentation) {
    udperf::test::skip_test("this kernel has no UDP_SEGMENT");
    CHECK_FALSE(features.max_segments.has_value());
    return;
  }
  REQUIRE(features.max_segments.has_value());
  CHECK(takes(*features.max_segments));
  CHECK_FALSE(takes(*features.max_segments + 1));
}
