#include "base/marked_sections.hpp"

namespace udperf {

std::string with_marked_sections(const std::string& page, std::string_view begin,
                                 std::string_view end,
                                 const std::function<std::string(const std::string& words)>& make) {
  constexpr std::string_view kClose = " -->";
  std::string out;
  std::size_t at = 0;
  while (true) {
    const auto first = page.find(begin, at);
    const auto line = first != std::string::npos ? page.find('\n', first) : std::string::npos;
    const auto last = line != std::string::npos ? page.find(end, line) : std::string::npos;
    if (last == std::string::npos) {
      return out + page.substr(at);
    }
    std::string words = page.substr(first + begin.size(), line - first - begin.size());
    if (words.ends_with(kClose)) {
      words.resize(words.size() - kClose.size());
    }
    out += page.substr(at, line + 1 - at);
    out += make(words);
    at = last;
  }
}

}  // namespace udperf
