#include "net/resolver.hpp"

#include <netdb.h>
#ifdef UDPERF_STATIC
#include <nss.h>
#endif
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <thread>
#include <utility>

#include "net/socket_address.hpp"
#include "os/fd.hpp"

namespace udperf::net {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

/// A static program has /etc/hosts and DNS in itself. What else nsswitch.conf may name are
/// libraries of the system's own libc, which is another one than the program's and must not be
/// loaded into it.
void choose_name_services() {
#ifdef UDPERF_STATIC
  static std::once_flag once;
  std::call_once(once, [] { static_cast<void>(::__nss_configure_lookup("hosts", "files dns")); });
#endif
}

/// Of an address with an interface the system says that it is no name.
std::string why_not(const std::string& host, int failure) {
  const auto address = parse_ip_address(host);
  const bool scoped = host.find(':') < host.find('%') && host.find('%') != std::string::npos;
  return scoped && !address ? address.error().what : ::gai_strerror(failure);
}

tl::unexpected<Error> cannot_resolve(const std::string& host, const std::string& why) {
  return tl::unexpected{
      Error{ErrorCode::unreachable, "cannot resolve " + host + ": " + why, 0, "resolve"}};
}

}  // namespace

Result<std::vector<Endpoint>> resolve(const std::string& host, std::uint16_t port,
                                      std::optional<IpFamily> family) {
  choose_name_services();
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_family = AF_UNSPEC;
  if (family) {
    hints.ai_family = *family == IpFamily::v4 ? AF_INET : AF_INET6;
  }
  addrinfo* raw = nullptr;
  const int failure = ::getaddrinfo(host.c_str(), nullptr, &hints, &raw);
  if (failure != 0) {
    return cannot_resolve(host, why_not(host, failure));
  }
  const std::unique_ptr<addrinfo, FreeAddresses> list{raw};
  std::vector<Endpoint> endpoints;
  for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
    SocketAddress address;
    if (entry->ai_addrlen > *address.size_out()) {
      continue;
    }
    std::memcpy(address.raw(), entry->ai_addr, entry->ai_addrlen);
    Endpoint endpoint = address.endpoint();
    endpoint.port = port;
    if (std::find(endpoints.begin(), endpoints.end(), endpoint) == endpoints.end()) {
      endpoints.push_back(endpoint);
    }
  }
  if (endpoints.empty()) {
    return cannot_resolve(host, "no IPv4 or IPv6 address");
  }
  return endpoints;
}

bool is_numeric_host(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_NUMERICHOST;
  addrinfo* raw = nullptr;
  const int failure = ::getaddrinfo(host.c_str(), nullptr, &hints, &raw);
  const std::unique_ptr<addrinfo, FreeAddresses> list{failure == 0 ? raw : nullptr};
  return failure == 0;
}

struct Lookup::Work {
  std::string host;
  std::uint16_t port;
  std::optional<IpFamily> family;
  os::Fd event{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
  std::optional<Answer> answer = std::nullopt;
  std::atomic<bool> answered{false};
  std::atomic<bool> one_has_left{false};

  /// On a thread of its own.
  void run() noexcept {
    try {
      tell(resolve(host, port, family));
    } catch (const std::bad_alloc&) {
      tell(tl::unexpected<Error>{Error{ErrorCode::system, {}, ENOMEM, {}}});
    }
  }

  /// Leaves it, too.
  void tell(Answer told) {
    answer = std::move(told);
    answered.store(true, std::memory_order_release);
    const std::uint64_t one = 1;
    static_cast<void>(!::write(event.get(), &one, sizeof one));
    leave(this);
  }

  static void leave(Work* work) {
    if (work->one_has_left.exchange(true)) {
      delete work;
    }
  }
};

Lookup::Lookup(std::string host, std::uint16_t port, std::optional<IpFamily> family)
    : work_(new Work{std::move(host), port, family}) {
  if (!work_->event) {  // nobody could be told that the answer is there
    work_->tell(system_error(errno, "look up " + work_->host));
    return;
  }
  try {
    std::thread{[work = work_] { work->run(); }}.detach();
  } catch (const std::system_error& problem) {  // no thread to be had
    work_->tell(system_error(problem.code().value(), "look up " + work_->host));
  }
}

Lookup::~Lookup() {
  Work::leave(work_);
}

int Lookup::fd() const {
  return work_->event.get();
}

std::optional<Lookup::Answer> Lookup::take() {
  if (!work_->answered.load(std::memory_order_acquire)) {
    return std::nullopt;
  }
  return std::exchange(work_->answer, std::nullopt);
}

}  // namespace udperf::net
