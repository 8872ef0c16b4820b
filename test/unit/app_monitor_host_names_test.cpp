#include "app/monitor/host_names.hpp"
#include "support/catch.hpp"

namespace udperf::app {
namespace {

TEST_CASE("a host is called by its address, as localhost, or by a name that it was given") {
  for (const char* const header :
       {"", "127.0.0.1", "127.0.0.1:9555", "192.0.2.1:80", "[::1]:9555", "[2001:db8::1]",
        "localhost", "LocalHost:9555", "watch.example", "Watch.Example:443"}) {
    CAPTURE(header);
    CHECK(is_called(header, {"watch.example"}));
  }
  for (const char* const header : {"evil.example", "evil.example:9555", "watch.example.evil",
                                   "127.0.0.1.evil.example", "localhost.evil.example", "[",
                                   "[::1"
                                   "evil]",
                                   "1.2.3"}) {
    CAPTURE(header);
    CHECK_FALSE(is_called(header, {"watch.example"}));
  }
  CHECK_FALSE(is_called("watch.example", {}));
}

}  // namespace
}  // namespace udperf::app
