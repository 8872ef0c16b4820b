#pragma once

#include <string_view>

namespace udperf::html {

// Made at build time from the files of the same names, the scripts from the parts that
// lib/cmake/html.cmake names.
/// The report page, with a marker for each part in the order in which they follow below: @STYLE@,
/// @DOCUMENT@, @LIBRARY@ and @SCRIPT@.
extern const std::string_view page_html;
extern const std::string_view page_css;
extern const std::string_view page_js;
extern const std::string_view chart_js;
// Of the monitor's page.
extern const std::string_view monitor_html;
extern const std::string_view monitor_css;
extern const std::string_view monitor_js;

}  // namespace udperf::html
