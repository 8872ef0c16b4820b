#include "app/cli.hpp"

#include <algorithm>
#include <array>

#include <cxxopts.hpp>

#include "app/options/commands.hpp"
#include "app/options/rules.hpp"
#include "base/nearest_word.hpp"

namespace udperf::app {
namespace {

const OptionSpec* option_of(Command command, std::string_view cxxopts_name) {
  if (cxxopts_name.size() != 1) {
    return find_option(command, cxxopts_name);
  }
  for (const OptionSpec& option : option_table()) {
    if (option.belongs_to(command) && option.letter == cxxopts_name.front()) {
      return &option;
    }
  }
  return nullptr;
}

/// "did you mean --size?" where one of the command's options is near, or who has the option.
std::string guess(Command command, const std::string& name) {
  std::vector<std::string_view> names;
  for (const OptionSpec& option : option_table()) {
    if (option.belongs_to(command)) {
      names.push_back(option.name);
    }
  }
  if (const auto nearest = name.size() > 1 ? nearest_word(name, names) : std::nullopt) {
    return " (did you mean --" + std::string{*nearest} + "?)";
  }
  for (const CommandSpec& other : command_table()) {
    if (find_option(other.command, name) != nullptr) {
      return " (udperf " + std::string{other.name} + " has it)";
    }
  }
  return {};
}

/// A sentence of ours for what cxxopts found: its texts are made for another audience.
std::string parse_problem(Command command, const cxxopts::exceptions::exception& problem) {
  const std::string text = problem.what();
  const auto open = text.find(cxxopts::LQUOTE);
  const auto close = text.rfind(cxxopts::RQUOTE);
  if (open == std::string::npos || close == std::string::npos) {
    return text + "; " + see_help(command);
  }
  const auto start = open + cxxopts::LQUOTE.size();
  const std::string name = text.substr(start, close - start);
  const OptionSpec* const spec = option_of(command, name);
  if (dynamic_cast<const cxxopts::exceptions::missing_argument*>(&problem) != nullptr &&
      spec != nullptr) {
    return "--" + std::string{spec->name} + ": a value is missing, accepted is " +
           std::string{spec->value} + " (" + help_text(*spec) + ")";
  }
  if (dynamic_cast<const cxxopts::exceptions::invalid_option_syntax*>(&problem) != nullptr) {
    return name + ": not an option; " + see_help(command);
  }
  return (name.size() == 1 ? "-" : "--") + name + ": unknown option" + guess(command, name) + "; " +
         see_help(command);
}

cxxopts::Options cxxopts_table(Command command) {
  cxxopts::Options options{"udperf"};
  auto add = options.add_options();
  for (const OptionSpec& option : option_table()) {
    if (!option.belongs_to(command)) {
      continue;
    }
    std::string names = option.letter != 0 ? std::string{option.letter, ','} : "";
    names += option.name;
    if (option.value.empty()) {
      add(names, "", cxxopts::value<bool>());
    } else if (option.takes_bare()) {
      add(names, "", cxxopts::value<std::string>()->implicit_value(std::string{option.bare_value}));
    } else {
      add(names, "", cxxopts::value<std::string>());
    }
  }
  return options;
}

/// A flag takes no value; cxxopts would read --json=no as a truth value.
std::optional<std::string> find_flag_with_value(Command command,
                                                std::span<const std::string> arguments) {
  for (const std::string& argument : arguments) {
    const auto equals = argument.find('=');
    if (argument == "--") {
      return std::nullopt;
    }
    if (!argument.starts_with("--") || equals == std::string::npos) {
      continue;
    }
    const auto* const spec = find_option(command, std::string_view{argument}.substr(2, equals - 2));
    if (spec != nullptr && spec->value.empty()) {
      return "--" + std::string{spec->name} + ": takes no value: " + argument;
    }
  }
  return std::nullopt;
}

/// The same option with two values contradicts itself; said twice alike it does no harm.
std::optional<std::string> find_repetition(Command command, std::span<const GivenOption> given) {
  for (std::size_t i = 1; i < given.size(); ++i) {
    const auto* const spec = find_option(command, given[i].name);
    if (spec == nullptr || spec->repeatable) {
      continue;
    }
    for (std::size_t k = 0; k < i; ++k) {
      if (given[k].name == given[i].name && given[k].value != given[i].value) {
        return option_problem(given[i], "was given before as " + given[k].value + "; give it once");
      }
    }
  }
  return std::nullopt;
}

tl::expected<Arguments, std::string> read_arguments(Command command,
                                                    std::span<const std::string> arguments) {
  if (auto problem = find_flag_with_value(command, arguments)) {
    return tl::unexpected<std::string>{*std::move(problem)};
  }
  std::vector<const char*> argv{"udperf"};
  std::transform(arguments.begin(), arguments.end(), std::back_inserter(argv),
                 [](const std::string& argument) { return argument.c_str(); });
  try {
    auto table = cxxopts_table(command);
    const auto parsed = table.parse(static_cast<int>(argv.size()), argv.data());
    Arguments result;
    for (const auto& option : parsed.arguments()) {
      result.options.push_back({option.key(), option.value()});
    }
    result.words = parsed.unmatched();
    return result;
  } catch (const cxxopts::exceptions::exception& problem) {
    return tl::unexpected<std::string>{parse_problem(command, problem)};
  }
}

/// `-h` asks for one screen, `--help` for everything.
HelpDepth depth_of(std::span<const std::string> arguments) {
  const auto end = std::find(arguments.begin(), arguments.end(), "--");
  return std::find(arguments.begin(), end, "--help") != end ? HelpDepth::full : HelpDepth::brief;
}

Invocation parse_command(const CommandSpec& spec, std::span<const std::string> rest) {
  if (spec.make_raw != nullptr) {
    return spec.make_raw(rest);
  }
  const auto arguments = read_arguments(spec.command, rest);
  if (!arguments) {
    return UsageError{arguments.error()};
  }
  if (is_given(arguments->options, "help")) {
    return HelpRequest{spec.command, depth_of(rest)};
  }
  if (is_given(arguments->options, "version")) {
    return VersionRequest{};
  }
  if (arguments->words.size() > spec.most_words) {
    return UsageError{arguments->words.back() + ": one argument too many; " +
                      see_help(spec.command)};
  }
  if (auto problem = find_repetition(spec.command, arguments->options)) {
    return UsageError{*std::move(problem)};
  }
  return spec.make(*arguments);
}

/// "--verison: unknown option (did you mean --version?); see udperf --help".
std::string unknown_first_option(const std::string& name) {
  constexpr std::array<std::string_view, 2> kNames{"help", "version"};
  const auto nearest =
      nearest_word(std::string_view{name}.substr(name.find_first_not_of('-')), kNames);
  return name + ": unknown option" +
         (nearest ? " (did you mean --" + std::string{*nearest} + "?)" : std::string{}) +
         "; see udperf --help";
}

/// "clinet: unknown command (did you mean client?); accepted is server, client ... or report".
std::string unknown_command(const std::string& name) {
  if (name.starts_with("--") && name.find_first_not_of('-') != std::string::npos) {
    return unknown_first_option(name);
  }
  std::vector<std::string_view> names;
  std::string accepted;
  for (const CommandSpec& spec : command_table()) {
    const bool last = &spec == &command_table().back();
    accepted += names.empty() ? "" : last ? " or " : ", ";
    accepted += spec.name;
    names.push_back(spec.name);
  }
  const auto nearest = nearest_word(name, names);
  const std::string meant =
      nearest ? " (did you mean " + std::string{*nearest} + "?)" : std::string{};
  return name + ": unknown command" + meant + "; accepted is " + accepted;
}

/// The command that help is asked for.
std::optional<Command> command_among(std::span<const std::string> arguments) {
  for (const std::string& word : arguments) {
    if (const auto command = find_command(word)) {
      return command;
    }
  }
  return std::nullopt;
}

/// The machine-readable format that the caller surely expects, although the arguments as a whole
/// cannot be read; else text.
OutputFormat format_asked_for(std::span<const std::string> arguments) {
  const auto end = std::find(arguments.begin(), arguments.end(), "--");
  if (std::find(arguments.begin(), end, "--json") != end) {
    return OutputFormat::json;
  }
  return std::find(arguments.begin(), end, "--jsonl") != end ? OutputFormat::jsonl
                                                             : OutputFormat::text;
}

/// Where that is to go: what was to be replaced must not look like this test's result.
std::optional<std::string> file_asked_for(std::span<const std::string> arguments) {
  constexpr std::string_view kOption = "--output";
  std::optional<std::string> file;
  const auto end = std::find(arguments.begin(), arguments.end(), "--");
  for (auto at = arguments.begin(); at != end; ++at) {
    if (*at == kOption && at + 1 != end) {
      file = *++at;
    } else if (at->starts_with(std::string{kOption} + "=")) {
      file = at->substr(kOption.size() + 1);
    }
  }
  return file && !file->empty() ? file : std::nullopt;
}

}  // namespace

bool is_iperf3_name(std::string_view program) {
  const auto slash = program.rfind('/');
  return (slash == std::string_view::npos ? program : program.substr(slash + 1)) == "iperf3";
}

Invocation parse_command_line(std::span<const std::string> arguments) {
  if (arguments.empty()) {
    return HelpRequest{};
  }
  const std::string& first = arguments.front();
  const auto command = find_command(first);
  if (!command) {
    if (first == "--help" || first == "-h" || first == "help") {
      return HelpRequest{command_among(arguments.subspan(1)), depth_of(arguments)};
    }
    if (first == "--version" || first == "-V") {
      return VersionRequest{};
    }
    return UsageError{unknown_command(first), format_asked_for(arguments)};
  }
  const CommandSpec& spec = spec_of(*command);
  Invocation invocation = parse_command(spec, arguments.subspan(1));
  if (auto* const problem = std::get_if<UsageError>(&invocation)) {
    problem->format = spec.prints_result ? format_asked_for(arguments) : OutputFormat::text;
    problem->file = spec.prints_result ? file_asked_for(arguments) : std::nullopt;
  }
  return invocation;
}

}  // namespace udperf::app
