#include "net/tcp.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "net/device.hpp"
#include "net/socket_address.hpp"
#include "net/socket_options.hpp"

namespace udperf::net {
namespace {

constexpr int kBacklog = 128;
constexpr std::size_t kReadBytes = 16'384;
constexpr int kReadsPerCall = 4;
// The kernel asks a silent peer once a second; silence() tells how long ago it answered.
constexpr int kAskSeconds = 1;
constexpr int kUnanswered = 20;

void prepare(int fd) {
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, kAskSeconds);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, kAskSeconds);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, kUnanswered);
}

Endpoint local_of(int fd) {
  SocketAddress address;
  ::getsockname(fd, address.raw(), address.size_out());
  return address.endpoint();
}

std::optional<tcp_info> read_info(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) {
    return std::nullopt;
  }
  return info;
}

bool would_block(int os_error) {
  return os_error == EAGAIN || os_error == EINTR;
}

}  // namespace

Result<std::unique_ptr<TcpConnection>> TcpConnection::open(const Options& options) {
  const bool v4 = options.remote.address.family == IpFamily::v4;
  os::Fd fd{::socket(v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!fd) {
    const int reason = errno;
    return system_error(reason, "create a TCP socket");
  }
  if (auto bound = bind_to_device(fd.get(), options.device); !bound) {
    return tl::unexpected{bound.error()};
  }
  if (options.bind) {
    const SocketAddress address{Endpoint{*options.bind, 0}};
    if (::bind(fd.get(), address.raw(), address.size()) != 0) {
      const int reason = errno;
      return system_error(reason, "bind " + options.bind->to_string());
    }
  }
  const SocketAddress remote{options.remote};
  const int done = ::connect(fd.get(), remote.raw(), remote.size());
  if (done != 0 && errno != EINPROGRESS) {
    const int reason = errno;
    auto error = system_error(reason, "connect to " + options.remote.to_string());
    error.value().code = ErrorCode::unreachable;
    error.value().phase = "connect";
    return error;
  }
  const int raw = fd.get();
  auto connection = std::make_unique<TcpConnection>(std::move(fd), local_of(raw), options.remote);
  connection->connected_ = done == 0;
  return connection;
}

TcpConnection::TcpConnection(os::Fd accepted, const Endpoint& local, const Endpoint& remote)
    : socket_(std::move(accepted)), local_(local), remote_(remote), connected_(true) {
  prepare(fd());
}

TcpConnection::Connecting TcpConnection::connecting() {
  if (connected_) {
    return Connecting::done;
  }
  pollfd waiting{fd(), POLLOUT, 0};
  if (::poll(&waiting, 1, 0) <= 0) {
    return Connecting::underway;
  }
  int reason = 0;
  socklen_t size = sizeof reason;
  ::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &reason, &size);
  if (reason != 0) {
    fail(reason, "connect to ");
    return Connecting::failed;
  }
  connected_ = true;
  local_ = local_of(fd());
  return Connecting::done;
}

void TcpConnection::fail(int os_error, const char* what) {
  closed_ = true;
  forget_sent(unsent_.size());
  if (!error_) {
    error_ = Error{ErrorCode::unreachable, what + remote_.to_string(), os_error, "connect"};
  }
}

void TcpConnection::receive(std::vector<std::byte>& out) {
  std::array<std::byte, kReadBytes> bytes;
  for (int i = 0; i < kReadsPerCall && !closed_; ++i) {
    const ssize_t length = ::recv(fd(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (length > 0) {
      out.insert(out.end(), bytes.begin(), bytes.begin() + length);
    } else if (length == 0) {
      closed_ = true;
    } else if (would_block(errno)) {
      return;
    } else {
      fail(errno, "receive from ");
    }
  }
}

void TcpConnection::send(std::span<const std::byte> bytes) {
  if (!closed_ && !finish_) {
    unsent_.insert(unsent_.end(), bytes.begin(), bytes.end());
    flush();
  }
}

void TcpConnection::flush() {
  while (wants_to_write()) {
    const ssize_t sent =
        ::send(fd(), unsent_.data() + sent_, unsent_.size() - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
      if (!would_block(errno)) {
        fail(errno, "send to ");
      }
      return;
    }
    forget_sent(sent_ + static_cast<std::size_t>(sent));
  }
  if (finish_) {
    ::shutdown(fd(), SHUT_WR);
  }
}

/// The first `count` bytes are not needed any more; they go when most of them have gone, and not
/// each time: what is left is moved then.
void TcpConnection::forget_sent(std::size_t count) {
  sent_ = count;
  if (sent_ >= unsent_.size() - sent_) {
    unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<std::ptrdiff_t>(sent_));
    sent_ = 0;
  }
}

void TcpConnection::finish_sending() {
  if (!finish_) {
    finish_ = true;
    flush();
  }
}

std::optional<Duration> TcpConnection::silence() const {
  const auto info = read_info(fd());
  return info ? std::optional<Duration>{std::chrono::milliseconds{
                    std::min(info->tcpi_last_ack_recv, info->tcpi_last_data_recv)}}
              : std::nullopt;
}

std::optional<Duration> TcpConnection::round_trip() const {
  const auto info = read_info(fd());
  return info && info->tcpi_rtt != 0
             ? std::optional<Duration>{std::chrono::microseconds{info->tcpi_rtt}}
             : std::nullopt;
}

std::optional<std::uint32_t> TcpConnection::segment_bytes() const {
  int bytes = 0;
  socklen_t size = sizeof bytes;
  if (::getsockopt(fd(), IPPROTO_TCP, TCP_MAXSEG, &bytes, &size) != 0 || bytes <= 0) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(bytes);
}

Result<std::unique_ptr<TcpListener>> TcpListener::open(const std::optional<IpAddress>& bind,
                                                       std::uint16_t port,
                                                       const std::string& device, bool one_family) {
  if (bind) {
    return open_at(Endpoint{*bind, port}, device, one_family);
  }
  auto both = open_at(Endpoint{IpAddress::any(IpFamily::v6), port}, device, false);
  if (both || both.error().os_error == EADDRINUSE || both.error().os_error == EACCES) {
    return both;
  }
  return open_at(Endpoint{IpAddress::any(IpFamily::v4), port}, device, true);
}

Result<std::unique_ptr<TcpListener>> TcpListener::open_at(const Endpoint& local,
                                                          const std::string& device,
                                                          bool one_family) {
  const bool v4 = local.address.family == IpFamily::v4;
  os::Fd fd{::socket(v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!fd) {
    const int reason = errno;
    return system_error(reason, "create a TCP socket");
  }
  if (!v4) {
    set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, local.address.is_any() && !one_family ? 0 : 1);
  }
  // Connections of a server before this one may still be closing.
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (auto bound = bind_to_device(fd.get(), device); !bound) {
    return tl::unexpected{bound.error()};
  }
  const SocketAddress address{local};
  if (::bind(fd.get(), address.raw(), address.size()) != 0 || ::listen(fd.get(), kBacklog) != 0) {
    const int reason = errno;
    return system_error(reason, "listen on TCP " + local.to_string());
  }
  Endpoint actual = local_of(fd.get());
  actual.address = local.address;
  return std::unique_ptr<TcpListener>{new TcpListener{std::move(fd), actual}};
}

std::unique_ptr<TcpConnection> TcpListener::accept() {
  SocketAddress from;
  const int raw = ::accept4(fd(), from.raw(), from.size_out(), SOCK_NONBLOCK | SOCK_CLOEXEC);
  exhausted_ =
      raw < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM);
  if (raw < 0) {
    return nullptr;
  }
  os::Fd connected{raw};
  return std::make_unique<TcpConnection>(std::move(connected), local_of(raw), from.endpoint());
}

PollSet::PollSet() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

void PollSet::add(int fd) const {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
}

void PollSet::want_write(int fd, bool on) const {
  epoll_event event{};
  event.events = EPOLLIN | (on ? static_cast<std::uint32_t>(EPOLLOUT) : 0U);
  event.data.fd = fd;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void PollSet::remove(int fd) const {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

}  // namespace udperf::net
