#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace udperf::app {

enum class Command : std::uint8_t { client = 1, server = 2, loopback = 4, keygen = 8, report = 16 };

/// "client"; the word that is typed.
[[nodiscard]] std::string_view command_name(Command command);
[[nodiscard]] std::optional<Command> find_command(std::string_view name);

/// The headings of the help texts, in their order.
enum class OptionGroup : std::uint8_t { amount, traffic, connection, policy, output, logging };

/// One option: all that parsing, help, man pages and shell completion need to know of it.
struct OptionSpec {
  char short_name;              ///< 0 where there is none
  std::string_view long_name;   ///< without the dashes
  std::string_view value_name;  ///< empty for a flag
  std::string_view help;        ///< one line with unit and default
  OptionGroup group;
  unsigned commands;  ///< the Commands that have it, or-ed
  bool repeatable = false;
  /// The words that are the accepted values, with a space between; empty where the value is free.
  std::string_view choices = {};
  /// The value where none is given; a value is then written behind "=". Empty: there has to be one.
  std::string_view bare_value = {};

  [[nodiscard]] bool belongs_to(Command command) const {
    return (commands & static_cast<unsigned>(command)) != 0;
  }
  [[nodiscard]] bool takes_bare() const { return !bare_value.empty(); }
};

/// What there is to say of a command besides its options.
struct CommandText {
  Command command;
  std::string_view name;
  std::string_view usage;    ///< "udperf client [HOST] [options]"
  std::string_view summary;  ///< one sentence
  std::array<std::string_view, 3> examples;
};

/// Every command, in the order of the help.
[[nodiscard]] std::span<const CommandText> command_texts();

struct GroupText {
  OptionGroup group;
  std::string_view heading;
};

/// Every group, in the order of the help.
[[nodiscard]] std::span<const GroupText> option_groups();

/// Every option of every command. A name may be there twice where it means something else for
/// another command, never twice for one command.
[[nodiscard]] std::span<const OptionSpec> option_table();

/// The option of this command with this long name, or nullptr.
[[nodiscard]] const OptionSpec* find_option(Command command, std::string_view long_name);

/// What `udperf` alone prints: what it is, the commands, three examples.
[[nodiscard]] std::string short_help();
/// What `udperf <command> --help` prints: usage, three examples, the options by group.
[[nodiscard]] std::string command_help(Command command);

}  // namespace udperf::app
