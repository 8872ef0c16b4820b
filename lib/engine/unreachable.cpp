#include "engine/unreachable.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

namespace udperf::engine {

Error unreachable_from_here(Error error) {
  constexpr std::array kNoWay{ENETUNREACH, EHOSTUNREACH, ENETDOWN, ENODEV, EACCES, EINVAL};
  const bool no_way = std::find(kNoWay.begin(), kNoWay.end(), error.os_error) != kNoWay.end();
  if (no_way && error.what.rfind("connect", 0) == 0) {
    error.code = ErrorCode::unreachable;
    if (error.os_error == EACCES) {
      error.what += " (a broadcast address, or a route that prohibits it)";
    }
  }
  return error;
}

std::string unreachable_text(net::Unreachable said) {
  switch (said) {
    case net::Unreachable::none:
      break;
    case net::Unreachable::net:
      return "there is no route to it (network unreachable)";
    case net::Unreachable::host:
      return "the host is unreachable: it does not answer on its network";
    case net::Unreachable::prohibited:
      return "a filter on the way, or of this host, forbids it (communication prohibited)";
    case net::Unreachable::protocol:
      return "the host does not speak UDP (protocol unreachable)";
  }
  return {};
}

}  // namespace udperf::engine
