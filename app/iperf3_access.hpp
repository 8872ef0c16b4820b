#pragma once

#include <functional>
#include <optional>
#include <string>

#include "app/iperf3_command.hpp"
#include "base/result.hpp"

namespace udperf::app {

/// Makes what names the user at the server: `null` where no user was named. Reads the public key,
/// and the password: IPERF3_PASSWORD, else asked for at the terminal.
[[nodiscard]] Result<std::function<Result<std::string>()>> make_token_source(
    const Iperf3Command& command);

/// Decides by its token whether a client is served; `null` where everybody is. Reads the private
/// key now, and the file of users for each client, so that it can be changed.
[[nodiscard]] Result<std::function<Result<std::string>(const std::optional<std::string>&)>>
make_gate(const Iperf3Command& command);

}  // namespace udperf::app
