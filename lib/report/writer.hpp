#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "model/outcome.hpp"
#include "result/document.hpp"

namespace udperf::report {

// Result documents as bytes. Everything here is pure: the caller writes. Every text ends in a line
// end where it is not empty. Numbers are the same under every locale.

/// One strict JSON document, schema udperf/1 (docs/result.schema.json), indented.
[[nodiscard]] std::string to_json(const result::ResultDocument& document);

struct TextStyle {
  bool color = false;
  int width = 80;        ///< columns; lines are not longer where that can be helped
  bool details = false;  ///< curves of rate and loss over time, a histogram of delay variation
  bool unicode = false;  ///< block characters may be used
};
/// What people read, without --json: a block of lines, each a label and its figures.
[[nodiscard]] std::string to_text(const result::ResultDocument& document, const TextStyle& style);

/// What several runs came to, as a block below theirs; "" where there was one.
[[nodiscard]] std::string repeats_to_text(const result::ResultDocument& document,
                                          const TextStyle& style);

/// What the searches found, as a block below the confirming run's; "" where nothing was searched.
[[nodiscard]] std::string search_to_text(const result::ResultDocument& document,
                                         const TextStyle& style);
/// "confirm   48.42 Mb/s for 3.10 s: 48.42 Mb/s arrived, 0 % lost, passed".
[[nodiscard]] std::string trial_line(const search::TrialPart& trial);

/// Names of the columns, and one row a test. Columns are only ever added, at the end.
[[nodiscard]] std::string csv_header();
[[nodiscard]] std::string to_csv(const result::ResultDocument& document);

/// The first of the dotted paths (`up.loss.packets`, `up.streams.0.rx.unique`) that no result can
/// have, as a sentence; nothing when all are fine.
[[nodiscard]] std::optional<std::string> check_fields(const std::vector<std::string>& fields);
/// Every path that leads to a value in a result with one element in each list, sorted; for shell
/// completion.
[[nodiscard]] std::vector<std::string> field_paths();
/// Bare values on one line with a space between: strings without quotes, `null` for what was not
/// measured or is not there in this result.
[[nodiscard]] Result<std::string> print_fields(const result::ResultDocument& document,
                                               const std::vector<std::string>& fields);

/// A row of live figures, provisional until the result.
struct IntervalView {
  Way way = Way::up;
  double start_s = 0;
  double end_s = 0;
  std::uint64_t packets = 0;
  std::uint64_t payload_bytes = 0;
  std::int64_t lost = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t reordered = 0;
  /// What was sent, where nothing is known yet of what arrived: the counts above are void then.
  struct Sent {
    std::uint64_t packets = 0;
    std::uint64_t payload_bytes = 0;
  };
  std::optional<Sent> sent_alone;
};
/// A table for what has 56 columns or more, else a narrower one.
[[nodiscard]] std::string interval_header(const TextStyle& style);
[[nodiscard]] std::string interval_line(const IntervalView& interval, const TextStyle& style);

/// `--jsonl`: one object a line as things happen. There is exactly one `end` or `error`, the last:
/// what is asked for after it is empty.
class JsonlWriter {
 public:
  [[nodiscard]] std::string start(const TestOutcome& outcome, UnixTime now);
  [[nodiscard]] std::string interval(const IntervalView& interval, UnixTime now);
  /// `trial`: one step of a search (--find-rate).
  [[nodiscard]] std::string trial(const search::TrialPart& trial, Way way, UnixTime now);
  /// `run`: the document of a test after which another follows (--repeat).
  [[nodiscard]] std::string run(const result::ResultDocument& document, UnixTime now);
  /// `end` with the result document, or `error` where the test never started.
  [[nodiscard]] std::string finish(const result::ResultDocument& document, UnixTime now);

 private:
  std::uint64_t seq_ = 0;
  bool finished_ = false;
};

/// The server's half of a finished session, for people and as one line of JSON.
[[nodiscard]] std::string session_to_text(const SessionOutcome& outcome);
[[nodiscard]] std::string session_to_json(const SessionOutcome& outcome);

}  // namespace udperf::report
