#pragma once

#include "app/iperf3/command.hpp"
#include "app/output/files.hpp"
#include "base/result.hpp"
#include "engine/stop_token.hpp"

namespace udperf::app {

/// Where tests are printed. A client waits for who reads that, until a stop, a server for nobody.
[[nodiscard]] inline Result<OutputFile> open_iperf3_output(const Iperf3Command& command,
                                                           const engine::StopToken& stop) {
  using Mode = OutputFile::Mode;
  const bool server = command.role == Iperf3Command::Role::server;
  return OutputFile::open(command.log.file, "--logfile", server ? Mode::unhurried : Mode::append,
                          server ? nullptr : &stop);
}

}  // namespace udperf::app
