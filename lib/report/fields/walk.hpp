#pragma once

#include <string>
#include <vector>

#include "report/fields/field.hpp"

namespace udperf::report {

/// Every field of the document, the table that all the rest is made of.
[[nodiscard]] const std::vector<Described>& document_fields();

/// docs/result.schema.json.
[[nodiscard]] std::string schema_text();

/// docs/events.schema.json: of one line of --jsonl.
[[nodiscard]] std::string events_schema_text();

/// docs/server-lines.schema.json: of one line of a server, for the file of --jsonl or for
/// --ready-fd. `guest_run`: the data of a `session` of a client that spoke another protocol on
/// udperf's own port.
[[nodiscard]] std::string server_lines_schema_text(const std::vector<Described>& guest_run);

/// docs/metrics.md with its tables made anew: what stands between a line
/// `<!-- fields: NAME NAME ... -->` and `<!-- end of fields -->`. A name is a dotted path, of which
/// everything below is listed, too; with "=" before it only itself. A path that is not there is
/// left in the text as an error that a reader cannot miss.
[[nodiscard]] std::string with_tables(const std::string& page);

/// The paths of the CSV's columns, in their order.
[[nodiscard]] std::vector<std::string> csv_columns();

}  // namespace udperf::report
