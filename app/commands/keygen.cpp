#include <cstdio>
#include <string>

#include "app/commands/commands.hpp"
#include "app/exit_code.hpp"
#include "app/options/commands.hpp"
#include "app/output/files.hpp"
#include "crypto/crypto.hpp"

namespace udperf::app {

Invocation make_keygen(const Arguments& arguments) {
  KeygenCommand command;
  if (!arguments.words.empty() && arguments.words.front() != "-") {
    command.file = arguments.words.front();
  }
  return command;
}

int run_command(const KeygenCommand& command) {
  crypto::SystemRandom random;
  const std::string text = make_key_text(random);
  if (!command.file) {
    return print_to_stdout(text);
  }
  if (const auto done = write_key_file(*command.file, text); !done) {
    return report_failure(done.error());
  }
  return exit_ok;
}

}  // namespace udperf::app
