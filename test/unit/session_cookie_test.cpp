#include "session/cookie.hpp"
#include "support/catch.hpp"
#include "support/seeded_random.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using session::CookieJar;
using Verdict = session::CookieJar::Verdict;

namespace {

constexpr MonoTime kStart{1000s};

CookieJar::Subject subject() {
  CookieJar::Subject out;
  out.client = Endpoint{IpAddress::loopback(IpFamily::v4), 40000};
  out.server = Endpoint{IpAddress::loopback(IpFamily::v4), 5555};
  out.nonce[0] = std::byte{1};
  out.params_hash[0] = std::byte{2};
  return out;
}

}  // namespace

TEST_CASE("a cookie speaks for exactly one subject", "[session]") {
  test::SeededRandom random{1};
  CookieJar jar{random, kStart};
  const auto cookie = jar.make(subject(), kStart);
  CHECK(jar.check(cookie, subject(), kStart + 1s) == Verdict::good);

  const auto other = [&](auto change) {
    auto changed = subject();
    change(changed);
    return jar.check(cookie, changed, kStart + 1s);
  };
  CHECK(other([](auto& s) { s.client.port += 1; }) == Verdict::forged);
  CHECK(other([](auto& s) { s.client.address.bytes[3] = 9; }) == Verdict::forged);
  CHECK(other([](auto& s) { s.client.address.family = IpFamily::v6; }) == Verdict::forged);
  CHECK(other([](auto& s) { s.server.port += 1; }) == Verdict::forged);
  CHECK(other([](auto& s) { s.server.address.bytes[3] = 9; }) == Verdict::forged);
  CHECK(other([](auto& s) { s.nonce[5] = std::byte{9}; }) == Verdict::forged);
  CHECK(other([](auto& s) { s.params_hash[5] = std::byte{9}; }) == Verdict::forged);
}

TEST_CASE("a cookie lives for ten seconds, also across a change of keys", "[session]") {
  test::SeededRandom random{2};
  CookieJar jar{random, kStart};
  const MonoTime made = kStart + 59s;
  const auto cookie = jar.make(subject(), made);
  CHECK(jar.check(cookie, subject(), made + 2s) == Verdict::good);
  CHECK(jar.check(cookie, subject(), made + 10s) == Verdict::good);
  CHECK(jar.check(cookie, subject(), made + 11s) == Verdict::expired);
}

TEST_CASE("a cookie is good across every change of keys for half a day", "[session]") {
  test::SeededRandom random{5};
  CookieJar jar{random, kStart};
  for (int minute = 0; minute < 720; ++minute) {  // the count of keys wraps after 256
    const MonoTime made = kStart + minute * 60s + 55s;
    const auto cookie = jar.make(subject(), made);
    CAPTURE(minute);
    REQUIRE(jar.check(cookie, subject(), made + 8s) == Verdict::good);
  }
}

TEST_CASE("after two changes of keys a cookie is worth nothing", "[session]") {
  test::SeededRandom random{3};
  CookieJar jar{random, kStart};
  const auto cookie = jar.make(subject(), kStart);
  static_cast<void>(jar.make(subject(), kStart + 61s));
  CHECK(jar.check(cookie, subject(), kStart + 122s) == Verdict::forged);

  CookieJar idle{random, kStart};
  const auto old = idle.make(subject(), kStart);
  CHECK(idle.check(old, subject(), kStart + 1h) == Verdict::forged);
}

TEST_CASE("a hundred thousand forged cookies: none is good", "[session]") {
  test::SeededRandom random{4};
  CookieJar jar{random, kStart};
  const auto real = jar.make(subject(), kStart);
  std::size_t good = 0;
  for (int i = 0; i < 100'000; ++i) {
    auto forged = real;
    if (i % 2 == 0) {
      random.fill(forged);
    } else {
      const auto at = static_cast<std::size_t>(random.between(0, 31));
      forged[at] ^= static_cast<std::byte>(1U << (static_cast<unsigned>(i) % 8U));
    }
    good += forged != real && jar.check(forged, subject(), kStart + 1s) == Verdict::good ? 1U : 0U;
  }
  CHECK(good == 0);
}

TEST_CASE("who bears a cookie is told from who does not, whatever is asked for", "[session]") {
  test::SeededRandom random{6};
  CookieJar jar{random, kStart};
  const auto cookie = jar.make(subject(), kStart);
  const auto bearer = [&](auto change) {
    auto changed = subject();
    change(changed);
    return jar.check_bearer(cookie, changed, kStart + 1s);
  };
  CHECK(bearer([](auto&) {}) == Verdict::good);
  CHECK(bearer([](auto& s) { s.params_hash[5] = std::byte{9}; }) == Verdict::good);
  CHECK(bearer([](auto& s) { s.client.port += 1; }) == Verdict::forged);
  CHECK(bearer([](auto& s) { s.client.address.bytes[3] = 9; }) == Verdict::forged);
  CHECK(bearer([](auto& s) { s.server.port += 1; }) == Verdict::forged);
  CHECK(bearer([](auto& s) { s.nonce[5] = std::byte{9}; }) == Verdict::forged);
  CHECK(jar.check_bearer(cookie, subject(), kStart + 11s) == Verdict::expired);
  for (std::size_t bit = 0; bit < cookie.size() * 8; ++bit) {
    auto forged = cookie;
    forged[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    const bool of_all = bit / 8 >= 8 && bit / 8 < 24;  // the other tag
    CAPTURE(bit);
    CHECK((jar.check_bearer(forged, subject(), kStart + 1s) == Verdict::good) == of_all);
    CHECK(jar.check(forged, subject(), kStart + 1s) != Verdict::good);
  }
}
