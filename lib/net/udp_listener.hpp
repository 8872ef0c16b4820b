#pragma once

#include <memory>

#include "net/datagram_port.hpp"
#include "os/fd.hpp"

namespace udperf::net {

/// The server's socket on its one port: takes datagrams from anyone and answers each from the
/// address that was asked (IP_PKTINFO, IPV6_PKTINFO), so that hosts with several addresses work.
class UdpListener final : public ListenPort {
 public:
  /// Without `bind`: every address, IPv6 and IPv4 on one socket (IPv4 alone where there is no
  /// IPv6). With `device`: only through that network interface. Fails when another program listens
  /// on the port. `one_family`: every address of IPv6, as `bind`, is none of IPv4.
  [[nodiscard]] static Result<std::unique_ptr<UdpListener>> open(
      const std::optional<IpAddress>& bind, std::uint16_t port,
      std::uint32_t buffer = kHandshakeBuffer, const std::string& device = {},
      bool one_family = false);

  /// Payload bytes to ask of the socket's buffer where it takes handshakes only.
  static constexpr std::uint32_t kHandshakeBuffer = 4U << 20U;

  UdpListener(const UdpListener&) = delete;
  UdpListener& operator=(const UdpListener&) = delete;
  ~UdpListener() override;

  std::span<const Datagram> receive() override;
  void send(const Datagram& datagram) override;
  [[nodiscard]] Endpoint local() const override { return local_; }
  [[nodiscard]] int fd() const override { return socket_.get(); }
  [[nodiscard]] Result<std::unique_ptr<DatagramPort>> open_session(
      const PortOptions& options, std::vector<Datagram>& strays) override;

 private:
  UdpListener(os::Fd socket, Endpoint local);

  [[nodiscard]] static Result<std::unique_ptr<UdpListener>> open_at(const Endpoint& local,
                                                                    std::uint32_t buffer,
                                                                    const std::string& device,
                                                                    bool one_family);

  /// Where datagrams are read into, many at a time: used again and again, as there may be a flood.
  class Inbox;

  os::Fd socket_;
  Endpoint local_;
  std::unique_ptr<Inbox> inbox_;
};

}  // namespace udperf::net
