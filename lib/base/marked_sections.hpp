#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace udperf {

/// The page with what stands between its marks made anew: `make` is called with the words of each
/// line that begins with `begin`, up to " -->", and what it returns stands between that line and
/// the next `end`.
[[nodiscard]] std::string with_marked_sections(
    const std::string& page, std::string_view begin, std::string_view end,
    const std::function<std::string(const std::string& words)>& make);

}  // namespace udperf
