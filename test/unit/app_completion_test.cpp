// The completions against the option table, and in the shells that they are made for.

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "app/cli.hpp"
#include "app/generate/completion.hpp"
#include "app/generate/completion_parts.hpp"
#include "app/options/commands.hpp"
#include "report/writer.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/spawn.hpp"
#include "support/temp_dir.hpp"

using namespace std::chrono_literals;
using udperf::app::command_table;
using udperf::app::OptionSpec;
using udperf::test::run_to_end;
using udperf::test::TempDir;
using Words = std::set<std::string>;

namespace {

/// A shell with its completion file in a folder of its own, beside a file and a folder to find.
class Shell {
 public:
  Shell(std::string program, const std::string& file, const std::string& completion)
      : program_(std::move(program)) {
    std::ofstream{folder_.path() / file} << completion;
    std::ofstream{folder_.path() / "a key.key"} << "";
  }

  [[nodiscard]] bool installed() const { return run("exit 0").code() == 0; }

  /// Runs a script where the files are.
  [[nodiscard]] udperf::test::Finished run(const std::string& script) const {
    const std::string flags = program_ == "fish"  ? "--no-config"
                              : program_ == "zsh" ? "-f"
                                                  : "--norc";
    const auto finished =
        run_to_end({"/usr/bin/env", program_, flags, "-c", script}, 60s,
                   {std::nullopt, folder_.path().string(), {{"HOME", folder_.path().string()}}});
    REQUIRE(finished.has_value());
    return *finished;
  }

  /// The first word of each line that the script prints.
  [[nodiscard]] Words words(const std::string& script) const {
    const auto finished = run(script);
    CAPTURE(script, finished.err);
    CHECK(finished.err.empty());
    Words result;
    std::istringstream lines{finished.out};
    for (std::string line; std::getline(lines, line);) {
      result.insert(line.substr(0, line.find('\t')));
    }
    return result;
  }

 private:
  std::string program_;
  TempDir folder_;
};

Words split(std::string_view text) {
  std::istringstream stream{std::string{text}};
  Words words;
  for (std::string word; stream >> word;) {
    words.insert(word);
  }
  return words;
}

std::string name_of(const OptionSpec& option) {
  return "--" + std::string{option.name};
}

/// What bash offers after these words, of which the last is being typed.
Words bash_offers(const Shell& bash, const std::vector<std::string>& line) {
  std::string words;
  for (const auto& word : line) {
    words += " " + udperf::app::shell_quoted(word);
  }
  return bash.words("source ./udperf; COMP_WORDS=(" + words +
                    "); COMP_CWORD=" + std::to_string(line.size() - 1) +
                    "; _udperf; printf '%s\\n' \"${COMPREPLY[@]}\"");
}

Words fish_offers(const Shell& fish, const std::string& line) {
  return fish.words("source ./udperf.fish; complete -C " + udperf::app::shell_quoted(line));
}

Words all_options(const udperf::app::CommandSpec& command, bool with_letters) {
  Words names;
  for (const auto* const option : udperf::app::options_of(command)) {
    names.insert(name_of(*option));
    if (with_letters && option->letter != 0) {
      names.insert({'-', option->letter});
    }
  }
  return names;
}

Words commands() {
  Words names;
  for (const auto& command : command_table()) {
    names.insert(std::string{command.name});
  }
  return names;
}

/// The option with a value, as it has to be written.
/// What else has to be given for the option to mean something.
std::vector<std::string> company(std::string_view option) {
  if (option == "spacing") {
    return {"--rate", "1M"};
  }
  return option == "sizes" ? std::vector<std::string>{"--find-rate"} : std::vector<std::string>{};
}

std::vector<std::string> with_value(const udperf::app::CommandSpec& command,
                                    const udperf::app::OptionSpec& option,
                                    const std::string& value) {
  std::vector<std::string> words{std::string{command.name}};
  if (command.command == udperf::app::Command::monitor) {
    words.emplace_back("gw.example");  // it has nothing to watch of its own accord
  }
  if (option.takes_bare()) {
    words.push_back(name_of(option) + "=" + value);
  } else {
    words.insert(words.end(), {name_of(option), value});
  }
  return words;
}

}  // namespace

TEST_CASE("the words that an option offers are accepted, and another is not", "[app]") {
  std::size_t options = 0;
  for (const auto& command : command_table()) {
    for (const auto* const option : udperf::app::options_of(command)) {
      if (option->choices.empty()) {
        continue;
      }
      ++options;
      CAPTURE(command.name, option->name);
      for (const auto& word : split(option->choices)) {
        CAPTURE(word);
        if (option->name != "profile") {  // udperf profiles lists them
          CHECK(help_text(*option).find(word) != std::string_view::npos);
        }
        if (word.ends_with(':')) {
          continue;  // the user's own value follows
        }
        auto words = with_value(command, *option, word);
        const auto more = company(option->name);
        words.insert(words.end(), more.begin(), more.end());
        const auto parsed = udperf::app::parse_command_line(words);
        CHECK_FALSE(std::holds_alternative<udperf::app::UsageError>(parsed));
      }
      const auto wrong = udperf::app::parse_command_line(with_value(command, *option, "surprise"));
      CHECK(std::holds_alternative<udperf::app::UsageError>(wrong));
    }
  }
  CHECK(options >= 18);
}

TEST_CASE("every field path that is offered can be printed", "[app]") {
  const auto fields = udperf::report::field_paths();
  CHECK(fields.size() > 200);
  CHECK(udperf::report::check_fields(fields) == std::nullopt);
  CHECK(std::count(fields.begin(), fields.end(), "up.loss.packets") == 1);
}

TEST_CASE("bash completes commands, options, values, files and fields", "[app]") {
  const Shell bash{"bash", "udperf", udperf::app::bash_completion(udperf::report::field_paths())};
  REQUIRE(bash.installed());
  Words first = commands();
  first.insert({"--help", "--version"});
  CHECK(bash_offers(bash, {"udperf", ""}) == first);
  for (const auto& command : command_table()) {
    const std::string name{command.name};
    CAPTURE(name);
    if (command.make_raw != nullptr) {
      continue;  // its options are another program's
    }
    CHECK(bash_offers(bash, {"udperf", name, "-"}) == all_options(command, true));
  }
  CHECK(bash_offers(bash, {"udperf", "client", "--gso", ""}) == Words{"auto", "on", "off"});
  CHECK(bash_offers(bash, {"udperf", "client", "--gso", "=", "o"}) == Words{"on", "off"});
  CHECK(bash_offers(bash, {"udperf", "client", "--gso", "="}) == Words{"auto", "on", "off"});
  CHECK(bash_offers(bash, {"udperf", "server", "--log-level", "w"}) == Words{"warning"});
  CHECK(bash_offers(bash, {"udperf", "client", "--key-file", "a"}) == Words{"a key.key"});
  CHECK(bash_offers(bash, {"udperf", "keygen", "a"}) == Words{"a key.key"});
  CHECK(bash_offers(bash, {"udperf", "server", "--jsonl", "a"}) == Words{"a key.key"});
  CHECK(bash_offers(bash, {"udperf", "client", "--jsonl", "--csv"}) == Words{"--csv"});
  CHECK(bash_offers(bash, {"udperf", "client", "--size", ""}) == Words{""});
  CHECK(bash_offers(bash, {"udperf", "client", "--print", "up.tx.pac,up.loss.pack"})
            .count("up.tx.pac,up.loss.packets") == 1);
  CHECK(bash_offers(bash, {"udperf", "client", "--print", "goodput_b"}) == Words{"goodput_bps"});
}

TEST_CASE("fish completes commands, options, values, files and fields", "[app]") {
  const Shell fish{"fish", "udperf.fish",
                   udperf::app::fish_completion(udperf::report::field_paths())};
  if (!fish.installed()) {
    udperf::test::skip_test("fish is not installed");
    return;
  }
  CHECK(fish_offers(fish, "udperf ") == commands());
  for (const auto& command : command_table()) {
    CAPTURE(command.name);
    CHECK(fish_offers(fish, "udperf " + std::string{command.name} + " --") ==
          all_options(command, false));
  }
  CHECK(fish_offers(fish, "udperf client --gso ") == Words{"auto", "on", "off"});
  CHECK(fish_offers(fish, "udperf server --log-format ") == Words{"text", "json"});
  CHECK(fish_offers(fish, "udperf client --size ").empty());
  CHECK(fish_offers(fish, "udperf client --key-file a") == Words{"a key.key"});
  CHECK(fish_offers(fish, "udperf client --print up.tx.packets,goodput_b") ==
        Words{"up.tx.packets,goodput_bps"});
}

TEST_CASE("zsh takes the completion, and it hands over every option", "[app]") {
  const Shell zsh{"zsh", "_udperf", udperf::app::zsh_completion(udperf::report::field_paths())};
  if (!zsh.installed()) {
    udperf::test::skip_test("zsh is not installed");
    return;
  }
  // The functions of zsh's completion system, as far as they are called: they print what they get.
  const std::string stubs =
      "_arguments() { print -rl -- \"$@\" }; _values() { print -rl -- \"$@\" };"
      "_describe() { print -rl -- ${(P)2} }; functions[run]=\"$(<_udperf)\";";
  CHECK(zsh.words("zsh -n _udperf").empty());
  const auto first = zsh.run(stubs + "words=(udperf ''); CURRENT=2; run");
  for (const auto& name : commands()) {
    CHECK(first.out.find(name + ":") != std::string::npos);
  }
  for (const auto& command : command_table()) {
    const std::string name{command.name};
    const auto finished = zsh.run(
        std::string{stubs}.append("words=(udperf ").append(name).append(" ''); CURRENT=3; run"));
    CAPTURE(name, finished.err);
    CHECK(finished.err.empty());
    for (const auto* const option : udperf::app::options_of(command)) {
      const char* const opening = option->takes_bare() ? "=-[" : option->value.empty() ? "[" : "=[";
      CAPTURE(option->name);
      CHECK(finished.out.find(name_of(*option) + opening) != std::string::npos);
      if (!option->choices.empty()) {
        CHECK(finished.out.find("(" + std::string{option->choices} + ")\n") != std::string::npos);
      }
    }
  }
  const auto fields = zsh.run(stubs +
                              "words=(udperf client ''); CURRENT=3; run >/dev/null;"
                              "_udperf_fields");
  CHECK(fields.out.find("\nup.loss.packets\n") != std::string::npos);
}
