// The manual pages against the option table, and against two programs that read such pages.

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "app/generate/man_page.hpp"
#include "app/iperf3/rows.hpp"
#include "app/options/commands.hpp"
#include "app/options/table.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/spawn.hpp"
#include "support/temp_dir.hpp"

using namespace std::chrono_literals;
using udperf::app::command_man_page;
using udperf::app::command_table;
using udperf::app::program_man_page;
using udperf::test::run_to_end;
using udperf::test::TempDir;

namespace {

const udperf::app::ManHead head{"2026-11-23", "0.1.0"};

struct Page {
  std::string name;
  std::string text;
};

std::vector<Page> pages() {
  std::vector<Page> all{{"udperf", program_man_page(head)}};
  for (const auto& command : command_table()) {
    all.push_back({"udperf-" + std::string{command.name}, command_man_page(command.command, head)});
  }
  return all;
}

/// The beginning of an option's name as man(7) has it in bold.
std::string bold_name(const udperf::app::OptionSpec& option) {
  std::string name = "\\fB\\-\\-";
  for (const char c : option.name) {
    name += c == '-' ? std::string{"\\-"} : std::string{c};
  }
  return name;
}

/// What the program says of the page; nothing where it is not installed.
std::optional<std::string> said_of(const Page& page, const std::string& program) {
  const TempDir folder;
  const auto file = folder.path() / (page.name + ".1");
  std::ofstream{file} << page.text;
  const auto finished = run_to_end({"/bin/sh", "-c",
                                    "command -v " + program.substr(0, program.find(' ')) +
                                        " >/dev/null || exit 99; " + program + " " + file.string()},
                                   60s);
  REQUIRE(finished.has_value());
  if (finished->code() == 99) {
    return std::nullopt;
  }
  return finished->out + finished->err;
}

}  // namespace

TEST_CASE("a command's page explains each of its options with the words of --help", "[app]") {
  for (const auto& command : command_table()) {
    if (command.command == udperf::app::Command::iperf3) {
      continue;  // has a table of its own
    }
    const auto text = command_man_page(command.command, head);
    for (const auto& option : udperf::app::option_table()) {
      CAPTURE(command.name, option.name);
      const auto* const known = udperf::app::find_option(command.command, option.name);
      if (known == nullptr) {
        CHECK(text.find(bold_name(option) + "\\fR") == std::string::npos);
        continue;
      }
      const char* const behind = known->takes_bare()    ? "\\fR[=\\fI"
                                 : known->value.empty() ? "\\fR\n"
                                                        : "\\fR \\fI";
      const auto at = text.find(bold_name(*known) + behind);
      CHECK(at != std::string::npos);
      if (at != std::string::npos) {
        const auto line = text.find('\n', at) + 1;
        CHECK(text.substr(line, text.find('\n', line) - line) ==
              udperf::app::roff(udperf::app::help_text(*known)));
      }
    }
  }
}

TEST_CASE("the page of udperf iperf3 has what its --help has, its statuses and password", "[app]") {
  const auto text = command_man_page(udperf::app::Command::iperf3, head);
  const auto help = udperf::app::iperf3_help();
  std::size_t options = 0;
  for (const auto& group : udperf::app::option_groups(udperf::app::Command::iperf3)) {
    CHECK(help.find(std::string{group.heading} + ":\n") != std::string::npos);
    for (const auto& option : group.rows) {
      CAPTURE(option.name);
      CHECK(text.find(bold_name(option) + "\\fR") != std::string::npos);
      CHECK(help.find("--" + std::string{option.name}) != std::string::npos);
      CHECK(help.find(option.help) != std::string::npos);
      CHECK(option.help.back() != '.');
      ++options;
    }
  }
  CHECK(options > 50);
  CHECK(text.find("IPERF3_PASSWORD") != std::string::npos);
  CHECK(text.find(".TP\n\\fB2\\fR\n") == std::string::npos);
  for (const auto& row : udperf::app::iperf3_rows()) {
    const bool none = row.value == udperf::app::Iperf3Row::Value::none;
    CHECK((row.help.empty() || row.value_name.empty() == none));
  }
}

TEST_CASE("every page has the sections that people look for", "[app]") {
  for (const auto& page : pages()) {
    CAPTURE(page.name);
    for (const std::string section :
         {"NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "FILES", "EXAMPLES", "SEE ALSO"}) {
      CAPTURE(section);
      CHECK(page.text.find("\n.SH " + section + "\n") != std::string::npos);
    }
  }
}

TEST_CASE("a page has the variables that its command reads, and the program's has all", "[app]") {
  const std::vector<std::string> of_results{"NO_COLOR", "TERM", "COLUMNS",
                                            "LC_ALL, LC_CTYPE, LANG"};
  const std::vector<std::string> of_monitor{"STATE_DIRECTORY, XDG_STATE_HOME, HOME", "PATH"};
  const auto has = [](const std::string& page, const std::vector<std::string>& names) {
    return std::all_of(names.begin(), names.end(), [&page](const std::string& name) {
      return page.find("\n\\fB" + udperf::app::roff(name) + "\\fR\n") != std::string::npos;
    });
  };
  for (const auto& page : pages()) {
    CAPTURE(page.name);
    const std::string command = page.name.substr(page.name.find('-') + 1);
    const bool all = page.name == "udperf";
    const bool tests = all || command == "client" || command == "loopback";
    const bool watches = all || command == "monitor";
    CHECK(has(page.text, {"CREDENTIALS_DIRECTORY"}) == (tests || watches || command == "server"));
    CHECK(has(page.text, of_results) == tests);
    CHECK(has(page.text, of_monitor) == watches);
    CHECK(has(page.text, {"IPERF3_PASSWORD"}) == (all || command == "iperf3"));
  }
}

TEST_CASE("a command that makes no test does not say that one was completed", "[app]") {
  for (const auto& command : command_table()) {
    CAPTURE(command.name);
    const auto page = command_man_page(command.command, head);
    const bool has_test = page.find("the test was completed") != std::string::npos;
    CHECK(has_test == (command.runs_test || command.command == udperf::app::Command::iperf3));
  }
}

TEST_CASE("the program's page names every command", "[app]") {
  const auto text = program_man_page(head);
  for (const auto& command : command_table()) {
    CAPTURE(command.name);
    CHECK(text.find(".TP\n\\fB" + std::string{command.name} + "\\fR\n") != std::string::npos);
    CHECK(text.find(".BR udperf\\-" + std::string{command.name} + " (1)") != std::string::npos);
  }
}

TEST_CASE("roff prints what was written, whatever it begins with", "[app]") {
  CHECK(udperf::app::roff("a-b") == "a\\-b");
  CHECK(udperf::app::roff(".TH") == "\\&.TH");
  CHECK(udperf::app::roff("a\n'b") == "a\n\\&\\(aqb");
  CHECK(udperf::app::roff("C:\\ ~ ^ ` \"") == "C:\\e \\(ti \\(ha \\(ga \\(dq");
}

TEST_CASE("mandoc and groff find nothing to complain about in any page", "[app]") {
  for (const std::string program : {"mandoc -T lint -W warning", "groff -ww -z -man -Tutf8"}) {
    for (const auto& page : pages()) {
      CAPTURE(program, page.name);
      const auto said = said_of(page, program);
      if (!said) {
        udperf::test::skip_test(program.substr(0, program.find(' ')) + " is not installed");
        break;
      }
      CHECK(*said == "");
    }
  }
}
