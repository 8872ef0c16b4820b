#pragma once

#include <optional>
#include <string>

#include "model/outcome.hpp"
#include "report/fields/field.hpp"
#include "result/document.hpp"

namespace udperf::report {

/// The whole document; the key set is the same for every result of the same shape.
[[nodiscard]] Json document_tree(const result::ResultDocument& document);
[[nodiscard]] Json test_tree(const TestOutcome& outcome);
[[nodiscard]] Json direction_tree(const result::DirectionPart& part);

/// The data of a `trial` event.
[[nodiscard]] Json trial_event(const search::TrialPart& trial, Way way);
/// What a size's answer is in datagrams; nothing where it has none.
[[nodiscard]] std::optional<double> packets_per_second(const search::SizeAnswer& size);
/// What the answer's load adds to the median round trip, in ns; nothing where one is not known.
[[nodiscard]] std::optional<std::int64_t> added_delay(const search::Answer& answer);
[[nodiscard]] const char* step_name(search::Step step);

/// Text as it goes out: invalid UTF-8 from users or peers becomes U+FFFD instead of an exception.
[[nodiscard]] std::string dump(const Json& json, int indent);

[[nodiscard]] const char* status_name(TestStatus status);
[[nodiscard]] const char* direction_name(Direction direction);
/// "unreachable", "refused", ...: stable codes of errors.
[[nodiscard]] const char* error_name(ErrorCode code);

}  // namespace udperf::report
