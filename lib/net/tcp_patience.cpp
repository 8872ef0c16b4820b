#include "net/tcp_patience.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace udperf::net {
namespace {

bool set(int fd, int option, std::int64_t value) {
  const int number = static_cast<int>(std::min<std::int64_t>(value, INT32_MAX));
  return value == 0 || ::setsockopt(fd, IPPROTO_TCP, option, &number, sizeof number) == 0;
}

}  // namespace

Result<void> apply(const TcpPatience& wanted, int fd) {
  bool good = set(fd, TCP_USER_TIMEOUT, wanted.unanswered / std::chrono::milliseconds{1});
  if (wanted.keep_alive) {
    good = good && set(fd, TCP_KEEPIDLE, wanted.keep_alive->idle_s) &&
           set(fd, TCP_KEEPINTVL, wanted.keep_alive->interval_s) &&
           set(fd, TCP_KEEPCNT, wanted.keep_alive->count);
  }
  if (!good) {
    const int reason = errno;
    return system_error(reason, "set the control connection's timeouts");
  }
  return {};
}

}  // namespace udperf::net
