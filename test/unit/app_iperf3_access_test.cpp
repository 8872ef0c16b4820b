#include <unistd.h>

#include <ctime>
#include <fstream>
#include <string>

#include "app/iperf3/access.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/iperf3_keys.hpp"
#include "support/temp_dir.hpp"

using namespace udperf;
using namespace udperf::app;

TEST_CASE("the file of users is read again when it has changed, and only then", "[app]") {
  if (!iperf3::authentication_is_built_in()) {
    test::skip_test("this build has no OpenSSL");
    return;
  }
  const test::TempDir folder;
  const auto path = (folder.path() / "users").string();
  const auto entry = [](const std::string& password) {
    return "mario," + iperf3::password_digest("mario", password) + "\n";
  };
  std::ofstream{path} << entry("rossi");
  AccessGate gate{iperf3::Gate{iperf3::PrivateKey{test::kPrivateKey}, 10, iperf3::Padding::oaep},
                  path};
  const auto token = iperf3::make_token({"mario", "rossi", std::time(nullptr)}, test::kPublicKey,
                                        iperf3::Padding::oaep);
  REQUIRE(token);
  CHECK_FALSE(gate.let_in(std::nullopt).has_value());
  CHECK(gate.reads() == 0);
  for (int i = 0; i < 10; ++i) {
    static_cast<void>(gate.let_in("AAAA"));
  }
  CHECK(gate.reads() == 1);
  // Whether the clock still fits is for others to judge.
  std::ofstream{path, std::ios::app} << "luigi,00\n";
  static_cast<void>(gate.let_in(*token));
  CHECK(gate.reads() == 2);
  REQUIRE(::unlink(path.c_str()) == 0);
  CHECK_FALSE(gate.let_in(*token).has_value());
  std::ofstream{path} << entry("rossi");
  static_cast<void>(gate.let_in(*token));
  CHECK(gate.reads() == 3);
}
