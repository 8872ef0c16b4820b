#include "engine/port_options.hpp"

#include "net/udp_port.hpp"

namespace udperf::engine {

Result<std::unique_ptr<net::DatagramPort>> open_system_port(const net::PortOptions& options) {
  return net::UdpPort::open(options);
}

net::PortOptions port_options(const TestParams& params) {
  net::PortOptions out;
  out.gso = params.gso != OffloadMode::off;
  out.gro = params.gro != OffloadMode::off;
  out.tos = static_cast<std::uint8_t>((params.dscp << 2U) | params.ecn);
  out.dont_fragment = params.df == DontFragment::on;
  return out;
}

net::PortOptions client_port_options(const ClientOptions& options, const Endpoint& server,
                                     std::uint16_t local_port) {
  net::PortOptions out = port_options(options.params);
  out.bind = options.bind;
  out.device = options.bind_device;
  out.local_port = local_port;
  out.remote = server;
  out.buffer_bytes = options.buffer.value_or(kDefaultBuffer);
  return out;
}

}  // namespace udperf::engine
