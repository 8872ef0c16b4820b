#include <sched.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "e2e/iperf3_peers.hpp"
#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/places.hpp"
#include "support/temp_dir.hpp"

// What users of iperf3 give beside the test itself, in both roles.

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::test;
using nlohmann::json;

namespace {

/// What a row of an interval has, and nothing that is printed before the first.
constexpr const char* kRow = " sec  ";

/// CPUs that threads of a process may use, as the kernel writes them, one for each thread.
Words cpus_of_threads(pid_t pid) {
  Words out;
  const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
  for (const auto& task : std::filesystem::directory_iterator{tasks}) {
    std::ifstream status{task.path() / "status"};
    for (std::string line; std::getline(status, line);) {
      constexpr std::string_view kKey = "Cpus_allowed_list:\t";
      if (line.rfind(kKey, 0) == 0) {
        out.push_back(line.substr(kKey.size()));
      }
    }
  }
  return out;
}

/// The CPUs that this process may use.
std::vector<std::size_t> own_cpus() {
  cpu_set_t set{};
  REQUIRE(::sched_getaffinity(0, sizeof set, &set) == 0);
  std::vector<std::size_t> out;
  for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) {
      out.push_back(cpu);
    }
  }
  return out;
}

}  // namespace

TEST_CASE("Both ends stay on the CPU that -A names, and one that is not there is refused") {
  const auto cpus = own_cpus();
  const std::string cpu = std::to_string(cpus.back());
  OwnServer server;
  auto running = Process::start(iperf3_client(
      kProgram, server.port, {"-t", "30", "-A", cpu + "," + cpu, "--bidir", "-i", "0.1"}));
  REQUIRE(running.has_value());
  REQUIRE(running->wait_for(test::Stream::out, kRow, kGuard));
  for (const std::string& allowed : cpus_of_threads(running->pid())) {
    CHECK(allowed == cpu);
  }
  if (cpus.size() > 1) {
    std::size_t there = 0;
    for (const std::string& allowed : cpus_of_threads(server.process.pid())) {
      there += allowed == cpu ? 1U : 0U;
    }
    CHECK(there == 1);  // the test's own thread, and no other
  }
  running->send_signal(SIGINT);
  const auto status = running->wait(kGuard);
  REQUIRE(status.has_value());
  CHECK(status->code == 0);

  CHECK(run_udperf({"iperf3", "-s", "-A", "1024"}).code() == 1);
  const auto refused = run_words(iperf3_client(kProgram, server.port, {"-A", cpu + ",1024"}));
  CHECK(refused.code() == 1);
  CHECK(refused.err.find("CPU affinity") != std::string::npos);
  if (has_iperf3()) {
    CHECK(run_words(iperf3_client(stock_iperf3(), server.port, {"-A", cpu + "," + cpu})).code() ==
          0);
    CHECK(run_words(iperf3_client(stock_iperf3(), server.port, {"-A", cpu + ",1024"})).code() == 1);
    StockServer stock;
    CHECK(run_words(iperf3_client(kProgram, stock.port(), {"-A", cpu + "," + cpu})).code() == 0);
  }
}

TEST_CASE(
    "Rows are printed as they happen, upward, too, and an interrupt ends with what is known") {
  OwnServer server;
  for (const Words& form : std::vector<Words>{{}, {"--json-stream"}}) {
    auto upload = Process::start(iperf3_client(kProgram, server.port, with({"-t", "600"}, form)));
    REQUIRE(upload.has_value());
    const bool text = form.empty();
    REQUIRE(upload->wait_for(test::Stream::out, text ? kRow : "\"event\":\"interval\"", kGuard));
    REQUIRE_FALSE(upload->wait(0ms).has_value());
    upload->send_signal(SIGINT);
    const auto status = upload->wait(kGuard);
    REQUIRE(status.has_value());
    CHECK(status->code == 0);
    const std::string all = upload->output(test::Stream::out);
    INFO(all);
    if (text) {
      CHECK(all.find("  sender\n") != std::string::npos);
      CHECK(all.find("  receiver\n") != std::string::npos);
      CHECK(upload->output(test::Stream::err) == "iperf3: interrupt - the client has terminated\n");
    } else {
      CHECK(all.find("\"event\":\"error\"") != std::string::npos);
      CHECK(all.find("\"event\":\"end\"") != std::string::npos);
    }
  }
}

TEST_CASE("Title and time are before every line of a client") {
  OwnServer server;
  const auto done =
      run_words(iperf3_client(kProgram, server.port, {"-T", "a test", "--timestamps=<%Y> ", "-V"}));
  REQUIRE(done.code() == 0);
  std::istringstream lines{done.out};
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    INFO(line);
    CHECK(line.rfind("<2", 0) == 0);
    CHECK(line.find("> a test:  ") == 5);
  }
  CHECK(count > 10);
  CHECK(done.out.find("CPU Utilization: local/sender ") != std::string::npos);
}

TEST_CASE("Failures begin with the words that scripts look for in iperf3's output") {
  const auto refused = run_words(iperf3_client(kProgram, std::to_string(unused_port()), {}));
  CHECK(refused.code() == 1);
  CHECK(refused.out.empty());
  CHECK(refused.err == "iperf3: error - unable to connect to server: Connection refused\n");
  const auto nonsense = run_words(iperf3_client(kProgram, "5201", {"-l", "15"}));
  CHECK(nonsense.code() == 1);
  CHECK(nonsense.err.rfind("iperf3: parameter error - ", 0) == 0);

  const Words endless{"-t", "600", "-i", "0.1"};
  for (const int signal : {SIGKILL, SIGTERM}) {
    OwnServer server{{"-1"}};
    auto running = Process::start(iperf3_client(kProgram, server.port, endless));
    REQUIRE(running.has_value());
    REQUIRE(running->wait_for(test::Stream::out, kRow, kGuard));
    const auto busy = run_words(iperf3_client(kProgram, server.port, {}));
    CHECK(busy.code() == 1);
    CHECK(busy.out.empty());
    CHECK(busy.err == "iperf3: error - the server is busy running a test. try again later\n");
    server.process.send_signal(signal);
    const auto status = running->wait(kGuard);
    REQUIRE(status.has_value());
    CHECK(status->code == 1);
    const std::string said = running->output(test::Stream::err);
    INFO(said);
    CHECK(said.rfind(signal == SIGTERM ? "iperf3: error - the server has terminated"
                                       : "iperf3: error - control socket has closed unexpectedly",
                     0) == 0);
  }
}

TEST_CASE("With -J what is wrong is in the document, too, with the title, wherever -J stands") {
  const std::string port = std::to_string(unused_port());
  for (const Words& wrong : std::vector<Words>{{"-l", "5", "-J"}, {"-J", "-l", "5"}, {"-J"}}) {
    const auto done = run_words(iperf3_client(kProgram, port, with(wrong, {"-T", "a test"})));
    INFO(done.out);
    CHECK(done.code() == 1);
    const json document = json::parse(done.out);
    CHECK(document["error"].is_string());
    CHECK(document["title"] == "a test");
    CHECK(document["end"].empty());
    const bool parameter = wrong.size() > 1;  // those are on stderr, too, as with iperf3
    CHECK((done.err.rfind("iperf3: parameter error - -l: ", 0) == 0) == parameter);
  }
}

TEST_CASE("-V tells of the path first, and a datagram that may not fit it is warned of") {
  OwnServer server;
  const auto said = run_words(iperf3_client(kProgram, server.port, {"-V", "-R"}));
  REQUIRE(said.code() == 0);
  std::size_t at = 0;
  for (const char* const line :
       {"iperf 3.12", "\nControl connection MSS ", "\nSetting UDP block size to ",
        "\nTime: ", "\nConnecting to host 127.0.0.1, port ",
        "\nReverse mode, remote host 127.0.0.1 is sending\n",
        "\n      Cookie: ", "\n      Target Bitrate: 1000000\n", " connected to ",
        "\nStarting Test: protocol: UDP, 1 streams, "}) {
    INFO(line << " in " << said.out);
    at = said.out.find(line, at);
    REQUIRE(at != std::string::npos);
  }
  const auto large = run_words(iperf3_client(kProgram, server.port, {"-l", "65507"}));
  CHECK(large.code() == 0);
  CHECK(large.err.rfind("warning: UDP block size 65507 exceeds TCP MSS ", 0) == 0);
}

TEST_CASE("Words that are no options are ignored, as by iperf3, but not without a word") {
  OwnServer server;
  const auto done = run_words(iperf3_client(kProgram, server.port, {"one", "-V", "--", "-R"}));
  CHECK(done.code() == 0);
  CHECK(done.out.find("Reverse mode") == std::string::npos);
  CHECK(done.err ==
        "iperf3: warning - one is not an option and is ignored\n"
        "iperf3: warning - -R is not an option and is ignored\n");
}

TEST_CASE("What cannot be is refused in one line, and what has no effect is said") {
  for (const Words& words : std::vector<Words>{{"-F", "/dev/null"},
                                               {"--sctp"},
                                               {"-m"},
                                               {"--one-off"},
                                               {"-A", "x"},
                                               {"--rcv-timeout", "500"}}) {
    const auto refused = run_udperf(with({"iperf3", "-c", "127.0.0.1", "-u"}, words));
    INFO(refused.err);
    CHECK(refused.code() == 1);
    CHECK(std::count(refused.err.begin(), refused.err.end(), '\n') == 1);
  }
  OwnServer server;
  const auto done = run_words(iperf3_client(kProgram, server.port, {"-Z", "-C", "cubic"}));
  CHECK(done.code() == 0);
  CHECK(done.err ==
        "iperf3: warning - -Z has no effect in UDP tests\n"
        "iperf3: warning - -C has no effect in UDP tests\n");
}

TEST_CASE(
    "A server that serves one client ends after a refused one, too, but not after a stranger") {
  OwnServer server{{"-1", "--server-max-duration", "5"}};
  CHECK(run_words(iperf3_client(kProgram, server.port, {"-t", "30"})).code() == 1);
  const auto status = server.process.wait(kGuard);
  REQUIRE(status.has_value());
  CHECK(status->code == 0);
}

TEST_CASE("A server's -J has exactly the keys of a stock server's for the same client") {
  const int version = has_iperf3() ? stock_version() : -1;
  if (version != 12 && version < 21) {
    skip_test("iperf3 is not there, or is neither 3.12 nor 3.21 or later");
    return;
  }
  const Words as = version == 12 ? Words{} : Words{"--as-version", "3.21"};
  const auto document_of_server = [](Process& server) {
    REQUIRE(server.wait(kGuard).has_value());
    return json::parse(server.output(test::Stream::out));
  };
  const auto serve = [&](const Words& program, const Words& test) {
    const std::string port = std::to_string(unused_port());
    auto server = Process::start(with(program, {"-s", "-1", "-J", "-p", port}));
    REQUIRE(server.has_value());
    // A server with -J does not say when it listens.
    const auto deadline = std::chrono::steady_clock::now() + kGuard;
    while (run_words(iperf3_client(stock_iperf3(), port, test)).code() != 0 &&
           std::chrono::steady_clock::now() < deadline) {
    }
    return document_of_server(*server);
  };
  for (const Words& test : std::vector<Words>{{}, {"-R"}, {"--bidir", "-P", "2"}, {"-O", "1"}}) {
    const json theirs = serve({stock_iperf3()}, test);
    const json ours = serve(with({kProgram, "iperf3"}, as), test);
    INFO(ours.dump());
    CHECK(paths_of(ours) == paths_of(theirs));
  }
}

TEST_CASE("A server with -V says first what it is") {
  OwnServer server{{"-V"}};
  CHECK(server.process.output(test::Stream::out).rfind("iperf 3.12 (udperf ", 0) == 0);
}

TEST_CASE("A server shows its half of a test that the client left") {
  for (const bool sends : {false, true}) {
    OwnServer server{{"-1", "-i", "0.1"}};
    const Words way = sends ? Words{"-R"} : Words{"-V"};
    auto client = Process::start(iperf3_client(kProgram, server.port, with({"-t", "600"}, way)));
    REQUIRE(client.has_value());
    REQUIRE(server.process.wait_for(test::Stream::out, kRow, kGuard));
    client->send_signal(SIGKILL);
    REQUIRE(server.process.wait(kGuard).has_value());
    const std::string said = server.process.output(test::Stream::out);
    INFO(said);
    CHECK(said.find("Jitter    Lost/Total Datagrams\n", said.find(kRow)) != std::string::npos);
    CHECK(said.find(sends ? "  sender\n" : "  receiver\n") != std::string::npos);
    CHECK(server.process.output(test::Stream::err).find("error - the client went away") !=
          std::string::npos);
  }
}

TEST_CASE("A server with -J tells a client that it refused, and its own end, as documents") {
  const std::string port = std::to_string(unused_port());
  auto server = start_udperf({"iperf3", "-s", "-J", "-p", port, "--server-max-duration", "5"});
  Finished refused;
  const auto deadline = std::chrono::steady_clock::now() + kGuard;
  do {  // a server with -J does not say when it listens
    refused = run_words(iperf3_client(kProgram, port, {"-t", "6"}));
  } while (refused.err.find("refused") != std::string::npos &&
           std::chrono::steady_clock::now() < deadline);
  CHECK(refused.code() == 1);
  REQUIRE(server.wait_for(test::Stream::out, "lasts longer than the server allows", kGuard));
  server.send_signal(SIGTERM);
  REQUIRE(server.wait(kGuard).has_value());
  std::istringstream all{server.output(test::Stream::out)};
  json first;
  json second;
  all >> first >> second;
  CHECK(first["error"] == "the test lasts longer than the server allows");
  CHECK(second["error"] == "interrupt - the server has terminated");
}

TEST_CASE("A client that receives nothing for --rcv-timeout ends, and does not wait for results") {
  OwnServer server;
  auto download =
      Process::start(iperf3_client(kProgram, server.port,
                                   {"-R", "-t", "600", "--rcv-timeout", "2000", "-i", "0.1", "-l",
                                    "1000", "--connect-timeout", "600000"}));
  REQUIRE(download.has_value());
  REQUIRE(download->wait_for(test::Stream::out, kRow, kGuard));
  server.process.send_signal(SIGSTOP);
  const auto status = download->wait(kGuard);  // long before --connect-timeout
  server.process.send_signal(SIGCONT);
  REQUIRE(status.has_value());
  CHECK(status->code == 1);
  CHECK(download->output(test::Stream::err).find("no data came for 2.00 s") != std::string::npos);
}

TEST_CASE("-d prints what goes over the control connection") {
  OwnServer server{{"-d"}};
  const auto done =
      run_words(iperf3_client(kProgram, server.port, {"-d", "--extra-data", "seen by both"}));
  REQUIRE(done.code() == 0);
  for (const char* const part :
       {"send_parameters:\n{", "seen by both", "send_results:\n{", "get_results:\n{"}) {
    CHECK(done.out.find(part) != std::string::npos);
  }
  CHECK(server.process.wait_for(test::Stream::out, "seen by both", kGuard));
}
