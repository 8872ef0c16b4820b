#pragma once

#include <string_view>

namespace udperf::html {

// Made at build time from the files of the same names (lib/cmake/embed.cmake).
extern const std::string_view page_css;
extern const std::string_view page_js;
extern const std::string_view chart_js;
// Of the monitor's page.
extern const std::string_view monitor_html;
extern const std::string_view monitor_css;
extern const std::string_view monitor_js;

}  // namespace udperf::html
