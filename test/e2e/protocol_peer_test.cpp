// A client that knows nothing but docs/protocol.md completes tests with a server, both ways.

#include <csignal>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/places.hpp"
#include "support/temp_dir.hpp"

namespace {

using namespace udperf::test;

constexpr std::uint64_t kPackets = 1000;

/// What the peer says of its run, and what the server says of the same.
struct Told {
  nlohmann::json peer;
  nlohmann::json server;
};

bool has_python() {
  const auto tried = run_to_end({"python3", "-c", "0"}, kGuard);
  return tried && tried->code() == 0;
}

/// One run; with a key where `key_file` names one.
Told run_peer(const std::string& way, const std::string& key_file = {}) {
  std::vector<std::string> more{"--jsonl", "-"};
  std::string key = "-";
  if (!key_file.empty()) {
    const auto made = run_udperf({"keygen", key_file});
    REQUIRE(made.code() == 0);
    key = run_to_end({"cat", key_file}, kGuard)->out;
    key.erase(key.find_last_not_of('\n') + 1);
    more.insert(more.end(), {"--key-file", key_file});
  }
  Server server{udperf::IpFamily::v4, more};
  const auto peer =
      run_to_end({"python3", std::string{kSourceDir} + "/test/e2e/protocol_peer.py", "127.0.0.1",
                  std::to_string(server.endpoint().port), way, std::to_string(kPackets), key},
                 2 * kGuard);
  REQUIRE(peer);
  INFO(peer->err);
  REQUIRE(peer->code() == 0);
  Told told;
  told.peer = nlohmann::json::parse(peer->out);
  const std::string mark = R"({"event":"session")";
  REQUIRE(server.process().wait_for(Stream::out, mark, kGuard));
  server.process().send_signal(SIGTERM);
  REQUIRE(server.process().wait(kGuard));
  const auto said = server.process().output(Stream::out);
  const auto begin = said.find(mark);
  REQUIRE(begin != std::string::npos);
  told.server = nlohmann::json::parse(said.substr(begin, said.find('\n', begin) - begin))["data"];
  return told;
}

void check_up(const Told& told) {
  CHECK(told.server["status"] == "complete");
  const auto& loss = told.server["up"]["loss"];
  CHECK(told.peer["sent"] == kPackets);
  CHECK(told.peer["sent"] ==
        told.peer["unique"].get<std::uint64_t>() + told.peer["lost"].get<std::uint64_t>());
  CHECK(told.peer["lost"] >= told.peer["left_out"]);  // a busy host may lose more
  CHECK(told.peer["left_out"] == 10);
  CHECK(told.server["up"]["rx"]["unique"] == told.peer["unique"]);
  CHECK(loss["packets"] == told.peer["lost"]);
}

void check_down(const Told& told) {
  CHECK(told.server["status"] == "complete");
  CHECK(told.peer["sent"] == kPackets);
  CHECK(told.server["down"]["tx"]["packets"] == kPackets);
  CHECK(told.server["down"]["rx"]["unique"] == told.peer["unique"]);
  CHECK(told.server["down"]["loss"]["packets"] == told.peer["lost"]);
}

}  // namespace

TEST_CASE("who knows nothing but the protocol's page measures with a server", "[e2e][docs]") {
  if (!has_python()) {
    skip_test("needs python3");
    return;
  }
  check_up(run_peer("up"));
  check_down(run_peer("down"));
}

TEST_CASE("who knows nothing but the protocol's page proves a key", "[e2e][docs]") {
  if (!has_python()) {
    skip_test("needs python3");
    return;
  }
  const TempDir folder;
  check_up(run_peer("up", (folder.path() / "up.key").string()));
  check_down(run_peer("down", (folder.path() / "down.key").string()));
}
