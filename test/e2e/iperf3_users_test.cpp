#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <fstream>
#include <pty.h>
#include <string>
#include <termios.h>
#include <vector>

#include "e2e/iperf3_peers.hpp"
#include "e2e/program.hpp"
#include "iperf3/authentication.hpp"
#include "os/event.hpp"
#include "os/fd.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/iperf3_keys.hpp"
#include "support/places.hpp"
#include "support/temp_dir.hpp"

// Users and passwords of the iperf3 protocol, in both roles.

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::test;

namespace {

// Its user is mario with the password rossi, as in iperf3's manual.
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
  const Words ours = iperf3_client(kProgram, server.port, files.user());
  CHECK(run_words(ours, password("rossi")).code() == 0);
  const auto wrong = run_words(ours, password("verdi"));
  CHECK(wrong.code() == 1);
  CHECK(wrong.err.find("authentication failed") != std::string::npos);
  CHECK(run_words(iperf3_client(kProgram, server.port, {})).code() == 1);
  std::ofstream{files.path("users")} << "luigi,00\n";  // read anew for each client
  CHECK(run_words(ours, password("rossi")).code() == 1);
  std::ofstream{files.path("users")} << kUsers;
  CHECK(run_words(ours, password("rossi")).code() == 0);

  if (!has_iperf3() || !stock_knows_users()) {
    return;
  }
  const bool old = stock_version() < 17;  // knows the old padding only
  const Words pkcs1{"--use-pkcs1-padding"};
  OwnServer padded{with(files.server(), old ? pkcs1 : Words{})};
  const Words stock = iperf3_client(stock_iperf3(), padded.port, files.user());
  CHECK(run_words(stock, password("rossi")).code() == 0);
  CHECK(run_words(stock, password("verdi")).code() == 1);

  for (const Words& padding : old ? std::vector<Words>{pkcs1} : std::vector<Words>{{}, pkcs1}) {
    // Only a stock server has the option, and only since there are two paddings.
    StockServer other{with(files.server(), old ? Words{} : padding)};
    const Words client = iperf3_client(kProgram, other.port(), with(files.user(), padding));
    other.await_turn();
    CHECK(run_words(client, password("rossi")).code() == 0);
    other.await_turn();
    const auto refused = run_words(client, password("verdi"));
    CHECK(refused.code() == 1);
    INFO(refused.err);
    CHECK((refused.err.find("authentication failed") != std::string::npos ||
           refused.err.find("user and password") != std::string::npos));
  }
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
  CHECK(run_words(iperf3_client(kProgram, locked.port, {})).code() == 1);
  CHECK(run_words(iperf3_client(kProgram, locked.port, files.user()), password("rossi")).code() ==
        0);
  CHECK(locked.process.wait(kGuard).has_value());
}

TEST_CASE("Who is asked for a password can leave, and the terminal shows again what is typed") {
  if (!has_authentication()) {
    return;
  }
  const KeyFiles files;
  Words words = with({kProgram, "iperf3", "-c", "127.0.0.1", "-u"}, files.user());
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) {
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);
  int master = -1;
  const pid_t child = ::forkpty(&master, nullptr, nullptr, nullptr);
  REQUIRE(child >= 0);
  if (child == 0) {
    ::unsetenv("IPERF3_PASSWORD");
    ::execv(argv.front(), argv.data());
    ::_exit(127);
  }
  const os::Fd terminal{master};
  const auto shows = [&terminal] {
    termios now{};
    REQUIRE(::tcgetattr(terminal.get(), &now) == 0);
    return (now.c_lflag & static_cast<tcflag_t>(ECHO)) != 0;
  };
  std::string text;
  bool left = false;
  for (std::array<char, 256> some{};;) {
    os::wait_readable(std::array<int, 1>{terminal.get()}, kGuard);
    const ssize_t length = ::read(terminal.get(), some.data(), some.size());
    if (length <= 0) {
      break;
    }
    text.append(some.data(), static_cast<std::size_t>(length));
    if (!left && text.find("Password: ") != std::string::npos) {
      left = true;
      while (shows()) {  // it is about to hide it
        os::wait_readable({}, 1ms);
      }
      REQUIRE(::write(terminal.get(), "\x03", 1) == 1);  // Ctrl-C
    }
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  INFO(text);
  CHECK(left);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(text.find("the client has terminated") != std::string::npos);
  CHECK(shows());
}
