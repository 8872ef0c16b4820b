#include "support/strict_json.hpp"

#include <set>
#include <vector>

namespace udperf::test {

Result<nlohmann::json> parse_strict_json(std::string_view text) {
  using Event = nlohmann::json::parse_event_t;
  std::vector<std::set<std::string>> open;  // the keys of each object that is not closed yet
  std::string twice;
  const auto watch = [&](int /*depth*/, Event event, nlohmann::json& parsed) {
    if (event == Event::object_start) {
      open.emplace_back();
    } else if (event == Event::object_end) {
      open.pop_back();
    } else if (event == Event::key && !open.back().insert(parsed.get<std::string>()).second) {
      twice = parsed.get<std::string>();
    }
    return true;
  };
  auto document = nlohmann::json::parse(text, watch, /*allow_exceptions=*/false);
  if (document.is_discarded()) {
    return tl::unexpected(Error{ErrorCode::internal, "not JSON: " + std::string{text}, 0, {}});
  }
  if (!twice.empty()) {
    return tl::unexpected(Error{ErrorCode::internal, "key comes twice: " + twice, 0, {}});
  }
  return document;
}

}  // namespace udperf::test
