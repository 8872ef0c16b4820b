#include "e2e/iperf3_peers.hpp"

#include <array>
#include <cstdlib>

#include "os/event.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/places.hpp"

using namespace std::chrono_literals;

namespace udperf::test {
namespace {

constexpr int kTries = 20;  // a port that was free may be taken meanwhile

Process start_stock(std::string& port, const std::vector<std::string>& more) {
  for (int i = 0; i < kTries; ++i) {
    port = std::to_string(unused_port());
    std::vector<std::string> command{stock_iperf3(), "-s", "-p", port, "--forceflush"};
    command.insert(command.end(), more.begin(), more.end());
    auto started = Process::start(command);
    REQUIRE(started.has_value());
    if (started->wait_for(Stream::out, "Server listening", kGuard)) {
      return *std::move(started);
    }
  }
  FAIL("iperf3 -s does not start");
  std::abort();
}

Relay start_relay(const Endpoint& server, RelayScript script) {
  auto relay = Relay::start(server, std::move(script));
  REQUIRE(relay.has_value());
  return *std::move(relay);
}

/// Every path to a value; places in lists are alike.
void collect_paths(const nlohmann::json& value, const std::string& path,
                   std::set<std::string>& paths) {
  if (value.is_object()) {
    for (const auto& [key, below] : value.items()) {
      collect_paths(below, path + "." + key, paths);
    }
  } else if (value.is_array()) {
    for (const nlohmann::json& below : value) {
      collect_paths(below, path + ".#", paths);
    }
  } else {
    paths.insert(path);
  }
}

}  // namespace

std::set<std::string> paths_of(const nlohmann::json& value) {
  std::set<std::string> paths;
  collect_paths(value, "", paths);
  return paths;
}

std::string stock_iperf3() {
  const char* const other = std::getenv("UDPERF_IPERF3");
  return other != nullptr ? other : "iperf3";
}

int stock_version() {
  const auto told = run_to_end({stock_iperf3(), "--version"}, kGuard);
  constexpr std::string_view kBegin = "iperf 3.";
  return told && told->out.rfind(kBegin, 0) == 0 ? std::atoi(told->out.c_str() + kBegin.size())
                                                 : -1;
}

bool stock_knows_users() {
  const auto told = run_to_end({stock_iperf3(), "--version"}, kGuard);
  const bool known = told && told->out.find("authentication") != std::string::npos;
  if (!known) {
    skip_test("this iperf3 has no authentication");
  }
  return known;
}

bool has_iperf3() {
  const auto found = run_to_end({stock_iperf3(), "--version"}, kGuard);
  if (!found || found->code() != 0) {
    skip_test("iperf3 is not installed");
    return false;
  }
  return true;
}

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

Words iperf3_client(const std::string& program, const std::string& port, const Words& more) {
  Words words{program, "-c", "127.0.0.1", "-p", port, "-u", "-b", "1M", "-t", "1"};
  if (program == kProgram) {
    words.insert(words.begin() + 1, "iperf3");
  }
  return with(words, more);
}

Finished run_words(const Words& words, const SpawnOptions& options) {
  auto finished = run_to_end(words, kGuard, options);
  REQUIRE(finished.has_value());
  return *std::move(finished);
}

OwnServer::OwnServer(const Words& more)
    : port(std::to_string(unused_port())),
      process(start_udperf(with({"iperf3", "-s", "-p", port}, more))) {
  REQUIRE(process.wait_for(Stream::out, "Server listening", kGuard));
}

StockServer::StockServer(const std::vector<std::string>& more)
    : process_(start_stock(port_, more)) {}

void StockServer::await_turn() {
  ++turns_;
  const std::string word = "Server listening";  // said each time
  const auto said = [&] {
    const std::string text = process_.output(Stream::out);
    std::size_t times = 0;
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
      ++times;
    }
    return times;
  };
  const auto deadline = std::chrono::steady_clock::now() + kGuard;
  while (said() < turns_ && std::chrono::steady_clock::now() < deadline) {
    static_cast<void>(process_.wait_for(Stream::out, "no such word", 5ms));
  }
  INFO(process_.output(Stream::out));
  REQUIRE(said() >= turns_);
}

Endpoint StockServer::endpoint() const {
  return {IpAddress::loopback(IpFamily::v4), static_cast<std::uint16_t>(std::stoi(port_))};
}

Iperf3Relay::Iperf3Relay(const Endpoint& server, const RelayScript& script)
    : relay_(start_relay(server, script)) {
  auto listener = net::TcpListener::open(relay_.endpoint().address, relay_.endpoint().port);
  for (int i = 0; i < kTries && !listener; ++i) {  // the number may be some TCP connection's
    relay_ = start_relay(server, script);
    listener = net::TcpListener::open(relay_.endpoint().address, relay_.endpoint().port);
  }
  REQUIRE(listener.has_value());
  listener_ = *std::move(listener);
  thread_ = std::thread{[this, server] { forward(server); }};
}

Iperf3Relay::~Iperf3Relay() {
  stop_ = true;
  thread_.join();
}

void Iperf3Relay::forward(const Endpoint& server) {
  struct Pair {
    std::unique_ptr<net::TcpConnection> client;
    std::unique_ptr<net::TcpConnection> server;
  };
  std::vector<Pair> pairs;
  const auto pump = [](net::TcpConnection& from, net::TcpConnection& to) {
    std::vector<std::byte> bytes;
    from.receive(bytes);
    to.send(bytes);
    to.flush();
    if (from.closed()) {
      to.finish_sending();
    }
  };
  while (!stop_) {
    std::vector<int> fds{listener_->fd()};
    for (const Pair& pair : pairs) {
      fds.push_back(pair.client->closed() ? -1 : pair.client->fd());
      fds.push_back(pair.server->closed() ? -1 : pair.server->fd());
    }
    os::wait_readable(fds, 20ms);
    if (auto client = listener_->accept()) {
      auto upstream = net::TcpConnection::open({std::nullopt, server, {}});
      if (upstream) {
        pairs.push_back(Pair{std::move(client), *std::move(upstream)});
      }
    }
    for (const Pair& pair : pairs) {
      if (pair.server->connecting() == net::TcpConnection::Connecting::done) {
        pump(*pair.client, *pair.server);
        pump(*pair.server, *pair.client);
      }
    }
    std::erase_if(pairs,
                  [](const Pair& pair) { return pair.client->closed() && pair.server->closed(); });
  }
}

}  // namespace udperf::test
