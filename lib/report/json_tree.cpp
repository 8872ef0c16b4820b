#include "report/json_tree.hpp"

#include <array>

#include "report/fields/parts.hpp"

namespace udperf::report {

const char* status_name(TestStatus status) {
  constexpr std::array kNames{"complete", "incomplete", "interrupted", "error"};
  return kNames[static_cast<std::size_t>(status)];
}

const char* direction_name(Direction direction) {
  constexpr std::array kNames{"", "up", "down", "both"};
  return kNames[static_cast<std::size_t>(direction)];
}

const char* error_name(ErrorCode code) {
  constexpr std::array kNames{"internal", "usage", "system", "unreachable", "refused", "cut_short"};
  return kNames[static_cast<std::size_t>(code)];
}

std::string dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json test_tree(const TestOutcome& outcome) {
  return tree_of(test_fields(), outcome);
}

Json direction_tree(const result::DirectionPart& part) {
  return tree_of(direction_fields(), part);
}

Json document_tree(const result::ResultDocument& document) {
  return tree_of(result_fields(), document);
}

}  // namespace udperf::report
