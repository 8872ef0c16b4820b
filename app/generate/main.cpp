// Writes the manual pages and the shell completions of this version into a folder, for the build.

#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "app/completion.hpp"
#include "app/man_page.hpp"
#include "app/options/commands.hpp"
#include "report/writer.hpp"

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

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: udperf_generate FOLDER DATE VERSION\n", stderr);
    return 2;
  }
  try {
    generate(argv[1], {argv[2], argv[3]});
    return 0;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "udperf_generate: %s\n", problem.what());
    return 1;
  }
}
