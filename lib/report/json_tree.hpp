#pragma once

#include <cmath>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "model/outcome.hpp"
#include "result/document.hpp"

namespace udperf::report {

using Json = nlohmann::ordered_json;

/// Null for what was not measured.
template <typename T>
[[nodiscard]] Json value(const std::optional<T>& v) {
  return v ? Json(*v) : Json(nullptr);
}
/// Strict JSON has no NaN and no infinity: such a number was not measured.
[[nodiscard]] inline Json value(const result::Number& v) {
  return v && std::isfinite(*v) ? Json(*v) : Json(nullptr);
}

/// The whole document; the key set is the same for every result of the same shape.
[[nodiscard]] Json document_tree(const result::ResultDocument& document);
[[nodiscard]] Json test_tree(const TestOutcome& outcome);
[[nodiscard]] Json direction_tree(const result::DirectionPart& part);

[[nodiscard]] Json search_tree(const std::optional<search::Answer>& answer);
/// The data of a `trial` event.
[[nodiscard]] Json trial_event(const search::TrialPart& trial, Way way);
/// What the answer's load adds to the median round trip, in ns; nothing where one is not known.
[[nodiscard]] std::optional<std::int64_t> added_delay(const search::Answer& answer);
[[nodiscard]] const char* step_name(search::Step step);

/// Text as it goes out: invalid UTF-8 from users or peers becomes U+FFFD instead of an exception.
[[nodiscard]] std::string dump(const Json& json, int indent);

[[nodiscard]] const char* status_name(TestStatus status);
[[nodiscard]] const char* direction_name(Direction direction);
/// "unreachable", "refused", ...: stable codes of errors.
[[nodiscard]] const char* error_name(ErrorCode code);

/// Sixteen hex digits.
[[nodiscard]] std::string session_name(std::uint64_t session);

}  // namespace udperf::report
