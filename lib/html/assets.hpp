#pragma once

#include <string_view>

namespace udperf::html {

// Made at build time from the files of the same names (lib/cmake/embed.cmake).
extern const std::string_view page_css;
extern const std::string_view page_js;
extern const std::string_view chart_js;

}  // namespace udperf::html
