// Servers that want more of a client than it asked for, or hold it for ever.

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "e2e/program.hpp"
#include "net/socket_address.hpp"
#include "os/fd.hpp"
#include "support/catch.hpp"
#include "wire/messages.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using Catch::Matchers::ContainsSubstring;
using test::client_arguments;
using test::document_of;
using test::run_within;
using wire::MessageType;

namespace {

constexpr std::uint64_t kSession = 0x1234;
// What both tests of servers that dribble ask for: connect-timeout + duration + drain (3 s) + 5 s.
constexpr std::chrono::milliseconds kLongest = 9'300ms;

/// A server that answers as it is told to, on a thread of its own.
class FakeServer {
 public:
  using Grant = std::function<void(TestParams&)>;

  /// `grant` changes what is asked for; `idle` is called every 100 ms once GO has come.
  FakeServer(Grant grant, std::function<void(FakeServer&)> idle)
      : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)),
        grant_(std::move(grant)),
        idle_(std::move(idle)) {
    net::SocketAddress address{{IpAddress::loopback(IpFamily::v4), 0}};
    REQUIRE(::bind(fd_.get(), address.raw(), address.size()) == 0);
    REQUIRE(::getsockname(fd_.get(), address.raw(), address.size_out()) == 0);
    endpoint_ = address.endpoint();
    thread_ = std::thread{[this] { serve(); }};
  }
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;
  ~FakeServer() {
    stop_ = true;
    thread_.join();
  }

  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }
  void say(const std::vector<std::byte>& datagram) const {
    net::SocketAddress to{peer_};
    ::sendto(fd_.get(), datagram.data(), datagram.size(), 0, to.raw(), to.size());
  }
  [[nodiscard]] int turn() const { return turn_; }

 private:
  void serve() {
    std::array<std::byte, 2048> buffer{};
    while (!stop_) {
      pollfd ready{fd_.get(), POLLIN, 0};
      if (::poll(&ready, 1, 100) != 1) {
        tick();
        continue;
      }
      net::SocketAddress from;
      const ssize_t length =
          ::recvfrom(fd_.get(), buffer.data(), buffer.size(), 0, from.raw(), from.size_out());
      if (length > 0) {
        peer_ = from.endpoint();
        answer(std::span{buffer}.first(static_cast<std::size_t>(length)));
      }
      if (std::chrono::steady_clock::now() - last_tick_ > 100ms) {
        tick();
      }
    }
  }

  void tick() {
    last_tick_ = std::chrono::steady_clock::now();
    if (going_) {
      ++turn_;
      idle_(*this);
    }
  }

  void answer(std::span<const std::byte> datagram) {
    if (const auto header = wire::decode_common(datagram); header) {
      switch (header->type) {
        case MessageType::hello: {
          wire::Challenge challenge;
          challenge.nonce = wire::decode<wire::Hello>(datagram)->nonce;
          say(wire::encode(MessageType::challenge, 0, 0, challenge));
          break;
        }
        case MessageType::request: {
          const auto request = wire::decode<wire::Request>(datagram);
          wire::Accept accept;
          accept.nonce = request->nonce;
          accept.params = request->params;
          grant_(accept.params);
          accept.client = peer_;
          say(wire::encode(MessageType::accept, kSession, 0, accept));
          break;
        }
        case MessageType::probe: {
          const auto probe = wire::decode<wire::Probe>(datagram);
          wire::ProbeReply reply;
          reply.id = probe->id;
          reply.t1_ns = probe->t1_ns;
          reply.received_bytes = static_cast<std::uint32_t>(datagram.size());
          say(wire::encode(MessageType::probe_reply, kSession, 0, reply, datagram.size()));
          break;
        }
        case MessageType::go:
          going_ = true;
          say(wire::encode(MessageType::go_ack, kSession, 0, wire::Empty{}));
          break;
        default:
          break;
      }
    }
  }

  os::Fd fd_;
  Endpoint endpoint_;
  Endpoint peer_;
  Grant grant_;
  std::function<void(FakeServer&)> idle_;
  std::chrono::steady_clock::time_point last_tick_{};
  bool going_ = false;
  int turn_ = 0;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace

TEST_CASE("a client runs no test that it has not asked for", "[e2e][hostile]") {
  const FakeServer greedy{[](TestParams& params) {
                            params.direction = Direction::both;
                            params.streams = 16;
                            params.rate_up = SendRate{};
                            params.amount.duration = 300s;
                            params.dscp = 63;
                          },
                          [](FakeServer&) {}};

  const auto finished =
      run_within(2s, client_arguments(greedy.endpoint(), {"--duration", "2s", "--rate", "1M"}));

  CHECK(finished.code() == 4);
  CHECK_THAT(document_of(finished).at("error").at("message").get<std::string>(),
             ContainsSubstring("not asked for"));
}

TEST_CASE("a server that dribbles its report does not hold a client", "[e2e][hostile]") {
  // A byte of a report of a thousand every 100 ms: each is progress.
  const FakeServer slow{[](TestParams&) {},
                        [](FakeServer& server) {
                          const auto offset = static_cast<std::uint32_t>(server.turn() - 1);
                          const wire::ReportChunk chunk{100'000, offset, {std::byte{1}}};
                          server.say(wire::encode(MessageType::report, kSession, 0, chunk));
                        }};

  const auto finished =
      run_within(kLongest, client_arguments(slow.endpoint(), {"--duration", "300ms", "--rate", "1M",
                                                              "--connect-timeout", "1s"}));

  CHECK(finished.code() == 5);
  CHECK(document_of(finished).at("up").at("tx").at("packets").is_number());
}

TEST_CASE("a server that dribbles data does not hold a client", "[e2e][hostile]") {
  const FakeServer endless{[](TestParams&) {},
                           [](FakeServer& server) {
                             wire::DataHeader header;
                             header.session = kSession;
                             header.sequence = static_cast<std::uint64_t>(server.turn() - 1);
                             std::vector<std::byte> data(1000);
                             wire::encode(header, std::span{data}.first<kDataHeaderBytes>());
                             server.say(data);
                           }};

  const auto finished = run_within(
      kLongest, client_arguments(endless.endpoint(),
                                 {"--duration", "300ms", "--rate", "1M", "--direction", "down",
                                  "--packet-size", "1000", "--connect-timeout", "1s"}));

  CHECK(finished.code() == 5);
  CHECK(document_of(finished).at("down").at("rx").at("unique").get<int>() > 10);
}
