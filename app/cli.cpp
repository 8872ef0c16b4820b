#include "app/cli.hpp"

#include <algorithm>

#include <cxxopts.hpp>

namespace udperf::app {
namespace {

/// What the arguments of one command are, before anything is made of the values.
struct Arguments {
  std::vector<GivenOption> options;
  std::vector<std::string> words;
};

const OptionSpec* spec_of(Command command, std::string_view cxxopts_name) {
  if (cxxopts_name.size() != 1) {
    return find_option(command, cxxopts_name);
  }
  for (const OptionSpec& option : option_table()) {
    if (option.belongs_to(command) && option.short_name == cxxopts_name.front()) {
      return &option;
    }
  }
  return nullptr;
}

std::string see_help(Command command) {
  return "see udperf " + std::string{command_name(command)} + " --help";
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
  const OptionSpec* const spec = spec_of(command, name);
  if (dynamic_cast<const cxxopts::exceptions::missing_argument*>(&problem) != nullptr &&
      spec != nullptr) {
    return "--" + std::string{spec->long_name} + ": a value is missing, accepted is " +
           std::string{spec->value_name} + " (" + std::string{spec->help} + ")";
  }
  if (dynamic_cast<const cxxopts::exceptions::invalid_option_syntax*>(&problem) != nullptr) {
    return name + ": this is no option; " + see_help(command);
  }
  return (name.size() == 1 ? "-" : "--") + name + ": unknown option; " + see_help(command);
}

cxxopts::Options cxxopts_table(Command command) {
  cxxopts::Options options{"udperf"};
  auto add = options.add_options();
  for (const OptionSpec& option : option_table()) {
    if (!option.belongs_to(command)) {
      continue;
    }
    std::string names = option.short_name != 0 ? std::string{option.short_name, ','} : "";
    names += option.long_name;
    if (option.value_name.empty()) {
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
    if (spec != nullptr && spec->value_name.empty()) {
      return "--" + std::string{spec->long_name} + ": takes no value: " + argument;
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

bool has_option(const Arguments& arguments, std::string_view name) {
  return std::any_of(arguments.options.begin(), arguments.options.end(),
                     [name](const GivenOption& option) { return option.name == name; });
}

/// How many words besides options a command takes.
std::size_t words_allowed(Command command) {
  return command == Command::server || command == Command::loopback ? 0 : 1;
}

Invocation make_client(const Arguments& arguments) {
  ClientCommand command;
  if (!arguments.words.empty()) {
    command.options.host = arguments.words.front();
    if (command.options.host.empty()) {
      return UsageError{"HOST: is empty; accepted is a name or an address"};
    }
  }
  if (auto problem = apply_client_options(arguments.options, command)) {
    return UsageError{*std::move(problem)};
  }
  return command;
}

Invocation make_loopback(const Arguments& arguments) {
  LoopbackCommand command;
  if (auto problem = apply_client_options(arguments.options, command.client)) {
    return UsageError{*std::move(problem)};
  }
  if (has_option(arguments, "port")) {
    command.server_port = command.client.options.port;
  }
  return command;
}

Invocation make_server(const Arguments& arguments) {
  ServerCommand command;
  if (auto problem = apply_server_options(arguments.options, command)) {
    return UsageError{*std::move(problem)};
  }
  return command;
}

Invocation make_keygen(const Arguments& arguments) {
  KeygenCommand command;
  if (!arguments.words.empty()) {
    command.file = arguments.words.front();
  }
  return command;
}

Invocation make_report(const Arguments& arguments) {
  ReportCommand command;
  if (arguments.words.empty()) {
    return UsageError{"FILE is missing: the result of a test, as --json or --jsonl wrote it; " +
                      see_help(Command::report)};
  }
  command.input = arguments.words.front();
  for (const GivenOption& option : arguments.options) {
    if (option.name == "output") {
      command.output = option.value;
    }
  }
  return command;
}

Invocation parse_command(Command command, std::span<const std::string> rest) {
  const auto arguments = read_arguments(command, rest);
  if (!arguments) {
    return UsageError{arguments.error()};
  }
  if (has_option(*arguments, "help")) {
    return HelpRequest{command};
  }
  if (has_option(*arguments, "version")) {
    return VersionRequest{};
  }
  if (arguments->words.size() > words_allowed(command)) {
    return UsageError{arguments->words.back() + ": one argument too many; " + see_help(command)};
  }
  if (auto problem = find_repetition(command, arguments->options)) {
    return UsageError{*std::move(problem)};
  }
  switch (command) {
    case Command::client:
      return make_client(*arguments);
    case Command::loopback:
      return make_loopback(*arguments);
    case Command::server:
      return make_server(*arguments);
    case Command::keygen:
      return make_keygen(*arguments);
    case Command::report:
      return make_report(*arguments);
  }
  return UsageError{"unknown command"};
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

}  // namespace

std::string option_problem(const GivenOption& option, std::string_view sentence) {
  std::string text = "--" + option.name;
  if (option.value != "true") {
    text += " " + option.value;
  }
  return text + ": " + std::string{sentence};
}

Invocation parse_command_line(std::span<const std::string> arguments) {
  if (arguments.empty()) {
    return HelpRequest{};
  }
  const std::string& first = arguments.front();
  const auto command = find_command(first);
  if (!command) {
    if (first == "--help" || first == "-h" || first == "help") {
      return HelpRequest{};
    }
    if (first == "--version" || first == "-V") {
      return VersionRequest{};
    }
    return UsageError{
        first + ": unknown command; accepted is server, client, loopback, keygen or report",
        format_asked_for(arguments)};
  }
  Invocation invocation = parse_command(*command, arguments.subspan(1));
  if (auto* const problem = std::get_if<UsageError>(&invocation)) {
    const bool tests = *command == Command::client || *command == Command::loopback;
    problem->format = tests ? format_asked_for(arguments) : OutputFormat::text;
  }
  return invocation;
}

}  // namespace udperf::app
