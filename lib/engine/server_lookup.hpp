#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "clock/clock.hpp"
#include "engine/client_run.hpp"

namespace udperf::engine {

/// Whose addresses are wanted.
struct NameQuestion {
  std::string host;
  std::uint16_t port = 0;
  std::optional<IpFamily> family;  ///< absent: either
  Duration patience{0};            ///< what the deadline left, for the error's words
};
/// Best first. A name is looked up until `deadline` or a stop, however long the resolver may take.
[[nodiscard]] Result<std::vector<Endpoint>> look_up(const NameQuestion& question,
                                                    const Clock& clock, const StopToken& stop,
                                                    MonoTime deadline);

/// The addresses of the server's host, best first, of the family that --bind and -4/-6 ask for. A
/// name is looked up until `deadline` or a stop, however long the resolver may take.
[[nodiscard]] Result<std::vector<Endpoint>> look_up_server(const ClientOptions& options,
                                                           const Clock& clock,
                                                           const StopToken& stop,
                                                           MonoTime deadline);

[[nodiscard]] Error interrupted_before_start();

}  // namespace udperf::engine
