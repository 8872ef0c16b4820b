#include "support/families.hpp"

#include "net/udp_port.hpp"
#include "support/condition.hpp"

namespace udperf::test {

bool family_here(IpFamily family) {
  net::PortOptions options;
  options.bind = IpAddress::loopback(family);
  options.remote = Endpoint{IpAddress::loopback(family), 9};
  return net::UdpPort::open(options).has_value();
}

bool family_or_skip(IpFamily family) {
  const bool here = family_here(family);
  if (!here) {
    skip_test(family == IpFamily::v6 ? "no IPv6 here" : "no IPv4 here");
  }
  return here;
}

}  // namespace udperf::test
