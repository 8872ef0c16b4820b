#include "model/own_network.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

namespace udperf {
namespace {

/// The reason for which datagrams of this stream were refused; 0 where none of these was one.
int away_in(const StreamOutcome& stream) {
  if (!stream.tx || !stream.tx->time) {
    return 0;
  }
  const auto& pauses = stream.tx->time->pauses;
  const auto away = std::find_if(pauses.begin(), pauses.end(), [](const SendPause& pause) {
    return pause.refused > 0 && is_own_network(static_cast<int>(pause.os_error));
  });
  return away != pauses.end() ? static_cast<int>(away->os_error) : 0;
}

}  // namespace

bool is_own_network(int os_error) {
  // EINVAL is what Linux says of a socket whose own address is gone.
  constexpr std::array kAway{ENETUNREACH, ENETDOWN, ENODEV, ENONET, EADDRNOTAVAIL, EINVAL};
  return std::find(kAway.begin(), kAway.end(), os_error) != kAway.end();
}

Error own_network_error(int os_error) {
  return Error{ErrorCode::system, "this host had no network, or not the address it began with",
               os_error, "transfer"};
}

Error stood_still_error(bool slept) {
  return Error{ErrorCode::system, slept ? "this host slept" : "this process stood still", 0,
               "schedule"};
}

std::optional<Error> away_from_network(const TestOutcome& outcome) {
  if (is_own_network(outcome.control_refused)) {
    return own_network_error(outcome.control_refused);
  }
  if (outcome.up) {
    for (const StreamOutcome& stream : outcome.up->streams) {
      if (const int os_error = away_in(stream); os_error != 0) {
        return own_network_error(os_error);
      }
    }
  }
  return std::nullopt;
}

}  // namespace udperf
