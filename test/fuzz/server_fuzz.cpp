// A whole server in the simulated network, in the middle of a test, and datagrams of any content to
// it from the client's address and from others: nothing breaks, and every session ends.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "base/network_order.hpp"
#include "sim/sim_world.hpp"

namespace {

using namespace udperf;
using test::SimNetwork;

/// How one datagram of the input is made; taken from its first bytes.
struct Step {
  std::size_t length;
  unsigned shape;
  std::uint8_t type;
  Duration pause;
};

std::vector<std::byte> shaped(const Step& step, const std::uint8_t* content,
                              std::uint64_t session) {
  std::vector<std::byte> bytes(step.length);
  std::copy_n(reinterpret_cast<const std::byte*>(content), step.length, bytes.begin());
  if ((step.shape & 8U) != 0) {
    bytes.resize(std::max(bytes.size(), wire::kPaddedRequestBytes));
  }
  if (bytes.size() >= wire::kCommonHeaderBytes && (step.shape & 1U) != 0) {
    store_network_order(bytes.data(), wire::kMagic);
    bytes[4] = std::byte{wire::kVersion};
    bytes[5] = std::byte{step.type};
    bytes[6] = (step.shape & 16U) != 0 ? std::byte{1} : std::byte{0};
    bytes[7] = std::byte{0};
    store_network_order(bytes.data() + 8, (step.shape & 2U) != 0 ? session : std::uint64_t{0});
  }
  return bytes;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) {
    return 0;
  }
  test::SimWorld world{1};
  test::SimClient::Options options;
  options.local = SimNetwork::endpoint(2, 7777);
  options.params.direction = static_cast<Direction>(1 + data[0] % 3);
  options.params.streams = static_cast<std::uint16_t>(1 + data[1] % 2);
  options.params.payload_bytes = 100;
  options.params.amount.packets = 40;
  options.params.rate_up = SendRate{SendRate::Kind::packets, 1'000'000};
  options.params.rate_down = options.params.rate_up;
  std::uint64_t session = 0;
  world.network.on_send = [&session](const Endpoint&, const Endpoint&,
                                     std::span<const std::byte> bytes) {
    const auto header = wire::decode_common(bytes);
    session = header && session == 0 ? header->session : session;
  };
  world.add_client(options);
  data += 2;
  size -= 2;
  while (size >= 4) {
    const Step step{std::min<std::size_t>(size - 4, std::size_t{data[0]} * 2U), data[1], data[2],
                    std::chrono::milliseconds{data[3] % 32}};
    const Endpoint from = (step.shape & 4U) != 0 ? *options.local : SimNetwork::endpoint(3, 9);
    world.run(step.pause, [] { return false; });
    world.network.send(from, world.network.server, shaped(step, data + 4, session));
    data += 4 + step.length;
    size -= 4 + step.length;
  }
  const bool ended = world.run(std::chrono::seconds{40}, [&world] {
    return world.clients.front()->done() && world.server->sessions().count() == 0;
  });
  if (!ended) {
    std::abort();
  }
  return 0;
}
