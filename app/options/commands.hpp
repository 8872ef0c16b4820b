#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli.hpp"
#include "app/options/option.hpp"

namespace udperf::app {

/// What the arguments of one command are, before anything is made of the values.
struct Arguments {
  std::vector<GivenOption> options;
  std::vector<std::string> words;
};

/// What the words besides the options are, for completion.
enum class WordKind : std::uint8_t { none, host, file };

/// One command: all that parsing, help, man pages and shell completion need to know of it.
struct CommandSpec {
  Command command;
  std::string_view name;
  std::string_view usage;    ///< "udperf client [HOST] [options]"
  std::string_view summary;  ///< one sentence
  std::array<std::string_view, 3> examples;
  std::string_view prose = {};  ///< paragraphs of the man page, an empty line between; may be empty
  WordKind words = WordKind::none;
  std::size_t most_words = 0;
  bool runs_test = false;      ///< may end with any exit status
  bool prints_result = false;  ///< of one test, in the asked format: also why there was none
  /// Makes the command of its arguments, or says what is wrong with them.
  Invocation (*make)(const Arguments& arguments) = nullptr;
  /// In place of `make` where the command has a grammar of its own: gets all that follows its name.
  Invocation (*make_raw)(std::span<const std::string> arguments) = nullptr;
};

/// Every command, in the order of the help.
[[nodiscard]] std::span<const CommandSpec> command_table();

[[nodiscard]] const CommandSpec& spec_of(Command command);
/// "client"; the word that is typed.
[[nodiscard]] std::string_view command_name(Command command);
[[nodiscard]] std::optional<Command> find_command(std::string_view name);

/// "; see udperf client --help" as the end of a usage error.
[[nodiscard]] std::string see_help(Command command);

// What the rows have as `make`, each in the file commands/<name>.cpp of the command.
[[nodiscard]] Invocation make_client(const Arguments& arguments);
[[nodiscard]] Invocation make_server(const Arguments& arguments);
[[nodiscard]] Invocation make_loopback(const Arguments& arguments);
[[nodiscard]] Invocation make_keygen(const Arguments& arguments);
[[nodiscard]] Invocation make_report(const Arguments& arguments);
[[nodiscard]] Invocation make_iperf3(std::span<const std::string> arguments);
[[nodiscard]] Invocation make_compare(const Arguments& arguments);
[[nodiscard]] Invocation make_profiles(const Arguments& arguments);
[[nodiscard]] Invocation make_monitor(const Arguments& arguments);

/// The client's options into its command, also of loopback, which has them too: what is wrong with
/// one, or nothing.
[[nodiscard]] std::optional<std::string> apply_client_options(Command which,
                                                              std::span<const GivenOption> given,
                                                              ClientCommand& command);

}  // namespace udperf::app
