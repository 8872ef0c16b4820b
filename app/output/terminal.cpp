#include "app/output/terminal.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/units.hpp"

namespace udperf::app {
namespace {

constexpr std::size_t kDefaultColumns = 80;

/// The value of an environment variable; empty where it is not set.
std::string environment(const char* name) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing in this program changes the environment
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace

Colors choose_colors(ColorMode mode, bool is_terminal) {
  if (mode != ColorMode::automatic) {
    return mode == ColorMode::always ? Colors::on : Colors::off;
  }
  const std::string term = environment("TERM");
  const bool dumb = term.empty() || term == "dumb";
  return is_terminal && environment("NO_COLOR").empty() && !dumb ? Colors::on : Colors::off;
}

Glyphs choose_glyphs() {
  std::string locale;
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    locale = locale.empty() ? environment(name) : locale;
  }
  std::transform(locale.begin(), locale.end(), locale.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const bool utf8 =
      locale.find("utf-8") != std::string::npos || locale.find("utf8") != std::string::npos;
  return utf8 ? Glyphs::unicode : Glyphs::ascii;
}

std::size_t terminal_columns(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    return size.ws_col;
  }
  constexpr std::uint64_t kMost = 10'000;
  const auto named = parse_integer(environment("COLUMNS"), 1, kMost);
  return named ? *named : kDefaultColumns;
}

os::Fd unhurried_terminal(int fd) {
  if (::isatty(fd) != 1) {
    return os::Fd{};
  }
  const std::string same = "/dev/fd/" + std::to_string(fd);
  return os::Fd{::open(same.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
}

}  // namespace udperf::app
