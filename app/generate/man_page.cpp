#include "app/generate/man_page.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

#include "app/generate/man_prose.hpp"
#include "app/options/commands.hpp"
#include "app/options/table.hpp"

namespace udperf::app {
namespace {

std::string upper(std::string_view text) {
  std::string result{text};
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return result;
}

std::string bold(std::string_view text) {
  return "\\fB" + roff(text) + "\\fR";
}

std::string italic(std::string_view text) {
  return "\\fI" + roff(text) + "\\fR";
}

std::string section(std::string_view name) {
  return ".SH " + std::string{name} + "\n";
}

std::string head_line(std::string_view page, const ManHead& head) {
  return ".\\\" Generated from the option table of udperf; changes here are lost.\n.TH " +
         roff(upper(page)) + " 1 \"" + head.date + "\" \"udperf " + head.version +
         "\" \"User Commands\"\n";
}

std::string name_section(std::string_view page, std::string_view summary) {
  std::string sentence{summary};
  sentence.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(sentence.front())));
  if (sentence.back() == '.') {
    sentence.pop_back();
  }
  return section("NAME") + roff(page) + " \\- " + roff(sentence) + "\n";
}

/// Paragraphs that an empty line separates.
std::string paragraphs(std::string_view text) {
  std::string result;
  for (std::size_t start = 0; start < text.size();) {
    const auto end = std::min(text.find("\n\n", start), text.size());
    result += (start == 0 ? "" : ".PP\n") + roff(text.substr(start, end - start)) + "\n";
    start = end + 2;
  }
  return result;
}

std::string explained(std::string_view what, std::string_view text) {
  return ".TP\n" + std::string{what} + "\n" + roff(text) + "\n";
}

std::string list(std::string_view name, std::span<const Explained> rows) {
  std::string result = rows.empty() ? "" : section(name);
  for (const Explained& row : rows) {
    result += explained(bold(row.what), row.text);
  }
  return result;
}

std::string examples(std::span<const std::string_view> lines) {
  std::string result = section("EXAMPLES") + ".EX\n";
  for (const std::string_view line : lines) {
    result += roff(line) + "\n";
  }
  return result + ".EE\n";
}

std::string option_entry(const OptionSpec& option) {
  std::string names;
  if (option.letter != 0) {
    names = bold(std::string{'-', option.letter}) + ", ";
  }
  names += bold("--" + std::string{option.name});
  if (!option.value.empty()) {
    const std::string name = italic(option.value);
    names += option.takes_bare() ? "[=" + name + "]" : " " + name;
  }
  return explained(names, help_text(option));
}

std::string options(Command command) {
  std::string result = section("OPTIONS");
  for (const OptionGroup& group : option_groups(command)) {
    std::string entries;
    for (const OptionSpec& option : group.rows) {
      if (option.belongs_to(command)) {
        entries += option_entry(option);
      }
    }
    if (!entries.empty()) {
      result += ".SS " + roff(group.heading) + "\n" + entries;
    }
  }
  return result;
}

std::string page_name(const CommandSpec& command) {
  return "udperf-" + std::string{command.name};
}

/// The other pages, one a line, with commas between.
std::string see_also(std::string_view page) {
  std::vector<std::string> others;
  const auto add = [&](const std::string& other) {
    if (other != page) {
      others.push_back(".BR " + roff(other) + " (1)");
    }
  };
  add("udperf");
  for (const CommandSpec& command : command_table()) {
    add(page_name(command));
  }
  std::string result = section("SEE ALSO");
  for (std::size_t i = 0; i < others.size(); ++i) {
    result += others[i] + (i + 1 < others.size() ? ",\n" : "\n");
  }
  return result;
}

}  // namespace

std::string roff(std::string_view text) {
  std::string result;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) {
      result += "\\&";
    }
    line_start = c == '\n';
    switch (c) {
      case '\\':
        result += "\\e";
        break;
      case '-':
        result += "\\-";
        break;
      case '\'':
        result += "\\(aq";
        break;
      case '"':
        result += "\\(dq";
        break;
      case '^':
        result += "\\(ha";
        break;
      case '~':
        result += "\\(ti";
        break;
      case '`':
        result += "\\(ga";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string program_man_page(const ManHead& head) {
  std::string page = head_line("udperf", head) +
                     name_section("udperf", "measure what a network does to UDP, exactly") +
                     section("SYNOPSIS") + bold("udperf") + " " + italic("COMMAND") + " [" +
                     italic("options") + "]\n.br\n" + bold("udperf") + " " + bold("--help") +
                     " | " + bold("--version") + "\n" + section("DESCRIPTION") +
                     paragraphs(program_prose()) + section("COMMANDS");
  std::vector<std::string_view> lines;
  for (const CommandSpec& command : command_table()) {
    page += explained(bold(command.name), command.summary);
    lines.push_back(command.examples.front());
  }
  page += ".PP\nEach has a page of its own, which lists its options.\n";
  return page + list("EXIT STATUS", exit_statuses()) +
         list("ENVIRONMENT", environment_variables()) + list("FILES", installed_files()) +
         examples(lines) + see_also("udperf");
}

std::string command_man_page(Command command, const ManHead& head) {
  const CommandSpec& text = spec_of(command);
  const std::string name = page_name(text);
  std::string page = head_line(name, head) + name_section(name, text.summary) +
                     section("SYNOPSIS") + roff(text.usage) + "\n" + section("DESCRIPTION") +
                     roff(text.summary) + "\n";
  if (!text.prose.empty()) {
    page += ".PP\n" + paragraphs(text.prose);
  }
  page += options(command);
  if (text.prints_result) {
    page += list("OUTPUT", output_lines());
  }
  return page + list("EXIT STATUS", exit_statuses(command)) +
         list("ENVIRONMENT", environment_variables(command)) + list("FILES", installed_files()) +
         examples(text.examples) + see_also(name);
}

}  // namespace udperf::app
