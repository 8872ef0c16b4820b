#include <string>

#include "iperf3/access_pace.hpp"
#include "iperf3/authentication.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/iperf3_keys.hpp"
#include "support/seeded_random.hpp"

using namespace udperf;
using namespace udperf::iperf3;
using udperf::test::SeededRandom;

namespace {

// What `openssl pkeyutl -encrypt` made with the key of the credentials below.
const std::string kOaep =
    "dUd0CUss87wSUsxiAhabvW9jhLzMm9c9l61G23l1xRhC06CR575/Gaxy/H+HtZNPWKZkcmR40L894MBIQjtdFQVK"
    "Mr4CZg3+myO80pvxUvesWUUpFrdjdRiLfXdt0/PNgFdALGM4zRF3aJ0kAou4U7L1JHYMVULeYH0JsSqVBrA=";
const std::string kPkcs1 =
    "i8Mwh4ngiBi73+U3KgYQfXWw7a2y/MdpmRep/Q00jmQp5g+IKKiNqLjr3brVbhLuU8vgiccdf3t+Hw2X14nJNheT"
    "fjocY7XVnUW8/CCIYgl/phZiqU+pzQF3Mu/gVpyr/xC0cOaYJSwe6y1OHCLuWO6ZX/VlXvbhnnOHJUy61/M=";

const Credentials kWho{"mario", "rossi", 1'700'000'000};
// As iperf3's manual has it for this user.
const std::string kUsers =
    "# file format: username,sha256\r\n\nno comma\n"
    "luigi,00\n"
    "mario,bf7a49a846d44b454a5d11e7acfaf13d138bbe0b7483aa3e050879700572709b\r\n";

/// Without OpenSSL there is only one thing to see.
bool is_built_in() {
  if (!authentication_is_built_in()) {
    CHECK_FALSE(make_token(kWho, test::kPublicKey, Padding::oaep).has_value());
    udperf::test::skip_test("this build has no OpenSSL");
  }
  return authentication_is_built_in();
}

}  // namespace

TEST_CASE("Credentials have iperf3's text, and come out of it whatever a password holds") {
  CHECK(to_text(kWho) == "user: mario\npwd:  rossi\nts:   1700000000");
  for (const char* const password : {"", " ", "a\nts:   5", "user: x", "\xff\xfe"}) {
    const Credentials who{"name", password, 5};
    CHECK(read_credentials(to_text(who)) == who);
  }
  for (const char* const text :
       {"", "user: ", "user: a\npwd:  b", "user: a\npwd:  b\nts:   ", "user: a\npwd:  b\nts:   x",
        "user: a\npwd:  b\nts:   -1", "user: a\npwd:  b\nts:   1 ", "uSer: a\npwd:  b\nts:   1",
        "user: a\nts:   1\npwd:  b", "user: a\npwd:  b\nts:   99999999999999999999"}) {
    CHECK_FALSE(read_credentials(text).has_value());
  }
}

TEST_CASE("A token of another program is understood, and its user let in") {
  if (!is_built_in()) {
    return;
  }
  CHECK(password_digest("mario", "rossi") ==
        "bf7a49a846d44b454a5d11e7acfaf13d138bbe0b7483aa3e050879700572709b");
  const Gate gate{PrivateKey{test::kPrivateKey}, 10, Padding::oaep};
  CHECK(let_in(kOaep, gate, kUsers, 1'700'000'000).value_or("") == "mario");
  CHECK(let_in(kOaep, gate, kUsers, 1'700'000'010).value_or("") == "mario");
  CHECK(let_in(kOaep, gate, kUsers, 1'699'999'990).value_or("") == "mario");
  CHECK(
      let_in(kPkcs1, Gate{PrivateKey{test::kPrivateKey}, 10, Padding::pkcs1}, kUsers, 1'700'000'000)
          .value_or("") == "mario");
}

TEST_CASE("Nobody is let in at another time, with another word or by what cannot be read") {
  if (!is_built_in()) {
    return;
  }
  const Gate gate{PrivateKey{test::kPrivateKey}, 10, Padding::oaep};
  CHECK_FALSE(let_in(kOaep, gate, kUsers, 1'700'000'011).has_value());
  CHECK_FALSE(let_in(kOaep, gate, kUsers, 1'699'999'989).has_value());
  CHECK_FALSE(let_in(kPkcs1, gate, kUsers, 1'700'000'000).has_value());
  CHECK_FALSE(let_in(kOaep, gate, "mario,00\n", 1'700'000'000).has_value());
  CHECK_FALSE(let_in(kOaep, gate, "#" + kUsers.substr(kUsers.find("mario")), 1'700'000'000));
  CHECK_FALSE(let_in(kOaep, gate, "", 1'700'000'000).has_value());
  SeededRandom random{20'261'128};
  const auto below = [&random](std::size_t limit) {
    const std::uint64_t number = random.next_u64();
    return std::size_t{number % limit};
  };
  for (int i = 0; i < 300; ++i) {
    std::string token = kOaep;
    if (i % 3 == 0) {
      token.resize(below(token.size()));
    }
    for (std::size_t n = 1 + below(4); n > 0 && !token.empty(); --n) {
      token[below(token.size())] = static_cast<char>(below(256));
    }
    if (token != kOaep) {
      CHECK_FALSE(let_in(token, gate, kUsers, 1'700'000'000).has_value());
    }
  }
  CHECK_FALSE(let_in(std::string(100'000, 'A'), gate, kUsers, 1'700'000'000).has_value());
}

TEST_CASE("Who tries wrong words takes a fifth of the time, and nobody waits without one") {
  const MonoTime start{std::chrono::seconds{1000}};
  constexpr auto kTook = std::chrono::milliseconds{11};
  AccessPace pace;
  CHECK(pace.due(start));
  pace.note_wrong(start, start + kTook);
  CHECK_FALSE(pace.due(start + kTook));
  CHECK_FALSE(pace.due(start + 5 * kTook - Duration{1}));
  CHECK(pace.next() == start + 5 * kTook);
  CHECK(pace.due(start + 5 * kTook));
}

TEST_CASE("Our own token opens with the key it was made for, and fits or is refused") {
  if (!is_built_in()) {
    return;
  }
  for (const Padding padding : {Padding::oaep, Padding::pkcs1}) {
    const Credentials who{"peach", "toad stool, \"7\"", 42};
    const auto token = make_token(who, test::kPublicKey, padding);
    REQUIRE(token.has_value());
    CHECK(token->find('\n') == std::string::npos);
    const std::string users = "peach," + password_digest(who.user, who.password);
    CHECK(
        let_in(*token, Gate{PrivateKey{test::kPrivateKey}, 10, padding}, users, 40).value_or("") ==
        "peach");
    const auto again = make_token(who, test::kPublicKey, padding);
    CHECK(again.value_or("") != *token);  // the padding is random
  }
  CHECK_FALSE(
      make_token({"a", std::string(128, 'x'), 1}, test::kPublicKey, Padding::pkcs1).has_value());
  CHECK(check_public_key(test::kPublicKey).has_value());
  CHECK(check_private_key(test::kPrivateKey).has_value());
  CHECK_FALSE(check_public_key(test::kPrivateKey).has_value());
  CHECK_FALSE(check_private_key(test::kPublicKey).has_value());
  CHECK_FALSE(check_public_key("").has_value());
}
