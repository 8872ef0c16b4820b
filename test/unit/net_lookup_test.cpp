#include <sys/resource.h>

#include <cerrno>

#include "net/resolver.hpp"
#include "support/catch.hpp"

using namespace udperf;

TEST_CASE("without descriptors a lookup says so at once", "[net]") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit none = before;
  none.rlim_cur = 0;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  net::Lookup lookup{"localhost", 5555, std::nullopt};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);

  const auto answer = lookup.take();
  REQUIRE(answer);
  REQUIRE_FALSE(*answer);
  CHECK(answer->error().os_error == EMFILE);
}

TEST_CASE("an address whose interface is not there is not called an unknown name", "[net]") {
  const auto unknown = net::resolve("fe80::1%nosuch", 5555, std::nullopt);
  REQUIRE_FALSE(unknown.has_value());
  CHECK(unknown.error().code == ErrorCode::unreachable);  // it may come: --wait-server
  CHECK(unknown.error().what == "cannot resolve fe80::1%nosuch: no such interface: nosuch");
}
