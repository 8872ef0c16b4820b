#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <iterator>
#include <memory>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "e2e/iperf3_peers.hpp"
#include "e2e/program.hpp"
#include "iperf3/datagram.hpp"
#include "iperf3/inbox.hpp"
#include "net/receive_buffers.hpp"
#include "net/tcp.hpp"
#include "net/udp_port.hpp"
#include "os/event.hpp"
#include "support/catch.hpp"

// Clients that go away in any state of a test: nothing of them is left at the server, and no data
// follows them.

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::test;
using nlohmann::json;

namespace {

/// How far a client goes before it vanishes.
enum class Last : std::uint8_t {
  connected,
  half_cookie,
  cookie,
  half_parameters,
  parameters,
  hello,
  data,
  end,
  half_results,
  results,
};
constexpr std::array kAll{
    Last::connected, Last::half_cookie, Last::cookie, Last::half_parameters, Last::parameters,
    Last::hello,     Last::data,        Last::end,    Last::half_results,    Last::results};

constexpr std::uint32_t kLength = 500;

/// A client that downloads, as far as it is told to.
class Client {
 public:
  explicit Client(const Endpoint& server) : server_(server) {
    auto opened = net::TcpConnection::open({std::nullopt, server, {}});
    REQUIRE(opened.has_value());
    control_ = *std::move(opened);
    while (control_->connecting() == net::TcpConnection::Connecting::underway) {
      os::wait_readable(std::array<int, 1>{control_->fd()}, 1ms);
    }
    REQUIRE(control_->connecting() == net::TcpConnection::Connecting::done);
  }

  void go(Last last) {
    iperf3::Cookie cookie{};
    cookie.fill(std::byte{'a'});
    const std::span all{cookie};
    if (last == Last::connected) {
      return;
    }
    control_->send(last == Last::half_cookie ? all.first(20) : all);
    if (last <= Last::cookie) {
      return;
    }
    hear(9);
    say(parameters, last == Last::half_parameters);
    if (last <= Last::parameters) {
      return;
    }
    hear(10);
    open_stream();
    if (last == Last::hello) {
      return;
    }
    hear(1);
    hear(2);
    hear_data();
    if (last == Last::data) {
      return;
    }
    control_->send(std::array<std::byte, 1>{std::byte{4}});
    hear(13);
    if (last == Last::end) {
      return;
    }
    say(R"({"cpu_util_total":0,"cpu_util_user":0,"cpu_util_system":0,"sender_has_retransmits":-1,)"
        R"("streams":[{"id":1,"bytes":500,"retransmits":-1,"jitter":0,"errors":0,"packets":1}]})",
        last == Last::half_results);
    if (last == Last::results) {
      const auto enough = [this] { return bytes_.size() > 100; };
      wait_until(enough);
    }
  }

  std::string parameters = R"({"udp":true,"reverse":true,"time":60,"len":500,"bandwidth":4000000})";

  /// Closes the control connection and gives the data's socket away.
  [[nodiscard]] std::unique_ptr<net::DatagramPort> drop_control() {
    control_.reset();
    return std::move(data_);
  }

 private:
  template <typename Enough>
  void wait_until(Enough enough) {
    while (!enough()) {
      REQUIRE_FALSE(control_->closed());
      os::wait_readable(std::array<int, 1>{control_->fd()}, kGuard);
      control_->receive(bytes_);
    }
  }

  void hear(std::uint8_t state) {
    wait_until([this] { return !bytes_.empty(); });
    REQUIRE(std::to_integer<int>(bytes_.front()) == state);
    bytes_.erase(bytes_.begin());
  }

  void say(std::string_view text, bool half) {
    iperf3::Outbox out;
    out.put_text(text);
    const auto bytes = out.take();
    control_->send(std::span{bytes}.first(half ? bytes.size() / 2 : bytes.size()));
  }

  void open_stream() {
    net::PortOptions options;
    options.remote = server_;
    auto port = net::UdpPort::open(options);
    REQUIRE(port.has_value());
    data_ = *std::move(port);
    static_cast<void>(data_->send_control(iperf3::kHello));
  }

  void hear_data() {
    net::ReceiveBuffers buffers;
    bool heard = false;
    while (!heard) {
      os::wait_readable(std::array<int, 1>{data_->fd()}, kGuard);
      for (const net::Received& read : data_->receive(buffers)) {
        heard = heard || read.segment == kLength;
      }
    }
  }

  Endpoint server_;
  std::unique_ptr<net::TcpConnection> control_;
  std::unique_ptr<net::DatagramPort> data_;
  std::vector<std::byte> bytes_;
};

std::size_t descriptors(pid_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid) + "/fd";
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator{folder},
                                                std::filesystem::directory_iterator{}));
}

/// Until the server has as few descriptors as before anybody came.
bool settles(pid_t pid, std::size_t before) {
  const auto deadline = std::chrono::steady_clock::now() + kGuard;
  std::size_t there = descriptors(pid);  // one look is one verdict: some are open for a moment only
  while (there > before && std::chrono::steady_clock::now() < deadline) {
    os::wait_readable({}, 5ms);
    there = descriptors(pid);
  }
  return there <= before;
}

Endpoint iperf3_endpoint(const Server& server) {
  return {IpAddress::loopback(IpFamily::v4),
          server.ready()["data"]["iperf3_port"].get<std::uint16_t>()};
}

/// Whether a server listens by now; it sees a client that comes and goes.
bool listens(const Endpoint& server) {
  using State = net::TcpConnection::Connecting;
  auto opened = net::TcpConnection::open({std::nullopt, server, {}});
  State state = opened ? State::underway : State::failed;
  while (state == State::underway) {
    os::wait_readable({}, 1ms);
    state = (*opened)->connecting();  // says once that it has failed
  }
  return state == State::done;
}

}  // namespace

TEST_CASE("A client that vanishes in any state of a test leaves nothing at the server") {
  Server server{IpFamily::v4, {"--iperf3=0", "--jsonl", "-"}};
  const pid_t pid = server.process().pid();
  const std::size_t before = descriptors(pid);
  for (const Last last : kAll) {
    INFO("state " << static_cast<int>(last));
    {
      Client client{iperf3_endpoint(server)};
      client.go(last);
    }  // closes both sockets, as the end of a process does
    CHECK(settles(pid, before));
  }
  // Those that were granted are told, and how they ended.
  std::size_t sessions = 0;
  const auto deadline = std::chrono::steady_clock::now() + kGuard;
  const auto expected =
      static_cast<std::size_t>(Last::results) - static_cast<std::size_t>(Last::parameters) + 1;
  while (sessions < expected && std::chrono::steady_clock::now() < deadline) {
    const std::string text = server.process().output(test::Stream::out);
    sessions = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    os::wait_readable({}, 5ms);
  }
  CHECK(sessions == expected);
  const auto after =
      run_udperf({"client", "127.0.0.1", "--iperf3=" + std::to_string(iperf3_endpoint(server).port),
                  "--packets", "50", "--rate", "2M", "--json"});
  CHECK(after.code() == 0);
  CHECK(document_of(after)["up"]["rx"]["unique"] == 50);
  CHECK(settles(pid, before));
}

TEST_CASE("A stock client that is killed at any moment leaves nothing at the server") {
  if (!has_iperf3()) {
    return;
  }
  Server server{IpFamily::v4, {"--iperf3=0"}};
  const pid_t pid = server.process().pid();
  const std::size_t before = descriptors(pid);
  const std::string port = std::to_string(iperf3_endpoint(server).port);
  for (int moment = 0; moment < 24; ++moment) {
    const char* const way = moment % 3 == 0 ? "-R" : moment % 3 == 1 ? "--bidir" : "-V";
    auto client = Process::start({stock_iperf3(), "-c", "127.0.0.1", "-p", port, "-u", "-t", "1",
                                  "-b", "4M", "-P", "3", way});
    REQUIRE(client.has_value());
    // From before it connects to after its end, which takes a second and a little.
    static_cast<void>(client->wait(std::chrono::milliseconds{moment < 16 ? moment : moment * 55}));
    client->send_signal(SIGKILL);
    REQUIRE(client->wait(kGuard).has_value());
    INFO("moment " << moment);
    CHECK(settles(pid, before));
  }
}

TEST_CASE("No data follows a client that is gone, although nothing says so on UDP") {
  Server server{IpFamily::v4, {"--iperf3=0", "--jsonl", "-"}};
  Client client{iperf3_endpoint(server)};
  client.go(Last::data);
  const auto data = client.drop_control();  // this end of the data stays open, so all is seen
  REQUIRE(server.process().wait_for(test::Stream::out, "\n", kGuard));
  const json session = json::parse(server.process().output(test::Stream::out))["data"];
  CHECK(session["status"] == "incomplete");
  // What had left before the server knew is read; behind it nothing comes any more.
  net::ReceiveBuffers buffers;
  while (!data->receive(buffers).empty()) {
  }
  os::wait_readable(std::array<int, 1>{data->fd()}, 300ms);
  CHECK(data->receive(buffers).empty());
}

TEST_CASE("A client that does not end a test for an amount is not sent to for ever") {
  for (const bool omits : {false, true}) {
    Server server{IpFamily::v4, {"--iperf3=0", "--jsonl", "-"}};
    Client client{iperf3_endpoint(server)};
    client.parameters =
        std::string{R"({"udp":true,"reverse":true,"len":500,"bandwidth":4000000,"time":0,)"} +
        (omits ? R"("num":5000,"omit":1})" : R"("blockcount":10})");
    client.go(Last::data);  // and says nothing more
    REQUIRE(server.process().wait_for(test::Stream::out, "\n", kGuard));
    const json session = json::parse(server.process().output(test::Stream::out))["data"];
    INFO(session.dump());
    CHECK(session["status"] == "incomplete");
    CHECK(session["reason"].get<std::string>().find("its amount") != std::string::npos);
  }
}

TEST_CASE("A client whose parameters cannot be read is the one that -1 has served") {
  OwnServer server{{"-1"}};
  {
    Client client{
        {IpAddress::loopback(IpFamily::v4), static_cast<std::uint16_t>(std::stoi(server.port))}};
    client.parameters = R"({"udp":true,"len":"no number"})";
    client.go(Last::parameters);
    REQUIRE(server.process.wait(kGuard).has_value());
  }
}

TEST_CASE("A server tells of a test that ended before its start, in text and in JSON") {
  const auto loopback = [](const std::string& port) {
    return Endpoint{IpAddress::loopback(IpFamily::v4), static_cast<std::uint16_t>(std::stoi(port))};
  };
  {
    OwnServer server{{"-1"}};
    {
      Client client{loopback(server.port)};
      client.go(Last::parameters);
    }
    const auto status = server.process.wait(kGuard);
    REQUIRE(status.has_value());
    CHECK(server.process.output(test::Stream::err) ==
          "iperf3: error - 127.0.0.1: the client went away\n");
  }
  const std::string port = std::to_string(unused_port());
  auto server = start_udperf({"iperf3", "-s", "-1", "-J", "-p", port});
  const auto deadline = std::chrono::steady_clock::now() + kGuard;
  while (!listens(loopback(port)) && std::chrono::steady_clock::now() < deadline) {
    os::wait_readable({}, 5ms);
  }
  {
    Client client{loopback(port)};
    client.go(Last::parameters);
  }
  REQUIRE(server.wait(kGuard).has_value());
  std::istringstream all{server.output(test::Stream::out)};
  json before;
  json document;
  all >> before >> document;  // of who only came and went, and of who asked
  INFO(document.dump());
  CHECK(before["error"] == "the client left before it asked for a test");
  CHECK(document["error"] == "the client went away");
  CHECK(document["start"]["accepted_connection"]["host"] == "127.0.0.1");
  CHECK(document["start"]["target_bitrate"] == 4'000'000);
  CHECK(document["end"].empty());
}
