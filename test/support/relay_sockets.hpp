#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/endpoint.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "net/socket_address.hpp"
#include "os/fd.hpp"

namespace udperf::test {

/// A UDP socket with large buffers whose datagrams the kernel stamps.
[[nodiscard]] Result<os::Fd> make_relay_socket(const Endpoint& local);
[[nodiscard]] Endpoint local_endpoint(const os::Fd& fd);
/// Datagrams that the kernel dropped at this socket since it was opened.
[[nodiscard]] std::uint64_t kernel_drops(const os::Fd& fd);

/// Buffers for recvmmsg(), filled again and again.
class RelayBatch {
 public:
  RelayBatch();

  /// How many arrived; 0 when there is nothing to read.
  unsigned receive(const os::Fd& fd);
  [[nodiscard]] std::span<const std::byte> datagram(unsigned i) const {
    return {bytes_.data() + i * kMaxDatagram, messages_[i].msg_len};
  }
  /// When the kernel got it, on the monotonic clock.
  [[nodiscard]] Duration arrived(unsigned i) const;
  [[nodiscard]] Endpoint from(unsigned i) const { return from_[i].endpoint(); }

 private:
  static constexpr std::size_t kMaxDatagram = 65536;
  static constexpr unsigned kBatch = 32;

  std::vector<std::byte> bytes_;
  std::array<iovec, kBatch> parts_{};
  std::array<mmsghdr, kBatch> messages_{};
  std::array<net::SocketAddress, kBatch> from_;
  struct alignas(cmsghdr) Control : std::array<std::byte, 64> {};
  std::array<Control, kBatch> control_{};
};

}  // namespace udperf::test
