#pragma once

#include <sys/socket.h>

#include <atomic>
#include <memory>

#include "net/datagram_port.hpp"
#include "os/fd.hpp"

namespace udperf::net {

struct ReadTime;

/// A connected UDP socket with the fastest means that the kernel offers: UDP_SEGMENT, sendmmsg or
/// send one way, UDP_GRO or recvmmsg the other; what fails is turned off and remembered.
class UdpPort final : public DatagramPort {
 public:
  [[nodiscard]] static Result<std::unique_ptr<UdpPort>> open(const PortOptions& options);

  SendOutcome send(std::span<const std::byte> data, std::uint32_t segment) override;
  SendOutcome send_control(std::span<const std::byte> datagram) override;
  SendOutcome send_whole(std::span<const std::byte> datagram) override;
  std::optional<std::uint32_t> take_mtu_hint() override;
  std::span<const Received> receive(ReceiveBuffers& buffers) override;
  std::optional<ReceiveQueue> receive_queue() override;
  [[nodiscard]] std::uint64_t checksum_errors() const override;
  [[nodiscard]] PathSigns path_signs() const override { return signs_; }
  void ignore_ttl() override;
  bool take_refused() override { return refused_.exchange(false); }
  std::optional<std::uint64_t> queue_drops() override;
  Unreachable take_unreachable() override { return unreachable_.exchange(Unreachable::none); }
  bool pace_in_kernel(std::uint64_t wire_bytes_per_second) override;
  [[nodiscard]] std::uint32_t batch_limit(std::uint32_t segment) const override;
  [[nodiscard]] std::uint32_t receive_buffer_bytes() const override { return rcvbuf_; }
  [[nodiscard]] std::uint32_t send_buffer_bytes() const override { return sndbuf_; }
  [[nodiscard]] bool gso_active() const override { return gso_; }
  void disable_gso() override { gso_ = false; }
  [[nodiscard]] bool gro_active() const override { return gro_; }
  [[nodiscard]] Endpoint local() const override { return local_; }
  [[nodiscard]] Endpoint remote() const override { return remote_; }
  [[nodiscard]] std::optional<std::uint32_t> path_mtu() const override;
  [[nodiscard]] int fd() const override { return socket_.get(); }

  /// Takes over a socket that is connected already.
  [[nodiscard]] static std::unique_ptr<UdpPort> adopt(os::Fd connected, const PortOptions& options);

 private:
  UdpPort(os::Fd socket, const PortOptions& options);

  void probe_offload(const PortOptions& options);
  SendOutcome send_gso(std::span<const std::byte> data, std::uint32_t segment, std::uint32_t n);
  SendOutcome send_many(std::span<const std::byte> data, std::uint32_t segment, std::uint32_t n);
  [[nodiscard]] bool has_room() const;
  /// Whether datagrams of so much payload leave unfragmented, as far as the route tells.
  [[nodiscard]] bool fits_path(std::uint32_t payload) const {
    return payload + ip_udp_header_bytes(remote_.address.family) <= mtu_;
  }
  SendOutcome send_singly(std::span<const std::byte> data, std::uint32_t segment, std::uint32_t n);
  SendOutcome send_one(std::span<const std::byte> datagram);
  SendOutcome error_outcome(int os_error, std::uint32_t lost);
  template <typename Call>
  auto tried_twice(const Call& call) -> decltype(call());
  bool set_segment(std::uint32_t segment);
  void note_error(int os_error);
  void note_denial(int os_error);
  void read_control(const msghdr& message, std::span<const std::byte> data, const ReadTime& time,
                    Received& out);
  void read_ip_control(const cmsghdr* header, Received& out);
  void read_one_control(const cmsghdr* header, const ReadTime& time, Received& out);
  void drain_errors();
  std::span<const Received> receive_merged(ReceiveBuffers& buffers);
  std::span<const Received> receive_many(ReceiveBuffers& buffers);

  os::Fd socket_;
  Endpoint local_;
  Endpoint remote_;
  std::uint32_t rcvbuf_ = 0;
  std::uint32_t sndbuf_ = 0;
  bool gro_ = false;
  std::atomic<bool> gso_{false};
  std::atomic<std::uint32_t> segment_{0};  ///< value of the socket's UDP_SEGMENT option now
  std::uint32_t max_segments_ = 128;
  std::uint32_t mtu_ = 1500;
  std::atomic<bool> refused_{false};
  std::atomic<Unreachable> unreachable_{Unreachable::none};
  std::atomic<std::uint32_t> mtu_hint_{0};  ///< IP packet size that an error spoke of; 0 = none
  bool dont_fragment_ = false;
  bool refuses_some_ = false;  ///< this host, of the datagrams of a batch; of the sending thread
  std::uint64_t checksum_errors_before_ = 0;
  PathSigns signs_;  ///< of the receiving thread
};

}  // namespace udperf::net
