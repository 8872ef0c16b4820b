#pragma once

#include "app/cli.hpp"

namespace udperf::app {

/// Does what was asked for and returns the exit status. Results go to stdout, all else to stderr.
[[nodiscard]] int run(const Invocation& invocation);

// The commands, each in the file commands/<name>.cpp; run() picks by type.
[[nodiscard]] int run_command(const ClientCommand& command);
[[nodiscard]] int run_command(const ServerCommand& command);
[[nodiscard]] int run_command(const LoopbackCommand& command);
[[nodiscard]] int run_command(const KeygenCommand& command);
[[nodiscard]] int run_command(const ReportCommand& command);
[[nodiscard]] int run_command(const Iperf3Command& command);
[[nodiscard]] int run_command(const CompareCommand& command);
[[nodiscard]] int run_command(const ProfilesCommand& command);
[[nodiscard]] int run_command(const MonitorCommand& command);
[[nodiscard]] int run_command(const HelpRequest& request);
[[nodiscard]] int run_command(const VersionRequest& request);
[[nodiscard]] int run_command(const UsageError& problem);

}  // namespace udperf::app
