#include "support/relay_sockets.hpp"

#include <linux/sock_diag.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>

namespace udperf::test {
namespace {

// Asked of every socket of the relay: a second and a half of a full-size flood at 500 Mb/s, with
// the kernel's overhead per buffer. Without CAP_NET_ADMIN the system's limit applies.
constexpr int kReceiveBuffer = 64 << 20;

}  // namespace

Result<os::Fd> make_relay_socket(const Endpoint& local) {
  const int family = local.address.family == IpFamily::v4 ? AF_INET : AF_INET6;
  os::Fd fd{::socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!fd) {
    return system_error(errno, "relay: socket");
  }
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  const int bytes = kReceiveBuffer;
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0) {
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  }
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  const net::SocketAddress address{local};
  if (::bind(fd.get(), address.raw(), address.size()) != 0) {
    return system_error(errno, "relay: bind " + local.to_string());
  }
  return fd;
}

Endpoint local_endpoint(const os::Fd& fd) {
  net::SocketAddress address;
  ::getsockname(fd.get(), address.raw(), address.size_out());
  return address.endpoint();
}

std::uint64_t kernel_drops(const os::Fd& fd) {
  std::array<std::uint32_t, SK_MEMINFO_VARS> info{};
  socklen_t size = sizeof info;
  if (::getsockopt(fd.get(), SOL_SOCKET, SO_MEMINFO, info.data(), &size) != 0) {
    return 0;
  }
  return info[SK_MEMINFO_DROPS];
}

RelayBatch::RelayBatch() : bytes_(kBatch * kMaxDatagram) {
  for (unsigned i = 0; i < kBatch; ++i) {
    parts_[i] = {bytes_.data() + i * kMaxDatagram, kMaxDatagram};
    messages_[i].msg_hdr.msg_iov = &parts_[i];
    messages_[i].msg_hdr.msg_iovlen = 1;
  }
}

unsigned RelayBatch::receive(const os::Fd& fd) {
  for (unsigned i = 0; i < kBatch; ++i) {
    messages_[i].msg_hdr.msg_name = from_[i].raw();
    messages_[i].msg_hdr.msg_namelen = *from_[i].size_out();
    messages_[i].msg_hdr.msg_control = control_[i].data();
    messages_[i].msg_hdr.msg_controllen = control_[i].size();
  }
  const int got = ::recvmmsg(fd.get(), messages_.data(), kBatch, MSG_DONTWAIT, nullptr);
  return got < 0 ? 0 : static_cast<unsigned>(got);
}

Duration RelayBatch::arrived(unsigned i) const {
  const auto read = [](clockid_t id) {
    timespec time{};
    ::clock_gettime(id, &time);
    return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
  };
  // Both clocks at one moment: again where the thread stood still between them.
  constexpr int kTries = 10;
  constexpr Duration kMoment = std::chrono::microseconds{5};
  Duration ahead{0};
  for (int tries = 0; tries < kTries; ++tries) {
    const Duration before = read(CLOCK_MONOTONIC);
    ahead = read(CLOCK_REALTIME) - before;
    if (read(CLOCK_MONOTONIC) - before < kMoment) {
      break;
    }
  }
  const cmsghdr* const header = CMSG_FIRSTHDR(&messages_[i].msg_hdr);
  if (header == nullptr || header->cmsg_type != SCM_TIMESTAMPNS) {
    return read(CLOCK_MONOTONIC);
  }
  timespec stamp{};
  std::memcpy(&stamp, CMSG_DATA(header), sizeof stamp);
  return std::chrono::seconds{stamp.tv_sec} + std::chrono::nanoseconds{stamp.tv_nsec} - ahead;
}

}  // namespace udperf::test
