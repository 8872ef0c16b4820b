#include "app/commands/open_files.hpp"

#include <utility>

namespace udperf::app {
namespace {

std::unique_ptr<ProgressLine> make_progress(const ClientCommand& command) {
  const auto terminal = ProgressLine::stderr_terminal();
  if (!terminal || command.output.verbosity != Verbosity::normal) {
    return nullptr;
  }
  const ProgressLine::Style style{choose_colors(command.output.color, true), choose_glyphs()};
  return std::make_unique<ProgressLine>(*terminal, whole_amount(command.options.params), style);
}

}  // namespace

Result<OpenFiles> open_files(const ClientCommand& command, const Clock& clock,
                             const engine::StopToken& stop) {
  LogOptions log_options = command.log;
  if (command.output.verbosity == Verbosity::quiet && !log_options.file &&
      log_options.level == LogLevel::warning) {  // any other level was asked for
    log_options.level = LogLevel::error;
  }
  auto progress = make_progress(command);
  auto log = Log::open(log_options, clock, progress.get());
  if (!log) {
    return tl::unexpected<Error>{log.error()};
  }
  std::optional<crypto::Key> key;
  if (command.key_file) {
    const auto bytes = read_key_file(*command.key_file);
    if (!bytes) {
      return tl::unexpected<Error>{bytes.error()};
    }
    key = *bytes;
  }
  auto output = OutputFile::open(command.output.file, "--output", OutputFile::Mode::replace, &stop);
  if (!output) {
    return tl::unexpected<Error>{output.error()};
  }
  std::optional<WholeFile> page;
  if (command.output.page) {
    auto opened = WholeFile::open(command.output.page, "--report", &stop);
    if (!opened) {
      return tl::unexpected<Error>{opened.error()};
    }
    page.emplace(*std::move(opened));
  }
  return OpenFiles{std::move(progress), *std::move(log), *std::move(output), std::move(page), key};
}

}  // namespace udperf::app
