#pragma once

#include <string>

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

/// Text of an object with long lists, one item after the other: nothing but the text is kept of
/// them.
class LongJson {
 public:
  /// `head`: an object, not empty; its members come first.
  explicit LongJson(const Json& head);
  /// The member that the next items are in.
  void begin_list(const char* name);
  void add(const Json& item);
  [[nodiscard]] std::string take();

 private:
  std::string text_;  ///< all but what closes it
  bool in_list_ = false;
  bool first_ = true;
};

}  // namespace udperf::monitor
