#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "app/cli.hpp"
#include "app/option_table.hpp"
#include "support/catch.hpp"

using udperf::app::Command;
using udperf::app::command_help;
using udperf::app::option_table;

namespace {

constexpr auto kAll = {Command::client, Command::server, Command::loopback, Command::keygen,
                       Command::report};

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
  for (const auto command : kAll) {
    CAPTURE(udperf::app::command_name(command));
    const auto lines = lines_of(command_help(command));
    for (const auto& option : option_table()) {
      const std::string name = "--" + std::string{option.long_name};
      CAPTURE(name);
      const auto described = std::count_if(lines.begin(), lines.end(), [&](const auto& line) {
        const auto at = line.find(name);
        return at == 6 && line[at + name.size()] == (option.takes_bare() ? '[' : ' ');
      });
      const auto* const known = udperf::app::find_option(command, option.long_name);
      CHECK(described == (known != nullptr ? 1 : 0));
    }
  }
}

TEST_CASE("every option has a sentence of its own, and no name twice in one command", "[app]") {
  for (const auto command : kAll) {
    std::set<std::string> names;
    for (const auto& option : option_table()) {
      if (!option.belongs_to(command)) {
        continue;
      }
      CAPTURE(option.long_name);
      CHECK(option.help.size() > 8);
      CHECK(option.help.back() != '.');
      CHECK(names.insert(std::string{option.long_name}).second);
      if (option.short_name != 0) {
        CHECK(names.insert(std::string{option.short_name}).second);
      }
    }
  }
}

TEST_CASE("a help text fits a screen and starts with usage and three examples", "[app]") {
  for (const auto command : kAll) {
    const auto lines = lines_of(command_help(command));
    CAPTURE(udperf::app::command_name(command));
    CHECK(lines.size() <= 66);
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
  auto lines = lines_of(udperf::app::short_help());
  for (const auto command : kAll) {
    const auto more = lines_of(command_help(command));
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
  CHECK(examples == 18);
}

TEST_CASE("the short help names every command", "[app]") {
  const auto text = udperf::app::short_help();
  for (const auto command : kAll) {
    CHECK(text.find("\n  " + std::string{udperf::app::command_name(command)} + " ") !=
          std::string::npos);
    CHECK(udperf::app::find_command(udperf::app::command_name(command)) == command);
  }
  CHECK(lines_of(text).size() <= 24);
}
