#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace udperf::test {

/// What a document breaks of docs/result.schema.json, one line each, as the library valijson finds
/// it; empty when it is valid.
[[nodiscard]] std::string schema_problems(const nlohmann::json& document);
/// The same of a line of --jsonl, by docs/events.schema.json.
[[nodiscard]] std::string event_schema_problems(const nlohmann::json& line);
/// The same of a line of a server, by docs/server-lines.schema.json.
[[nodiscard]] std::string server_line_schema_problems(const nlohmann::json& line);
/// The same of what a monitor answers, by docs/monitor.schema.json.
[[nodiscard]] std::string monitor_schema_problems(const nlohmann::json& answer);

}  // namespace udperf::test
