#pragma once

#include <nlohmann/json_fwd.hpp>

#include "monitor/target.hpp"
#include "monitor/target_watch.hpp"
#include "monitor/totals.hpp"

namespace udperf::monitor {

// What JSON lines, the API and `--once --json` say. What was not measured is null.

using Json = nlohmann::ordered_json;

[[nodiscard]] Json to_json(const RoundResult& round, const Target& target);
[[nodiscard]] Json to_json(const Event& event, const Target& target);
/// The sums of a span of time that began at `start`.
[[nodiscard]] Json to_json(const Totals& totals, UnixTime start, Duration span);
/// Of one round out of a history, whose totals are its own books.
[[nodiscard]] Json to_json(const Totals& totals, const RoundFigures& figures, UnixTime start,
                           Duration span);

/// A line of the file, its end included: {"event":...,"t_unix_ns":...,"seq":...,"data":{...}}
[[nodiscard]] std::string json_line(const char* event, UnixTime time, std::uint64_t sequence,
                                    Json data);
/// Text of any document; bytes that are no UTF-8 are replaced.
[[nodiscard]] std::string dump(const Json& document);

}  // namespace udperf::monitor
