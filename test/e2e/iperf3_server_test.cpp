#include <chrono>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "e2e/iperf3_peers.hpp"
#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/schema.hpp"
#include "support/strict_json.hpp"
#include "support/temp_dir.hpp"

// `udperf server --iperf3` and clients of Debian's iperf3.

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::test;
using nlohmann::json;

namespace {

/// A udperf server that serves iperf3 clients on a port of the kernel's choice.
struct Iperf3Server {
  explicit Iperf3Server(std::vector<std::string> more = {})
      : server(IpFamily::v4, with(std::move(more))),
        port(std::to_string(server.ready()["data"]["iperf3_port"].get<int>())) {}

  static std::vector<std::string> with(std::vector<std::string> more) {
    more.insert(more.begin(), {"--iperf3=0"});
    return more;
  }
  [[nodiscard]] std::vector<std::string> client(const std::vector<std::string>& more) const {
    std::vector<std::string> out{stock_iperf3(), "-c", "127.0.0.1", "-p", port, "-u", "-J"};
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }
  [[nodiscard]] json run(const std::vector<std::string>& more) const {
    const auto finished = run_to_end(client(more), kGuard);
    REQUIRE(finished.has_value());
    INFO(finished->out << finished->err);
    REQUIRE(finished->code() == 0);
    return json::parse(finished->out);
  }

  Server server;
  std::string port;
};

/// The server's JSON lines of finished sessions, once there are so many.
std::vector<json> sessions(Iperf3Server& server, std::size_t count) {
  std::vector<json> out;
  const auto deadline = std::chrono::steady_clock::now() + kGuard;
  while (out.size() < count && std::chrono::steady_clock::now() < deadline) {
    out.clear();
    const std::string text = server.server.process().output(Stream::out);
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      if (end == std::string::npos) {
        break;
      }
      const json line = json::parse(text.substr(at, end - at));
      CHECK(server_line_schema_problems(line) == "");
      out.push_back(line["data"]);
      at = end + 1;
    }
    static_cast<void>(server.server.process().wait_for(Stream::err, "no such record", 20ms));
  }
  REQUIRE(out.size() >= count);
  return out;
}

/// Until so many sessions have been opened.
void wait_for_opened(Iperf3Server& server, std::size_t count) {
  const auto opened = [&server] {
    const std::string log = server.server.process().output(Stream::err);
    std::size_t n = 0;
    for (auto at = log.find("session opened"); at != std::string::npos;
         at = log.find("session opened", at + 1)) {
      ++n;
    }
    return n;
  };
  const auto deadline = std::chrono::steady_clock::now() + kGuard;
  while (opened() < count && std::chrono::steady_clock::now() < deadline) {
    static_cast<void>(server.server.process().wait_for(Stream::err, "no such record", 20ms));
  }
  REQUIRE(opened() >= count);
}

}  // namespace

TEST_CASE("Stock clients finish in every direction, and all counts agree") {
  if (!has_iperf3()) {
    return;
  }
  Iperf3Server server{{"--jsonl", "-"}};
  std::size_t done = 0;
  for (const std::vector<std::string>& way :
       std::vector<std::vector<std::string>>{{}, {"-R"}, {"--bidir"}}) {
    for (const auto& [streams, rate] : std::vector<std::pair<const char*, const char*>>{
             {"1", "4M"}, {"4", "4M"}, {"1", "50k"}, {"1", "200M"}}) {
      for (const bool wide : {false, true}) {
        std::vector<std::string> options{"-t", "1", "-b", rate, "-l", "1000", "-P", streams};
        options.insert(options.end(), way.begin(), way.end());
        if (wide) {
          options.emplace_back("--udp-counters-64bit");
        }
        const json result = server.run(options);
        const json closed = sessions(server, ++done).back();
        INFO(closed.dump() << result["end"].dump());
        CHECK(closed["status"] == "complete");
        if (way != std::vector<std::string>{"-R"}) {
          CHECK(closed["up"]["tx"]["packets"] == result["end"]["sum_sent"]["packets"]);
          CHECK(closed["up"]["rx"]["unique"].get<std::uint64_t>() +
                    closed["up"]["loss"]["packets"].get<std::uint64_t>() ==
                closed["up"]["tx"]["packets"]);
          CHECK(closed["up"]["loss"]["packets"] == result["end"]["sum"]["lost_packets"]);
          CHECK(result["end"]["sum_received"]["bytes"] == closed["up"]["rx"]["unique_bytes"]);
        }
        const char* const down =
            way == std::vector<std::string>{"--bidir"} ? "sum_sent_bidir_reverse" : "sum_sent";
        if (!way.empty()) {
          const json& session = closed["down"];
          const auto judged = session["tx"]["packets"].get<std::uint64_t>();
          // What left when the client had stopped counting is not of its test.
          CHECK(judged <= result["end"][down]["packets"].get<std::uint64_t>());
          CHECK(judged > 0);
          CHECK(session["loss"]["packets"].get<std::uint64_t>() +
                    session["rx"]["unique"].get<std::uint64_t>() ==
                judged);
        }
      }
    }
  }
}

TEST_CASE("Twenty stock clients at once all finish with right counts") {
  if (!has_iperf3()) {
    return;
  }
  constexpr std::size_t kClients = 20;
  Iperf3Server server{{"--jsonl", "-"}};  // by the limits that go without saying
  std::vector<Process> clients;
  for (std::size_t i = 0; i < kClients; ++i) {
    std::vector<std::string> options{"-t", "1", "-b", "1M", "-l", "500"};
    if (i % 2 == 1) {
      options.emplace_back("-R");
    }
    auto client = Process::start(server.client(options));
    REQUIRE(client.has_value());
    clients.push_back(*std::move(client));
  }
  for (Process& client : clients) {
    const auto status = client.wait(kGuard);
    INFO(client.output(Stream::out));
    REQUIRE(status.has_value());
    CHECK(status->code == 0);
  }
  for (const json& session : sessions(server, kClients)) {
    INFO(session.dump());
    CHECK(session["status"] == "complete");
    const json& way = session["direction"] == "up" ? session["up"] : session["down"];
    CHECK(way["tx"]["packets"].get<int>() > 0);
    CHECK(way["tx"]["packets"].get<std::uint64_t>() ==
          way["rx"]["unique"].get<std::uint64_t>() + way["loss"]["packets"].get<std::uint64_t>());
  }
}

TEST_CASE("A stock client that is killed in the middle leaves nothing behind") {
  if (!has_iperf3()) {
    return;
  }
  Iperf3Server server{{"--jsonl", "-"}};
  std::size_t count = 0;
  for (int i = 0; i < 20; ++i) {
    const char* const way = i % 2 == 0 ? "-R" : "--bidir";
    auto client = Process::start(server.client({"-t", "30", "-b", "1M", way}));
    REQUIRE(client.has_value());
    wait_for_opened(server, ++count);
    client->send_signal(SIGKILL);
    const auto closed = sessions(server, count).back();
    CHECK(closed["status"] == "incomplete");
  }
  const json after = server.run({"-t", "1", "-b", "1M"});
  CHECK(after["end"]["sum"]["packets"] > 0);
}

TEST_CASE("The policy is for iperf3 clients, too: busy, rate, duration, addresses") {
  if (!has_iperf3()) {
    return;
  }
  const auto refused = [](const Iperf3Server& server, const std::vector<std::string>& options) {
    const auto finished = run_to_end(server.client(options), kGuard);
    REQUIRE(finished.has_value());
    INFO(finished->out);
    const json result = json::parse(finished->out);  // its exit status with -J is 0 in any case
    REQUIRE(result.contains("error"));
    return result["error"].get<std::string>();
  };
  {
    Iperf3Server server{{"--exclusive"}};
    auto first = Process::start(server.client({"-t", "30", "-b", "1M"}));
    REQUIRE(first.has_value());
    REQUIRE(server.server.process().wait_for(Stream::err, "session opened", kGuard));
    CHECK(refused(server, {"-t", "1"}).find("busy") != std::string::npos);
    first->send_signal(SIGINT);
    CHECK(first->wait(kGuard).has_value());
  }
  {
    Iperf3Server server{{"--max-rate", "10M", "--max-duration", "5s"}};
    CHECK(refused(server, {"-t", "1", "-b", "20M"}).find("bandwidth") != std::string::npos);
    refused(server, {"-t", "30", "-b", "1M"});
    CHECK(server.run({"-t", "1", "-b", "5M"})["end"]["sum"]["packets"] > 0);
  }
  {
    Iperf3Server server{{"--deny", "127.0.0.0/8"}};
    refused(server, {"-t", "1"});
  }
}
