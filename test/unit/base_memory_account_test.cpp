#include <memory>
#include <vector>

#include "base/memory_account.hpp"
#include "base/source_accounts.hpp"
#include "support/catch.hpp"

using namespace udperf;

namespace {

/// Takes a byte at a time until no more is granted; returns how many.
std::uint64_t take_all(MemoryAccount& account) {
  std::uint64_t taken = 0;
  while (account.take(1)) {
    ++taken;
  }
  return taken;
}

IpAddress address(const char* text) {
  return parse_ip_address(text).value();
}

}  // namespace

TEST_CASE("the whole is never exceeded, and what goes back can be taken again", "[base]") {
  MemoryAccount whole{1000};
  CHECK(whole.take(1000));
  CHECK_FALSE(whole.take(1));
  CHECK_FALSE(whole.take(UINT64_MAX));
  whole.give_back(400);
  CHECK(whole.used() == 600);
  CHECK(whole.take(400));
}

TEST_CASE("a greedy part ends where as much is left for others as it has", "[base]") {
  MemoryAccount whole{1200};
  MemoryAccount one{whole};
  CHECK(take_all(one) == 600);

  MemoryAccount two{whole};
  CHECK(take_all(two) == 300);
  CHECK_FALSE(one.take(1));

  one.give_back(600);
  CHECK(take_all(two) == 300);
}

TEST_CASE("a session counts for its source, and a source's sessions share", "[base]") {
  MemoryAccount whole{1200};
  MemoryAccount source{whole};
  MemoryAccount first{source};
  MemoryAccount second{source};
  CHECK(take_all(first) == 400);
  const std::uint64_t more = take_all(second);
  CHECK(source.used() == 400 + more);
  CHECK(source.used() <= 600);
  CHECK(whole.used() == source.used());
}

TEST_CASE("a share gives back what it has when it goes", "[base]") {
  MemoryAccount whole{100};
  {
    MemoryShare share{&whole};
    CHECK(share.grow(60));
    CHECK_FALSE(share.grow(60));
    MemoryShare moved{std::move(share)};
    CHECK(moved.bytes() == 60);
    moved.shrink(10);
    CHECK(whole.used() == 50);
  }
  CHECK(whole.used() == 0);
  MemoryShare unlimited;
  CHECK(unlimited.grow(UINT64_MAX / 2));
}

TEST_CASE("all addresses of an IPv6 /64 are one source", "[base]") {
  CHECK(source_of(address("2001:db8:1:2::1")) == source_of(address("2001:db8:1:2:ffff::9")));
  CHECK(source_of(address("2001:db8:1:2::1")) != source_of(address("2001:db8:1:3::1")));
  CHECK(source_of(address("192.0.2.1")) != source_of(address("192.0.2.2")));

  MemoryAccount whole{1000};
  SourceAccounts sources{whole};
  auto share = sources.join(address("2001:db8:1:2::1"));
  {
    const auto other = sources.join(address("2001:db8:1:2::2"));
    CHECK(&share->memory() == &other->memory());
    CHECK(sources.sources() == 1);
  }
  CHECK(sources.sources() == 1);
  share.reset();
  CHECK(sources.sources() == 0);
}
