#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace udperf::app {

/// Whether a Host header calls this host by its address, as localhost or by one of these names.
/// A web page that has its own name answered with this host's address calls it by that name.
[[nodiscard]] bool is_called(std::string_view header, const std::vector<std::string>& names);

}  // namespace udperf::app
