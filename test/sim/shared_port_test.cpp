// Another protocol at the server's own port.

#include <array>
#include <vector>

#include "engine/fallback_protocol.hpp"
#include "sim/sim_world.hpp"
#include "support/catch.hpp"
#include "wire/compact_header.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using udperf::test::SimNetwork;
using udperf::test::SimWorld;

namespace {

/// Notes what it is given.
class Fallback final : public engine::FallbackProtocol {
 public:
  bool on_datagram(const net::Datagram& /*datagram*/, bool native, MonoTime /*now*/) override {
    told.push_back(native);
    return true;
  }
  [[nodiscard]] bool has_served() const override { return false; }

  std::vector<bool> told;  ///< whether it was native
};

}  // namespace

TEST_CASE("late data of a session with the compact header are native to another protocol, too",
          "[sim]") {
  Fallback fallback;
  SimWorld world{21, {}, {}, &fallback};
  const auto port = world.network.connect(SimNetwork::endpoint(2, 7777), world.network.server);
  std::array<std::byte, 100> datagram{};
  wire::encode(wire::CompactHeader{}, std::span{datagram}.first<kCompactHeaderBytes>());
  port->send_control(datagram);
  world.run(1s, [&fallback] { return fallback.told.size() == 1; });
  datagram.fill(std::byte{'a'});
  port->send_control(datagram);
  world.run(1s, [&fallback] { return fallback.told.size() == 2; });
  CHECK(fallback.told == std::vector{true, false});
}
