#include "app/commands.hpp"

#include <cstdio>
#include <string>

#include "app/exit_code.hpp"
#include "app/files.hpp"
#include "app/option_table.hpp"
#include "app/test_command.hpp"
#include "app/version.hpp"
#include "crypto/crypto.hpp"

namespace udperf::app {
namespace {

int print(const std::string& text) {
  const auto out = OutputFile::open(std::nullopt, "stdout");
  return out && out->write(text) ? exit_ok : exit_internal;
}

/// Runs whichever alternative an Invocation holds.
struct Runner {
  int operator()(const ClientCommand& command) const { return run_client_command(command); }
  int operator()(const ServerCommand& command) const { return run_server_command(command); }
  int operator()(const LoopbackCommand& command) const { return run_loopback_command(command); }
  int operator()(const KeygenCommand& command) const { return run_keygen_command(command); }
  int operator()(const ReportCommand& command) const { return run_report_command(command); }
  int operator()(const HelpRequest& request) const {
    return print(request.command ? command_help(*request.command) : short_help());
  }
  int operator()(const VersionRequest&) const { return print(version_text()); }
  int operator()(const UsageError& problem) const {
    ClientCommand command;  // of all that was asked for, only the format is known
    command.output.format = problem.format;
    return report_failure(Error{ErrorCode::usage, problem.message, 0, {}}, command);
  }
};

}  // namespace

int run(const Invocation& invocation) {
  return std::visit(Runner{}, invocation);
}

int run_keygen_command(const KeygenCommand& command) {
  crypto::SystemRandom random;
  const std::string text = make_key_text(random);
  if (!command.file) {
    return print(text);
  }
  if (const auto done = write_key_file(*command.file, text); !done) {
    std::fprintf(stderr, "udperf: %s\n", done.error().message().c_str());
    return exit_code(done.error().code);
  }
  return exit_ok;
}

}  // namespace udperf::app
