#include "net/kernel_features.hpp"

#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include <array>
#include <ctime>
#include <fstream>

#include "net/socket_address.hpp"
#include "net/socket_options.hpp"
#include "os/fd.hpp"

namespace udperf::net {
namespace {

/// No kernel takes more in one send: a datagram of one byte each would not fit a 16 bit length.
constexpr std::size_t kMostSegments = 1024;

std::string kernel_release() {
  utsname names{};
  return ::uname(&names) == 0 ? std::string{names.sysname} + " " + names.release : "unknown";
}

os::Fd make_socket() {
  return os::Fd{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
}

/// A socket that sends to itself over the loopback interface.
bool connect_to_itself(int fd) {
  SocketAddress address{{IpAddress::loopback(IpFamily::v4), 0}};
  return ::bind(fd, address.raw(), address.size()) == 0 &&
         ::getsockname(fd, address.raw(), address.size_out()) == 0 &&
         ::connect(fd, address.raw(), address.size()) == 0;
}

/// Doubles the segments of one byte each until the kernel refuses: the limits have been powers of
/// two since there are any (UDP_MAX_SEGMENTS, 64 before Linux 6.9 and 128 since).
std::optional<std::uint32_t> find_max_segments() {
  const os::Fd fd = make_socket();
  if (!fd || !connect_to_itself(fd.get()) || !set_option(fd.get(), SOL_UDP, UDP_SEGMENT, 1)) {
    return std::nullopt;
  }
  const std::array<char, kMostSegments> bytes{};
  std::optional<std::uint32_t> most;
  for (std::size_t count = 1; count <= bytes.size(); count *= 2) {
    if (::send(fd.get(), bytes.data(), count, 0) != static_cast<ssize_t>(count)) {
      break;
    }
    most = static_cast<std::uint32_t>(count);
  }
  return most;
}

bool takes_transmit_time(int fd) {
  sock_txtime setting{};
  setting.clockid = CLOCK_MONOTONIC;
  return ::setsockopt(fd, SOL_SOCKET, SO_TXTIME, &setting, sizeof setting) == 0;
}

}  // namespace

KernelFeatures find_kernel_features() {
  KernelFeatures features;
  features.release = kernel_release();
  std::ifstream{"/proc/sys/net/core/default_qdisc"} >> features.default_queue;
  const os::Fd fd = make_socket();
  if (!fd) {
    return features;
  }
  constexpr int kStamps =
      SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_TX_SOFTWARE;
  constexpr int kAnyRate = 1'000'000;
  features.segmentation = set_option(fd.get(), SOL_UDP, UDP_SEGMENT, 1200);
  features.max_segments = find_max_segments();
  features.receive_offload = set_option(fd.get(), SOL_UDP, UDP_GRO, 1);
  features.transmit_time = takes_transmit_time(fd.get());
  features.pacing_rate = set_option(fd.get(), SOL_SOCKET, SO_MAX_PACING_RATE, kAnyRate);
  features.arrival_times = set_option(fd.get(), SOL_SOCKET, SO_TIMESTAMPNS, 1);
  features.timestamping = set_option(fd.get(), SOL_SOCKET, SO_TIMESTAMPING, kStamps);
  features.drop_counter = set_option(fd.get(), SOL_SOCKET, SO_RXQ_OVFL, 1);
  return features;
}

}  // namespace udperf::net
