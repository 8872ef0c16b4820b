#include "compare/compare.hpp"

#include <cstdio>
#include <string>

#include <nlohmann/json.hpp>

#include "app/commands/commands.hpp"
#include "app/exit_code.hpp"
#include "app/options/commands.hpp"
#include "app/options/rules.hpp"
#include "app/output/files.hpp"
#include "app/output/whole_file.hpp"
#include "html/report_page.hpp"

namespace udperf::app {
namespace {

Result<std::string> read_document(const std::string& file) {
  const auto text = read_file(file, html::kMostInput);
  if (!text) {
    return tl::unexpected{text.error()};
  }
  auto document = html::find_document(*text);
  if (!document) {
    Error error = document.error();
    error.what = file + ": " + error.what;
    return tl::unexpected{std::move(error)};
  }
  return document;
}

Result<void> write_page(const CompareCommand& command, const std::string& before,
                        const std::string& after, const std::string& comparison) {
  auto page = WholeFile::open(command.page, "--report");
  if (!page) {
    return tl::unexpected{page.error()};
  }
  return page->write(html::comparison_page(before, after, comparison));
}

/// A limit of what the old file has not could never be missed: it was not meant so.
int status_of(const compare::Comparison& comparison) {
  if (comparison.failed()) {
    return exit_threshold;
  }
  const auto unjudged = comparison.unjudged();
  for (const std::string& metric : unjudged) {
    std::fprintf(stderr, "udperf: --fail-worse %s: OLD has not measured it\n", metric.c_str());
  }
  return unjudged.empty() ? exit_ok : exit_usage;
}

}  // namespace

Invocation make_compare(const Arguments& arguments) {
  if (arguments.words.size() < 2) {
    return UsageError{"OLD and NEW are needed: two results, as --json or --jsonl wrote them; " +
                      see_help(Command::compare)};
  }
  CompareCommand command;
  command.before = arguments.words[0];
  command.after = arguments.words[1];
  if (command.before == "-" && command.after == "-") {
    return UsageError{"OLD and NEW: only one of them can be stdin (-)"};
  }
  if (auto problem = apply_options(Command::compare, arguments.options, command)) {
    return UsageError{*std::move(problem)};
  }
  if (command.page == "-") {
    return UsageError{"--report -: stdout has the comparison; give the page a file"};
  }
  return command;
}

int run_command(const CompareCommand& command) {
  const auto before = read_document(command.before);
  const auto after = before ? read_document(command.after) : before;
  if (!after) {
    return report_failure(after.error());
  }
  const auto comparison =
      compare::compare(compare::Json::parse(*before), compare::Json::parse(*after), command.limits);
  const std::string json = compare::to_json(comparison, command.before, command.after);
  if (command.page) {
    if (const auto done = write_page(command, *before, *after, json); !done) {
      return report_failure(done.error());
    }
  }
  const std::string text =
      command.json ? json : compare::to_text(comparison, command.before, command.after);
  const int printed = print_to_stdout(text);
  return printed == exit_ok ? status_of(comparison) : printed;
}

}  // namespace udperf::app
