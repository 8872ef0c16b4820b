// One server under everything that a port on the Internet has to bear: many clients, noise, idle
// and abandoned sessions.

#include <poll.h>
#include <sys/socket.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "clock/system_clock.hpp"
#include "crypto/crypto.hpp"
#include "e2e/connect.hpp"
#include "e2e/program.hpp"
#include "engine/client_connect.hpp"
#include "net/socket_address.hpp"
#include "os/fd.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/seeded_random.hpp"

using namespace std::chrono_literals;
using nlohmann::json;
using udperf::Endpoint;
using udperf::IpFamily;
using udperf::test::Attempt;
using udperf::test::check_books;
using udperf::test::client_arguments;
using udperf::test::document_of;
using udperf::test::Finished;
using udperf::test::kGuard;
using udperf::test::measure_under_condition;
using udperf::test::Process;
using udperf::test::run_udperf;
using udperf::test::SeededRandom;
using udperf::test::Server;
using udperf::test::start_udperf;
using udperf::test::Stream;

namespace {

// A sanitizer keeps what is freed: memory says nothing then.
constexpr bool kPlain = UDPERF_TEST_TIME_FACTOR == 1;

/// What /proc says of a process.
struct Footprint {
  std::size_t resident_kib = 0;
  std::size_t threads = 0;
  std::size_t descriptors = 0;
};

Footprint footprint(Server& server) {
  const auto folder = "/proc/" + std::to_string(server.process().pid());
  Footprint out;
  std::ifstream status{folder + "/status"};
  for (std::string name; status >> name;) {
    if (name == "VmRSS:") {
      status >> out.resident_kib;
    } else if (name == "Threads:") {
      status >> out.threads;
    }
  }
  for (const auto& entry : std::filesystem::directory_iterator{folder + "/fd"}) {
    static_cast<void>(entry);
    ++out.descriptors;
  }
  return out;
}

template <typename Condition>
bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + kGuard;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) {
      return false;
    }
    std::this_thread::yield();
  }
  return true;
}

/// Throws random and mutated datagrams at a server from one socket, and weighs what comes back.
class Hostile {
 public:
  explicit Hostile(const Endpoint& server)
      : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    const udperf::net::SocketAddress address{server};
    REQUIRE(::connect(fd_.get(), address.raw(), address.size()) == 0);
  }

  void send_some(int count) {
    for (int i = 0; i < count; ++i) {
      auto bytes = datagram();
      const auto sent = ::send(fd_.get(), bytes.data(), bytes.size(), 0);
      bytes_out_ += sent > 0 ? static_cast<std::uint64_t>(sent) : 0;
      datagrams_ += sent > 0 ? 1U : 0U;
      drain();
    }
  }
  /// Until something comes back, a millisecond at most: noise is not answered.
  void await_answer() {
    pollfd waiting{fd_.get(), POLLIN, 0};
    ::poll(&waiting, 1, 1);
  }
  void drain() {
    std::array<char, 65536> buffer{};
    for (ssize_t n = 0; (n = ::recv(fd_.get(), buffer.data(), buffer.size(), 0)) >= 0;) {
      bytes_in_ += static_cast<std::uint64_t>(n);
    }
  }
  [[nodiscard]] std::uint64_t datagrams() const { return datagrams_; }
  [[nodiscard]] std::uint64_t bytes_out() const { return bytes_out_; }
  [[nodiscard]] std::uint64_t bytes_in() const { return bytes_in_; }

 private:
  /// Noise; or a message that begins as it should, of any type, with random fields; or a good HELLO
  /// with a few bytes changed.
  std::vector<std::byte> datagram() {
    using udperf::wire::MessageType;
    const auto kind = random_.between(0, 2);
    if (kind == 2) {
      udperf::wire::Hello hello;
      random_.fill(hello.nonce);
      auto bytes = udperf::wire::encode(MessageType::hello, 0, 0, hello);
      for (auto changes = random_.between(0, 3); changes > 0; --changes) {
        change_one(bytes);
      }
      return bytes;
    }
    std::vector<std::byte> bytes(static_cast<std::size_t>(random_.between(1, 1472)));
    random_.fill(bytes);
    if (kind == 1) {
      const auto good = udperf::wire::encode(MessageType::hello, 0, 0, udperf::wire::Hello{});
      const std::size_t head = std::min<std::size_t>(5, bytes.size());
      std::copy_n(good.begin(), head, bytes.begin());
      if (bytes.size() > 5) {
        bytes[5] = static_cast<std::byte>(random_.between(0, 32));
      }
    }
    return bytes;
  }
  void change_one(std::vector<std::byte>& bytes) {
    const auto at = random_.between(0, static_cast<std::int64_t>(bytes.size()) - 1);
    bytes[static_cast<std::size_t>(at)] ^= static_cast<std::byte>(1U << random_.between(0, 7));
  }

  udperf::os::Fd fd_;
  SeededRandom random_{99};
  std::uint64_t datagrams_ = 0;
  std::uint64_t bytes_out_ = 0;
  std::uint64_t bytes_in_ = 0;
};

/// Opens sessions and does nothing with them.
class IdleClient {
 public:
  explicit IdleClient(const Endpoint& server) {
    options_.host = server.address.to_string();
    options_.port = server.port;
    options_.buffer = 65536;
    options_.connect_timeout = kGuard;
    options_.params.amount.packets = 10;
  }

  std::optional<udperf::engine::Connection> connect(
      udperf::Direction direction = udperf::Direction::up) {
    options_.params.direction = direction;
    auto connection = udperf::test::connect_by_hand(options_, clock_, random_);
    if (!connection) {
      UNSCOPED_INFO(connection.error().message());
      return std::nullopt;
    }
    return *std::move(connection);
  }

  /// Says GO; the server then sends, or waits for data.
  static void go(udperf::engine::Connection& connection) {
    udperf::wire::Go go;
    go.server_nonce = connection.accept.server_nonce;
    go.payload_bytes = connection.accept.params.payload_bytes;
    auto bytes = udperf::wire::encode(udperf::wire::MessageType::go, connection.session, 0, go);
    connection.streams.front().sealer.seal(bytes);
    connection.streams.front().port->send_control(bytes);
  }

 private:
  udperf::SystemClock clock_;
  udperf::crypto::SystemRandom random_;
  udperf::engine::ClientOptions options_;
};

/// Fifty clients at once, every other one in reverse; each must end well and count exactly. Returns
/// how many datagrams overflowed sockets or the kernel's queue before them.
std::int64_t run_fifty(Server& server) {
  std::vector<Process> clients;
  clients.reserve(50);
  for (int i = 0; i < 50; ++i) {
    clients.push_back(start_udperf(client_arguments(
        server.endpoint(),
        {"--packets", "1000", "--rate", "5M", "--direction", i % 2 == 0 ? "up" : "down", "--buffer",
         "4M", "--connect-timeout", "30s"})));
  }
  std::int64_t lost = 0;
  for (int i = 0; i < 50; ++i) {
    Process& client = clients[static_cast<std::size_t>(i)];
    const auto status = client.wait(kGuard);
    const Finished finished{status, client.output(Stream::out), client.output(Stream::err), 0ms};
    CAPTURE(i, finished.err);
    REQUIRE(finished.code() == 0);
    const auto document = document_of(finished);
    const json& way = document.at(i % 2 == 0 ? "up" : "down");
    check_books(way);
    CHECK(way.at("tx").at("packets") == 1000);
    lost += way.at("loss").at("packets").get<std::int64_t>();
    CHECK(way.at("rx").at("unique") == 1000 - way.at("loss").at("packets").get<int>());
  }
  return lost;
}

}  // namespace

TEST_CASE("fifty clients count exactly while noise is thrown at the port", "[e2e]") {
  measure_under_condition([](Attempt& attempt) {
    Server server{IpFamily::v4, {"--max-sessions", "64", "--max-sessions-per-address", "64"}};
    Hostile hostile{server.endpoint()};
    constexpr std::uint64_t kEnough = 100'000;
    std::jthread thrower{[&](const std::stop_token& done) {
      // Spread over the clients' time: a few at a time, as fast as the loop turns.
      while (!done.stop_requested() || hostile.datagrams() < kEnough) {
        hostile.send_some(20);
        hostile.await_answer();
      }
    }};
    auto lost = run_fifty(server);
    thrower.request_stop();
    thrower.join();
    hostile.drain();
    CHECK(hostile.datagrams() >= kEnough);
    CHECK(hostile.bytes_in() > 0);  // good HELLOs were among them
    CHECK(hostile.bytes_in() <= hostile.bytes_out());

    // The memory of the first wave is enough for a second one and for as much noise.
    const auto before = footprint(server);
    hostile.send_some(static_cast<int>(kEnough) / 4);
    lost += run_fifty(server);
    const auto after = footprint(server);
    CHECK(after.threads == before.threads);
    if (kPlain) {
      CHECK(after.resident_kib < before.resident_kib + 4096);
    }
    attempt.expect(lost == 0, "no loss, not " + std::to_string(lost));
  });
}

TEST_CASE("a thousand idle sessions are cheap", "[e2e]") {
  Server server{IpFamily::v4, {"--max-sessions", "1001", "--max-sessions-per-address", "1001"}};
  IdleClient client{server.endpoint()};
  std::vector<udperf::engine::Connection> connections;
  const auto add = [&] {
    auto connection = client.connect(connections.size() % 2 == 0 ? udperf::Direction::up
                                                                 : udperf::Direction::down);
    REQUIRE(connection);
    connections.push_back(*std::move(connection));
  };
  add();
  const auto one = footprint(server);

  // They are given up after four seconds of silence: a slow machine opens fewer in that time.
  const auto begun = std::chrono::steady_clock::now();
  constexpr std::size_t kIdle = 1000;
  while (connections.size() <= kIdle && std::chrono::steady_clock::now() - begun < 3s) {
    add();
  }

  const auto many = footprint(server);
  const auto took = std::chrono::steady_clock::now() - begun;
  const std::size_t opened = connections.size() - 1;
  CAPTURE(opened, one.resident_kib, many.resident_kib);
  if (opened < 100) {
    udperf::test::skip_test("the host opened " + std::to_string(opened) + " sessions in 3 s");
    return;
  }
  if (took > 3500ms) {
    udperf::test::skip_test("the host was held up while a session opened");
    return;
  }
  CHECK(many.descriptors >= one.descriptors + opened * 9 / 10);  // they do exist
  CHECK(many.threads == one.threads);
  if (kPlain) {
    CHECK(many.resident_kib < one.resident_kib + 1024 + opened * 64);
  }
}

TEST_CASE("ten thousand abandoned sessions leave nothing behind", "[e2e][beside]") {
  Server server{IpFamily::v4,
                {"--max-sessions", "10001", "--max-sessions-per-address", "10001", "--max-memory",
                 "2G", "--log-level", "error"}};
  IdleClient client{server.endpoint()};
  const auto before = footprint(server);
  std::optional<Footprint> first;
  std::size_t most = 0;  // descriptors, sampled
  std::size_t most_at_first = 0;
  constexpr int kAbandoned = kPlain ? 10'000 : 1000;
  for (int i = 0; i < kAbandoned; ++i) {
    auto connection = client.connect(i % 2 == 0 ? udperf::Direction::up : udperf::Direction::down);
    REQUIRE(connection);
    if (i % 3 != 0) {
      IdleClient::go(*connection);
    }
    if (i % 50 == 0) {
      most = std::max(most, footprint(server).descriptors);
    }
    if (i == kAbandoned / 2) {
      first = footprint(server);
      most_at_first = most;
    }
  }  // each is dropped without a word

  REQUIRE(eventually([&] { return footprint(server).descriptors <= before.descriptors; }));
  const auto after = footprint(server);
  CHECK(after.threads == before.threads);
  CAPTURE(first->resident_kib, after.resident_kib, most_at_first, most);
  if (kPlain) {
    // How many there are at once is a matter of the machine's pace; each may take its 64 KiB.
    CHECK(after.resident_kib <= first->resident_kib + 8192 + (most - most_at_first) * 64);
  }
  const auto next =
      run_udperf(client_arguments(server.endpoint(), {"--packets", "100", "--rate", "10M"}));
  CHECK(next.code() == 0);
}
