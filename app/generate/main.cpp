// Writes the manual pages and the shell completions of this version into a folder, for the build;
// with --docs, the schemas and the tables of docs/metrics.md and docs/protocol.md into the sources.

#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "app/generate/completion.hpp"
#include "app/generate/man_page.hpp"
#include "app/options/commands.hpp"
#include "classic/run_report.hpp"
#include "report/fields/walk.hpp"
#include "report/writer.hpp"
#include "wire/protocol_tables.hpp"

namespace {

void write(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream out{file, std::ios::binary};
  out << text;
  if (!out.flush()) {
    throw std::runtime_error{"cannot write " + file.string()};
  }
}

void generate(const std::filesystem::path& folder, const udperf::app::ManHead& head) {
  write(folder / "man/udperf.1", udperf::app::program_man_page(head));
  for (const auto& command : udperf::app::command_table()) {
    write(folder / "man" / ("udperf-" + std::string{command.name} + ".1"),
          udperf::app::command_man_page(command.command, head));
  }
  const auto fields = udperf::report::field_paths();
  write(folder / "completions/udperf.bash", udperf::app::bash_completion(fields));
  write(folder / "completions/_udperf", udperf::app::zsh_completion(fields));
  write(folder / "completions/udperf.fish", udperf::app::fish_completion(fields));
}

std::string read(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (text.empty()) {
    throw std::runtime_error{"cannot read " + file.string()};
  }
  return text;
}

/// What follows from the field table and from the codec, and is checked in.
void generate_docs(const std::filesystem::path& docs) {
  const auto metrics = read(docs / "metrics.md");
  const auto protocol = read(docs / "protocol.md");
  write(docs / "metrics.md", udperf::report::with_tables(metrics));
  write(docs / "protocol.md", udperf::wire::with_wire_tables(protocol));
  write(docs / "result.schema.json", udperf::report::schema_text());
  write(docs / "events.schema.json", udperf::report::events_schema_text());
  write(docs / "server-lines.schema.json",
        udperf::report::server_lines_schema_text(udperf::classic::described_run()));
}

}  // namespace

int main(int argc, char** argv) {
  const bool docs = argc == 3 && std::string{argv[1]} == "--docs";
  if (argc != 4 && !docs) {
    std::fputs("usage: udperf_generate FOLDER DATE VERSION\n       udperf_generate --docs docs\n",
               stderr);
    return 2;
  }
  try {
    if (docs) {
      generate_docs(argv[2]);
    } else {
      generate(argv[1], {argv[2], argv[3]});
    }
    return 0;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "udperf_generate: %s\n", problem.what());
    return 1;
  }
}
