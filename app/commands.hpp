#pragma once

#include "app/cli.hpp"

namespace udperf::app {

/// Does what was asked for and returns the exit status. Results go to stdout, all else to stderr.
[[nodiscard]] int run(const Invocation& invocation);

// The commands, each in the file commands_<name>.cpp.
[[nodiscard]] int run_client_command(const ClientCommand& command);
[[nodiscard]] int run_server_command(const ServerCommand& command);
[[nodiscard]] int run_loopback_command(const LoopbackCommand& command);
[[nodiscard]] int run_keygen_command(const KeygenCommand& command);
[[nodiscard]] int run_report_command(const ReportCommand& command);

}  // namespace udperf::app
