#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

#include "net/device.hpp"
#include "net/egress_queue.hpp"
#include "net/socket_address.hpp"
#include "net/socket_options.hpp"
#include "net/udp_port.hpp"

namespace udperf::net {

bool set_option(int fd, int level, int name, int value) {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

std::uint32_t set_buffer(int fd, int plain, int force, std::uint32_t bytes) {
  const int wanted = static_cast<int>(std::min<std::uint32_t>(bytes, 1U << 30U));
  if (bytes != 0 && !set_option(fd, SOL_SOCKET, force, wanted)) {
    set_option(fd, SOL_SOCKET, plain, wanted);  // capped by the system's limit; read back below
  }
  int doubled = 0;
  socklen_t size = sizeof doubled;
  ::getsockopt(fd, SOL_SOCKET, plain, &doubled, &size);
  return static_cast<std::uint32_t>(doubled) / 2;  // the kernel doubles it for its own overhead
}

namespace {

/// A figure of /proc/net/snmp: a line of names and one of numbers, both behind `group`. 0 where it
/// is not there.
std::uint64_t read_snmp(const char* path, const std::string& group, const std::string& name) {
  std::ifstream file{path};
  std::string names;
  std::string numbers;
  while (std::getline(file, names) && names.compare(0, group.size(), group) != 0) {
  }
  std::getline(file, numbers);
  std::istringstream keys{names};
  std::istringstream values{numbers};
  std::string key;
  std::string value;
  while (keys >> key && values >> value) {
    if (key == name) {
      return std::strtoull(value.c_str(), nullptr, 10);
    }
  }
  return 0;
}

/// The same of /proc/net/snmp6: a name and a number a line.
std::uint64_t read_snmp6(const char* path, const std::string& name) {
  std::ifstream file{path};
  std::string key;
  std::uint64_t value = 0;
  while (file >> key >> value) {
    if (key == name) {
      return value;
    }
  }
  return 0;
}

void mark_outgoing(int fd, IpFamily family, const PortOptions& options) {
  if (family == IpFamily::v4) {
    set_option(fd, IPPROTO_IP, IP_TOS, options.tos);
    set_option(fd, IPPROTO_IP, IP_RECVTOS, 1);
    set_option(fd, IPPROTO_IP, IP_RECVTTL, 1);
    set_option(fd, IPPROTO_IP, IP_RECVFRAGSIZE, 1);
    set_option(fd, IPPROTO_IP, IP_RECVERR, 1);  // else a full queue drops in silence
    if (options.dont_fragment) {
      set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
    }
    return;
  }
  set_option(fd, IPPROTO_IPV6, IPV6_TCLASS, options.tos);
  set_option(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
  set_option(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
  set_option(fd, IPPROTO_IPV6, IPV6_RECVFRAGSIZE, 1);
  set_option(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
  if (options.dont_fragment) {
    set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
    set_option(fd, IPPROTO_IPV6, IPV6_DONTFRAG, 1);
  }
}

}  // namespace

Result<os::Fd> open_bound(const PortOptions& options) {
  const IpFamily family = options.remote.address.family;
  const int domain = family == IpFamily::v4 ? AF_INET : AF_INET6;
  os::Fd fd{::socket(domain, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!fd) {
    const int reason = errno;
    return system_error(reason, "create a UDP socket");
  }
  if (options.share_port) {
    set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  }
  if (auto bound = bind_to_device(fd.get(), options.device); !bound) {
    return tl::unexpected{bound.error()};
  }
  mark_outgoing(fd.get(), family, options);
  if (options.kernel_stamps) {
    set_option(fd.get(), SOL_SOCKET, SO_TIMESTAMPNS, 1);
  }
  set_option(fd.get(), SOL_SOCKET, SO_RXQ_OVFL, 1);
  if (options.bind || options.local_port != 0) {
    const Endpoint wanted{options.bind.value_or(IpAddress::any(family)), options.local_port};
    const SocketAddress address{wanted};
    if (::bind(fd.get(), address.raw(), address.size()) != 0) {
      const int reason = errno;
      return system_error(reason, "bind " + wanted.to_string());
    }
  }
  return fd;
}

Result<void> connect_to(int fd, const Endpoint& remote) {
  const SocketAddress address{remote};
  if (::connect(fd, address.raw(), address.size()) != 0) {
    const int reason = errno;
    return system_error(reason, "connect to " + remote.to_string());
  }
  return {};
}

Result<std::unique_ptr<UdpPort>> UdpPort::open(const PortOptions& options) {
  auto fd = open_bound(options);
  if (!fd) {
    return tl::unexpected{fd.error()};
  }
  if (auto connected = connect_to(fd->get(), options.remote); !connected) {
    return tl::unexpected{connected.error()};
  }
  return adopt(std::move(*fd), options);
}

std::unique_ptr<UdpPort> UdpPort::adopt(os::Fd connected, const PortOptions& options) {
  return std::unique_ptr<UdpPort>{new UdpPort{std::move(connected), options}};
}

UdpPort::UdpPort(os::Fd socket, const PortOptions& options)
    : socket_(std::move(socket)), remote_(options.remote), dont_fragment_(options.dont_fragment) {
  SocketAddress address;
  ::getsockname(fd(), address.raw(), address.size_out());
  local_ = address.endpoint();
  rcvbuf_ = set_buffer(fd(), SO_RCVBUF, SO_RCVBUFFORCE, options.buffer_bytes);
  sndbuf_ = set_buffer(fd(), SO_SNDBUF, SO_SNDBUFFORCE, options.buffer_bytes);
  probe_offload(options);
}

void UdpPort::probe_offload(const PortOptions& options) {
  if (options.gso) {
    // An option that cannot be set is the only sign of a kernel that would ignore it per message.
    gso_ =
        set_option(fd(), SOL_UDP, UDP_SEGMENT, 1200) && set_option(fd(), SOL_UDP, UDP_SEGMENT, 0);
  }
  if (options.gro) {
    gro_ = set_option(fd(), SOL_UDP, UDP_GRO, 1);
  }
  mtu_ = path_mtu().value_or(1500);
  checksum_errors_before_ = checksum_errors();
}

bool UdpPort::pace_in_kernel(std::uint64_t wire_bytes_per_second) {
  // Setting the option always succeeds; only fq looks at it.
  if (!leaves_through_fq(egress_device(local_.address, bound_device(fd())))) {
    return false;
  }
  // Every kernel reads 32 bits alike. More is read whole since Linux 4.20 on processors of 64 bits,
  // and elsewhere as the half that stands first: what it kept tells.
  constexpr std::uint32_t kNoLimit = UINT32_MAX;
  if (wire_bytes_per_second < kNoLimit) {
    return set_option(fd(), SOL_SOCKET, SO_MAX_PACING_RATE,
                      static_cast<int>(static_cast<std::uint32_t>(wire_bytes_per_second)));
  }
  std::uint64_t kept = wire_bytes_per_second;
  socklen_t size = sizeof kept;
  if (::setsockopt(fd(), SOL_SOCKET, SO_MAX_PACING_RATE, &kept, size) == 0 &&
      ::getsockopt(fd(), SOL_SOCKET, SO_MAX_PACING_RATE, &kept, &size) == 0 &&
      size == sizeof kept && kept == wire_bytes_per_second) {
    return true;
  }
  set_option(fd(), SOL_SOCKET, SO_MAX_PACING_RATE, static_cast<int>(kNoLimit));
  return false;
}

std::optional<std::uint64_t> UdpPort::queue_drops() {
  return egress_drops(egress_device(local_.address, bound_device(fd())));
}

std::uint64_t UdpPort::checksum_errors() const {
  const bool v4 = remote_.address.family == IpFamily::v4;
  const std::uint64_t now = v4 ? read_snmp("/proc/self/net/snmp", "Udp: ", "InCsumErrors")
                               : read_snmp6("/proc/self/net/snmp6", "Udp6InCsumErrors");
  return now - std::min(now, checksum_errors_before_);
}

void UdpPort::ignore_ttl() {
  const bool v4 = remote_.address.family == IpFamily::v4;
  set_option(fd(), v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_RECVTTL : IPV6_RECVHOPLIMIT, 0);
}

std::optional<std::uint32_t> UdpPort::path_mtu() const {
  const bool v4 = remote_.address.family == IpFamily::v4;
  int mtu = 0;
  socklen_t size = sizeof mtu;
  if (::getsockopt(fd(), v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_MTU : IPV6_MTU, &mtu, &size) !=
          0 ||
      mtu <= 0) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(mtu);
}

}  // namespace udperf::net
