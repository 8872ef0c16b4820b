#include <array>

#include "app/options/table.hpp"
#include "app/options/values.hpp"

namespace udperf::app {
namespace {

using Text = const std::string&;

Problem set_level(Text value, LogOptions& log) {
  constexpr std::array<Choice<LogLevel>, 4> kLevels{{{"error", LogLevel::error},
                                                     {"warning", LogLevel::warning},
                                                     {"info", LogLevel::info},
                                                     {"debug", LogLevel::debug}}};
  return store_choice(value, kLevels, log.level);
}

Problem set_format(Text value, LogOptions& log) {
  constexpr std::array<Choice<LogFormat>, 2> kFormats{
      {{"text", LogFormat::text}, {"json", LogFormat::json}}};
  return store_choice(value, kFormats, log.format);
}

constexpr unsigned kLogging = kBoth | kMonitor;
constexpr unsigned kAll = kLogging | kKeygen | kReport | kCompare | kProfiles;

constexpr auto kLoggingRows = std::to_array<OptionSpec>({
    {.name = "log-level",
     .value = "LEVEL",
     .help = "error, warning, info or debug",
     .fallback = "warning",
     .commands = kClient,
     .choices = "error warning info debug",
     .set = set_level},
    {.name = "log-level",
     .value = "LEVEL",
     .help = "error, warning, info or debug",
     .fallback = "info",
     .commands = kServer | kMonitor,
     .choices = "error warning info debug",
     .set = set_level},
    {.name = "log-format",
     .value = "FORMAT",
     .help = "text or json",
     .fallback = "text",
     .commands = kLogging,
     .choices = "text json",
     .set = set_format},
    {.name = "log-file",
     .value = "FILE",
     .help = "append to FILE; what nobody read of a pipe is lost",
     .fallback_text = "stderr",
     .commands = kLogging,
     .set = [](Text v, LogOptions& log) { return store_text(v, "file name", log.file); }},
    {.letter = 'h',
     .name = "help",
     .help = "-h: one screen; --help: everything, then exit",
     .commands = kAll,
     .of_parser = true},
    {.letter = 'V',
     .name = "version",
     .help = "print the version and exit",
     .commands = kAll,
     .of_parser = true},
});

static_assert(all_set(kLoggingRows));

}  // namespace

std::span<const OptionSpec> logging_rows() {
  return kLoggingRows;
}

}  // namespace udperf::app
