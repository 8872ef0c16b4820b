#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "app/cli.hpp"
#include "app/options/commands.hpp"
#include "app/options/table.hpp"
#include "support/catch.hpp"

using udperf::app::Command;
using udperf::app::command_help;
using udperf::app::command_table;
using udperf::app::HelpDepth;
using udperf::app::option_table;

namespace {

std::vector<Command> all_commands() {
  std::vector<Command> commands;
  for (const auto& spec : command_table()) {
    if (spec.make_raw == nullptr) {  // else its options are another program's
      commands.push_back(spec.command);
    }
  }
  return commands;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t start = 0;
  while (start < text.size()) {
    const auto end = text.find('\n', start);
    lines.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return lines;
}

}  // namespace

TEST_CASE("the help of every command mentions every option that it has, and no other", "[app]") {
  for (const auto command : all_commands()) {
    CAPTURE(udperf::app::command_name(command));
    const auto lines = lines_of(command_help(command, HelpDepth::full));
    for (const auto& option : option_table()) {
      const std::string name = "--" + std::string{option.name};
      CAPTURE(name);
      const auto described = std::count_if(lines.begin(), lines.end(), [&](const auto& line) {
        const auto at = line.find(name);
        return at == 6 && line[at + name.size()] == (option.takes_bare() ? '[' : ' ');
      });
      const auto* const known = udperf::app::find_option(command, option.name);
      CHECK(described == (known != nullptr ? 1 : 0));
    }
  }
}

TEST_CASE("every option has a sentence of its own, and no name twice in one command", "[app]") {
  for (const auto command : all_commands()) {
    std::set<std::string> names;
    for (const auto& option : option_table()) {
      if (!option.belongs_to(command)) {
        continue;
      }
      CAPTURE(option.name);
      CHECK(option.help.size() > 8);
      CHECK(option.help.back() != '.');
      CHECK(names.insert(std::string{option.name}).second);
      if (option.letter != 0) {
        CHECK(names.insert(std::string{option.letter}).second);
      }
    }
  }
}

TEST_CASE("-h fits a terminal of 24 lines and 80 columns", "[app]") {
  const auto fits = [](const std::string& text) {
    const auto lines = lines_of(text);
    CHECK(lines.size() <= 23);  // the prompt stands below
    for (const auto& line : lines) {
      CAPTURE(line);
      CHECK(line.size() <= 80);
    }
  };
  fits(udperf::app::program_help(HelpDepth::brief));
  for (const auto command : all_commands()) {
    CAPTURE(udperf::app::command_name(command));
    fits(command_help(command, HelpDepth::brief));
  }
}

TEST_CASE("-h has the options that most people use, and names --help", "[app]") {
  const auto text = command_help(Command::client, HelpDepth::brief);
  for (const std::string option : {"--size N", "--duration TIME", "--rate RATE", "--direction WAY",
                                   "--streams N", "--port PORT", "--json", "--report FILE"}) {
    CAPTURE(option);
    CHECK(text.find(option) != std::string::npos);
  }
  CHECK(text.find("--gap-threshold") == std::string::npos);
  for (const auto command : all_commands()) {
    CHECK(command_help(command, HelpDepth::brief).find("--help\n") != std::string::npos);
  }
}

TEST_CASE("a help text starts with usage and three examples", "[app]") {
  for (const auto command : all_commands()) {
    const auto lines = lines_of(command_help(command, HelpDepth::full));
    CAPTURE(udperf::app::command_name(command));
    for (const auto& line : lines) {
      CAPTURE(line);
      CHECK(line.size() <= 100);
    }
    REQUIRE(lines.size() > 6);
    CHECK(lines[0].rfind("Usage: udperf ", 0) == 0);
    CHECK(lines[2] == "Examples:");
    for (const std::size_t i : {3U, 4U, 5U}) {
      CHECK(lines[i].rfind("  udperf ", 0) == 0);
    }
  }
}

TEST_CASE("every example in a help text is a command line that is accepted", "[app]") {
  auto lines = lines_of(udperf::app::program_help(HelpDepth::brief));
  for (const auto command : all_commands()) {
    const auto more = lines_of(command_help(command, HelpDepth::full));
    lines.insert(lines.end(), more.begin(), more.end());
  }
  std::size_t examples = 0;
  for (const auto& line : lines) {
    if (line.rfind("  udperf ", 0) != 0) {
      continue;
    }
    ++examples;
    CAPTURE(line);
    std::vector<std::string> arguments;
    std::size_t start = 9;
    while (start < line.size()) {
      const auto end = std::min(line.find(' ', start), line.size());
      arguments.push_back(line.substr(start, end - start));
      start = end + 1;
    }
    const auto redirect = std::find(arguments.begin(), arguments.end(), ">");
    arguments.erase(redirect, arguments.end());
    const auto parsed = udperf::app::parse_command_line(arguments);
    CHECK_FALSE(std::holds_alternative<udperf::app::UsageError>(parsed));
  }
  CHECK(examples == 3 * (all_commands().size() + 1));
}

TEST_CASE("the program's help has every option of every command in its groups", "[app]") {
  const auto lines = lines_of(udperf::app::program_help(HelpDepth::full));
  for (const auto& group : udperf::app::option_groups()) {
    const auto head = std::find(lines.begin(), lines.end(), std::string{group.heading} + ":");
    REQUIRE(head != lines.end());
    for (std::size_t i = 0; i < group.rows.size(); ++i) {
      CAPTURE(group.rows[i].name);
      CHECK((head + 1 + static_cast<std::ptrdiff_t>(i))
                ->find("--" + std::string{group.rows[i].name}) == 6);
    }
  }
}

TEST_CASE("the short help names every command", "[app]") {
  const auto text = udperf::app::program_help(HelpDepth::brief);
  for (const auto command : all_commands()) {
    CHECK(text.find("\n  " + std::string{udperf::app::command_name(command)} + " ") !=
          std::string::npos);
    CHECK(udperf::app::find_command(udperf::app::command_name(command)) == command);
  }
}

TEST_CASE("every default is a value that its option takes", "[app]") {
  std::size_t defaults = 0;
  for (const auto& option : option_table()) {
    for (const auto command : all_commands()) {
      if (!option.belongs_to(command) || option.fallback.empty()) {
        continue;
      }
      CAPTURE(option.name);
      ++defaults;
      std::vector<std::string> words{std::string{udperf::app::command_name(command)}};
      if (command == Command::monitor) {
        words.emplace_back("gw.example");
      }
      if (!option.needs.empty()) {
        words.push_back("--" + std::string{option.needs});
      }
      if (option.name == "gap") {
        words.insert(words.end(), {"--repeat", "2"});
      }
      words.push_back("--" + std::string{option.name});
      words.emplace_back(option.fallback);
      const auto parsed = udperf::app::parse_command_line(words);
      CHECK_FALSE(std::holds_alternative<udperf::app::UsageError>(parsed));
      CHECK(help_text(option).find("(default " + std::string{option.fallback} + ")") !=
            std::string::npos);
    }
  }
  CHECK(defaults > 30);
}

TEST_CASE("every name in a row's rules is an option of the same command", "[app]") {
  for (const auto& option : option_table()) {
    CAPTURE(option.name);
    for (const auto names : {option.one_of, option.needs, option.not_with}) {
      for (std::size_t start = 0; start < names.size();) {
        const auto end = std::min(names.find(' ', start), names.size());
        const auto name = names.substr(start, end - start);
        CAPTURE(name);
        start = end + 1;
        CHECK(std::any_of(option_table().begin(), option_table().end(), [&](const auto& other) {
          return other.name == name && (other.commands & option.commands) != 0;
        }));
      }
    }
    CHECK((option.one_of.empty() || udperf::app::has_word(option.one_of, option.name)));
  }
}

TEST_CASE("a row without a setter for one of its commands is found when compiling", "[app]") {
  using udperf::app::OptionSpec;
  constexpr auto all_set = [](const OptionSpec& row) { return udperf::app::all_set({&row, 1}); };
  constexpr auto client_only = [](const std::string&, udperf::app::ClientCommand&) {
    return udperf::app::Problem{};
  };
  STATIC_REQUIRE(all_set({.name = "x", .commands = udperf::app::kClient, .set = client_only}));
  STATIC_REQUIRE_FALSE(all_set({.name = "x", .commands = udperf::app::kBoth, .set = client_only}));
  STATIC_REQUIRE_FALSE(all_set({.name = "x", .commands = udperf::app::kServer}));
  STATIC_REQUIRE_FALSE(all_set({.name = "x", .commands = 0, .set = client_only}));
}
