#include <fstream>
#include <string>
#include <vector>

#include "e2e/iperf3_peers.hpp"
#include "e2e/program.hpp"
#include "iperf3/authentication.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/places.hpp"
#include "support/temp_dir.hpp"

// Users and passwords of the iperf3 protocol, in both roles.

using namespace udperf;
using namespace udperf::test;

namespace {

using Words = std::vector<std::string>;

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

Words client(const std::string& program, const std::string& port, const Words& more) {
  Words words{program, "-c", "127.0.0.1", "-p", port, "-u", "-b", "1M", "-t", "1"};
  if (program == kProgram) {
    words.insert(words.begin() + 1, "iperf3");
  }
  return with(words, more);
}

/// `udperf iperf3 -s` on a port that was free.
struct OwnServer {
  explicit OwnServer(const Words& more = {})
      : port(std::to_string(unused_port())),
        process(start_udperf(with({"iperf3", "-s", "-p", port}, more))) {
    REQUIRE(process.wait_for(test::Stream::out, "Server listening", kGuard));
  }
  std::string port;
  Process process;
};

Finished run(const Words& words, const SpawnOptions& options = {}) {
  auto finished = run_to_end(words, kGuard, options);
  REQUIRE(finished.has_value());
  return *std::move(finished);
}

// A key made for this test alone; its user is mario with the password rossi, as in iperf3's manual.
const char* const kPrivateKey = R"(-----BEGIN PRIVATE KEY-----
MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBALInX7BxsmzAtIg5
08kO2GifzOdLWd3xtTPZlmeUR3Oyky7dDPOrre/IQDLtttMCmpb8v/5SU6Pdi6cf
WRUPT9iFp2nS2Mh+HozQJaSaF3bJcWOvTINrApnp15OntqZqussfwR16Vd2FuWVe
4vEH89lt8KLqTWFgnfCj4NFU2NQPAgMBAAECgYBf0pHDY8Qmfpgb1Y62TAfWbm1V
0s+pcwKVuukNGVI9RsWnpTn8LlFF8Z2mRvnZEUN5BsV1024ta1JcN55Al5XH5+4z
TrgqNUdM8WrkLraJE9CbZCQJeLA0SJ20HcxUpi/6J8LyRwh/O40mNhyQAyG8vuI4
V57WNRoZyWQyogW6sQJBAOX5GHR6eujrwBcRyju+ScSpld1CuCuisJnweB+VzOFh
QzwyKmF4feqEqc80D8BhD2MakHjxHjPvmedOyiCo8XsCQQDGUPF7zKuilFFYCdVy
j8pr8CUq1Simw8Mxak4RNdlyE4/wAz/j1/ByjFkeDMDGds0AOeCyStV4EAa80UTf
6VF9AkB5KD2hB/H/CkzeGoo/5WV5zZpdwkvC+WgvAchXY5VX2+UPLqKzTUaRKilI
N3Zg9QGlRZZ9kRJHbGDZwuGsSTVHAkEAnE2NlnpgyFnHpvDRN2LXMq1qTdEFIjLm
tBrJ/syHXl7Gsm+NOoGmdFHjp0h747AcsNHtI/jROLjA5q61bxkQbQJBAKdCh9c5
xOMyCfSuIMklsgFGiZBD+9uWyBKh2fVpDbxsLFxonkCXPmC5oWVTF6agtVUMzYLu
JSi1x9srEm+v388=
-----END PRIVATE KEY-----
)";
const char* const kPublicKey = R"(-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCyJ1+wcbJswLSIOdPJDthon8zn
S1nd8bUz2ZZnlEdzspMu3Qzzq63vyEAy7bbTApqW/L/+UlOj3YunH1kVD0/Yhadp
0tjIfh6M0CWkmhd2yXFjr0yDawKZ6deTp7amarrLH8EdelXdhbllXuLxB/PZbfCi
6k1hYJ3wo+DRVNjUDwIDAQAB
-----END PUBLIC KEY-----
)";
const char* const kUsers =
    "mario,bf7a49a846d44b454a5d11e7acfaf13d138bbe0b7483aa3e050879700572709b\n";

/// Both keys and the users as files.
struct KeyFiles {
  KeyFiles() {
    std::ofstream{path("private")} << kPrivateKey;
    std::ofstream{path("public")} << kPublicKey;
    std::ofstream{path("users")} << kUsers;
  }
  [[nodiscard]] std::string path(const std::string& name) const {
    return (dir.path() / name).string();
  }
  [[nodiscard]] Words server() const {
    return {"--rsa-private-key-path", path("private"), "--authorized-users-path", path("users")};
  }
  [[nodiscard]] Words user() const {
    return {"--username", "mario", "--rsa-public-key-path", path("public")};
  }
  TempDir dir;
};

SpawnOptions password(const std::string& word) {
  SpawnOptions options;
  options.environment.emplace_back("IPERF3_PASSWORD", word);
  return options;
}

bool has_authentication() {
  const bool has = iperf3::authentication_is_built_in();
  if (!has) {
    const auto refused = run_udperf(
        {"iperf3", "-c", "127.0.0.1", "-u", "--username", "mario", "--rsa-public-key-path", "key"});
    CHECK(refused.code() == 1);
    CHECK(refused.err.find("without OpenSSL") != std::string::npos);
    skip_test("this build has no OpenSSL");
  }
  return has;
}

}  // namespace

TEST_CASE("Only users with their password are served, by our server and by a stock one") {
  if (!has_authentication()) {
    return;
  }
  const KeyFiles files;
  OwnServer server{files.server()};
  const Words ours = client(kProgram, server.port, files.user());
  CHECK(run(ours, password("rossi")).code() == 0);
  const auto wrong = run(ours, password("verdi"));
  CHECK(wrong.code() == 1);
  CHECK(wrong.err.find("authentication failed") != std::string::npos);
  CHECK(run(client(kProgram, server.port, {})).code() == 1);
  std::ofstream{files.path("users")} << "luigi,00\n";  // read anew for each client
  CHECK(run(ours, password("rossi")).code() == 1);
  std::ofstream{files.path("users")} << kUsers;
  CHECK(run(ours, password("rossi")).code() == 0);

  if (!has_iperf3() || !stock_knows_users()) {
    return;
  }
  const bool old = stock_version() < 17;  // knows the old padding only
  const Words padding = old ? Words{"--use-pkcs1-padding"} : Words{};
  OwnServer padded{with(files.server(), padding)};
  const Words stock = client(stock_iperf3(), padded.port, files.user());
  CHECK(run(stock, password("rossi")).code() == 0);
  CHECK(run(stock, password("verdi")).code() == 1);

  StockServer other{files.server()};
  other.await_turn();
  CHECK(
      run(client(kProgram, other.port(), with(files.user(), padding)), password("rossi")).code() ==
      0);
  other.await_turn();
  CHECK(
      run(client(kProgram, other.port(), with(files.user(), padding)), password("verdi")).code() ==
      1);
}

TEST_CASE("A key that is none, or a password that nobody gives, is told before the test") {
  if (!has_authentication()) {
    return;
  }
  const KeyFiles files;
  const auto swapped = run_udperf({"iperf3", "-c", "127.0.0.1", "-u", "--username", "mario",
                                   "--rsa-public-key-path", files.path("private")});
  CHECK(swapped.code() == 1);
  CHECK(swapped.err.find("no RSA public key") != std::string::npos);
  const auto nobody = run_udperf(with({"iperf3", "-c", "127.0.0.1", "-u"}, files.user()));
  CHECK(nobody.code() == 1);
  CHECK(nobody.err.find("IPERF3_PASSWORD") != std::string::npos);
  CHECK(run_udperf({"iperf3", "-s", "--rsa-private-key-path", files.path("none"),
                    "--authorized-users-path", files.path("users")})
            .code() == 1);
}

TEST_CASE("A stranger has not used up a server that serves one client") {
  if (!has_authentication()) {
    return;
  }
  const KeyFiles files;
  OwnServer locked{with(files.server(), {"-1"})};
  CHECK(run(client(kProgram, locked.port, {})).code() == 1);
  CHECK(run(client(kProgram, locked.port, files.user()), password("rossi")).code() == 0);
  CHECK(locked.process.wait(kGuard).has_value());
}
