// The relay is the ruler of the end-to-end tests: here it is measured itself, with plain sockets.

#include "support/relay.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <vector>

#include "net/socket_address.hpp"
#include "os/fd.hpp"
#include "support/catch.hpp"
#include "support/families.hpp"

using namespace std::chrono_literals;
using udperf::Endpoint;
using udperf::IpAddress;
using udperf::IpFamily;
using udperf::net::SocketAddress;
using udperf::os::Fd;
using udperf::test::decide_fate;
using udperf::test::Direction;
using udperf::test::Fate;
using udperf::test::Passage;
using udperf::test::Relay;
using udperf::test::RelayScript;
using udperf::wire::MessageType;

namespace {

/// A socket on the loopback address that sends and receives DATA datagrams, header only.
class Peer {
 public:
  explicit Peer(IpFamily family)
      : fd_(::socket(family == IpFamily::v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    SocketAddress address{{IpAddress::loopback(family), 0}};
    REQUIRE(::bind(fd_.get(), address.raw(), address.size()) == 0);
    REQUIRE(::getsockname(fd_.get(), address.raw(), address.size_out()) == 0);
    endpoint_ = address.endpoint();
  }

  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }
  /// Where the last datagram came from.
  [[nodiscard]] const Endpoint& from() const { return from_; }

  void send(const Endpoint& to, std::uint64_t sequence) {
    std::array<std::byte, udperf::kDataHeaderBytes> bytes{};
    udperf::wire::DataHeader header;
    header.sequence = sequence;
    udperf::wire::encode(header, bytes);
    const SocketAddress address{to};
    REQUIRE(::sendto(fd_.get(), bytes.data(), bytes.size(), 0, address.raw(), address.size()) > 0);
  }

  /// Sequence numbers, in the order they come, until `count` are there or nothing has come for a
  /// minute.
  std::vector<std::uint64_t> receive(std::size_t count) {
    std::vector<std::uint64_t> numbers;
    pollfd waiting{fd_.get(), POLLIN, 0};
    while (numbers.size() < count && ::poll(&waiting, 1, 60'000) > 0) {
      std::array<std::byte, 2048> bytes{};
      SocketAddress address;
      const auto got =
          ::recvfrom(fd_.get(), bytes.data(), bytes.size(), 0, address.raw(), address.size_out());
      const auto header = udperf::wire::decode_data({bytes.data(), static_cast<std::size_t>(got)});
      REQUIRE(header.has_value());
      numbers.push_back(header->sequence);
      from_ = address.endpoint();
    }
    return numbers;
  }

 private:
  Fd fd_;
  Endpoint endpoint_;
  Endpoint from_;
};

Passage data_passage(std::uint64_t sequence) {
  Passage passage;
  passage.type = static_cast<std::uint8_t>(MessageType::data);
  passage.sequence = sequence;
  return passage;
}

Relay start_relay(const Endpoint& server, RelayScript script) {
  auto relay = Relay::start(server, std::move(script));
  REQUIRE(relay.has_value());
  return std::move(*relay);
}

}  // namespace

TEST_CASE("the relay passes datagrams both ways and hides the client behind a port of its own",
          "[relay]") {
  const auto family = GENERATE(IpFamily::v4, IpFamily::v6);
  if (!udperf::test::family_or_skip(family)) {
    return;
  }
  Peer server{family};
  Peer client{family};
  Peer other{family};
  const Relay relay = start_relay(server.endpoint(), {});

  client.send(relay.endpoint(), 7);
  CHECK(server.receive(1) == std::vector<std::uint64_t>{7});
  const auto first_from = server.from();
  CHECK(first_from != client.endpoint());
  other.send(relay.endpoint(), 8);
  CHECK(server.receive(1) == std::vector<std::uint64_t>{8});
  CHECK(server.from() != first_from);

  server.send(first_from, 9);
  CHECK(client.receive(1) == std::vector<std::uint64_t>{9});
  CHECK(client.from() == relay.endpoint());
  CHECK(relay.log().clients == 2);
}

TEST_CASE("what the relay says it dropped and doubled is what is missing and comes twice",
          "[relay]") {
  Peer server{IpFamily::v4};
  Peer client{IpFamily::v4};
  RelayScript script;
  script.seed = 42;
  script.data[0].drop = 0.2;
  script.data[0].duplicate = 0.1;
  const Relay relay = start_relay(server.endpoint(), script);

  std::size_t dropped = 0;
  std::size_t arrived = 0;
  for (std::uint64_t first = 0; first < 300; first += 50) {  // in bits that fit any socket buffer
    std::vector<std::uint64_t> expected;
    for (std::uint64_t sequence = first; sequence < first + 50; ++sequence) {
      const auto fate = decide_fate(script, data_passage(sequence));
      dropped += fate.drop ? 1U : 0U;
      expected.insert(expected.end(), fate.drop ? 0 : fate.copies, sequence);
      client.send(relay.endpoint(), sequence);
    }
    CHECK(server.receive(expected.size()) == expected);
    arrived += expected.size();
  }

  const auto log = relay.log();
  const auto& count = log.of(Direction::to_server, MessageType::data);
  CHECK(log.exact());
  CHECK(dropped > 30);
  CHECK(count.received == 300);
  CHECK(count.dropped == dropped);
  CHECK(count.duplicated == arrived + dropped - 300);
  CHECK(count.forwarded == arrived);
  CHECK(log.dropped.size() == dropped);
  CHECK(log.duplicated.size() == count.duplicated);
}

TEST_CASE("a datagram that is held back is overtaken and arrives", "[relay]") {
  Peer server{IpFamily::v4};
  Peer client{IpFamily::v4};
  RelayScript script;
  script.decide = [](const Passage& passage) -> std::optional<Fate> {
    // Longer than a busy machine makes the others wait.
    return passage.sequence == 1 ? std::optional<Fate>{{false, 1, 2s}} : std::nullopt;
  };
  const Relay relay = start_relay(server.endpoint(), script);

  for (std::uint64_t sequence = 0; sequence < 4; ++sequence) {
    client.send(relay.endpoint(), sequence);
  }

  CHECK(server.receive(4) == std::vector<std::uint64_t>{0, 2, 3, 1});
  CHECK(relay.log().of(Direction::to_server, MessageType::data).delayed == 1);
  CHECK(relay.log().still_held == 0);
}

TEST_CASE("fates follow the seed and come at the rate that was asked for", "[relay]") {
  RelayScript script;
  script.data[0] = {0.25, 0.25, 0, {}};
  RelayScript other = script;
  other.seed = script.seed + 1;

  int dropped = 0;
  int doubled = 0;
  int differing = 0;
  for (std::uint64_t sequence = 0; sequence < 10'000; ++sequence) {
    const auto fate = decide_fate(script, data_passage(sequence));
    dropped += fate.drop ? 1 : 0;
    doubled += fate.copies == 2 ? 1 : 0;
    differing += fate.drop != decide_fate(other, data_passage(sequence)).drop ? 1 : 0;
  }

  // Binomial, 10 000 times 1/4: a standard deviation of 43; of the 7500 that remain, 37.
  CHECK(dropped == Approx(2500).margin(200));
  CHECK(doubled == Approx(1875).margin(200));
  CHECK(differing == Approx(3750).margin(250));
}
