#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace udperf::html {

/// A result document larger than this is refused, in bytes.
inline constexpr std::size_t kMostInput = std::size_t{64} << 20U;

/// One self-contained page that draws the document: styles, charting library and document are in
/// it, and nothing is fetched. `document`: strict JSON, schema udperf/1. Nothing in it can become
/// markup or script.
[[nodiscard]] std::string report_page(std::string_view document);

/// What stands between the tags of the page's scripts and of its style, whatever the document is: a
/// server can allow these and nothing else.
struct InlineParts {
  std::string style;
  std::string library;
  std::string script;
};
[[nodiscard]] InlineParts report_inline_parts();

/// The same page of two documents, the newer one's figures and both ones' curves over each other;
/// `comparison`: the JSON of compare::to_json().
[[nodiscard]] std::string comparison_page(std::string_view before, std::string_view after,
                                          std::string_view comparison);

/// The result document in what a file holds: a document (`--json`), or the last `end` or `error`
/// event of a stream of them (`--jsonl`). An error says what was expected. The file may be
/// anyone's.
[[nodiscard]] Result<std::string> find_document(std::string_view text);

}  // namespace udperf::html
