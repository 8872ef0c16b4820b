#include "e2e/connect.hpp"

#include <array>

#include "net/receive_buffers.hpp"
#include "net/resolver.hpp"
#include "os/event.hpp"

namespace udperf::test {

Result<engine::Connection> connect_by_hand(const engine::ClientOptions& options, const Clock& clock,
                                           RandomSource& random) {
  const auto servers = net::resolve(options.host, options.port, options.family);
  if (!servers) {
    return tl::unexpected{servers.error()};
  }
  engine::ClientConnect connect{
      {&options, *servers, engine::StreamPorts{options}, clock.now() + options.connect_timeout},
      clock,
      random};
  net::ReceiveBuffers buffers;
  while (!connect.over()) {
    const MonoTime next = connect.step(buffers, clock.now());
    if (!connect.over()) {
      const std::array<int, 1> fds{connect.fd()};
      os::wait_readable(fds, next == kNever ? Duration{0} : next - clock.now());
    }
  }
  return connect.take();
}

}  // namespace udperf::test
