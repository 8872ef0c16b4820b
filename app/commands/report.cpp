#include <cstdio>
#include <string>

#include "app/commands/commands.hpp"
#include "app/exit_code.hpp"
#include "app/options/commands.hpp"
#include "app/options/rules.hpp"
#include "app/output/files.hpp"
#include "app/output/whole_file.hpp"
#include "html/report_page.hpp"
#include "iperf3/from_result.hpp"
#include "iperf3/report_json.hpp"

namespace udperf::app {
namespace {

Result<std::string> iperf3_document(const std::string& result) {
  return iperf3::record_of_result(result).map([](const iperf3::TestRecord& record) {
    if (record.rows_left_out != 0) {
      std::fprintf(stderr,
                   "udperf: warning: %s intervals are left out: there is room for %zu rows\n",
                   std::to_string(record.rows_left_out).c_str(), iperf3::TestRecord::kMostRows);
    }
    return iperf3::report_json(record);
  });
}

}  // namespace

Invocation make_report(const Arguments& arguments) {
  if (arguments.words.empty()) {
    return UsageError{"FILE is missing: the result of a test, as --json or --jsonl wrote it; " +
                      see_help(Command::report)};
  }
  ReportCommand command;
  command.input = arguments.words.front();
  if (auto problem = apply_options(Command::report, arguments.options, command)) {
    return UsageError{*std::move(problem)};
  }
  return command;
}

int run_command(const ReportCommand& command) {
  const auto text = read_file(command.input, html::kMostInput);
  if (!text) {
    return report_failure(text.error());
  }
  auto document = html::find_document(*text);
  if (!document) {
    Error error = document.error();
    error.what = command.input + ": " + error.what;
    return report_failure(error);
  }
  auto output = WholeFile::open(command.output, "--output");
  if (!output) {
    return report_failure(output.error());
  }
  Result<std::string> page =
      command.iperf3_json ? iperf3_document(*document) : html::report_page(*document);
  if (!page) {
    Error error = page.error();
    error.what = command.input + ": " + error.what;
    return report_failure(error);
  }
  if (const auto done = output->write(*page); !done) {
    return report_failure(done.error());
  }
  return exit_ok;
}

}  // namespace udperf::app
