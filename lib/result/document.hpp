#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/outcome.hpp"
#include "result/direction_part.hpp"
#include "result/flows.hpp"
#include "result/repeats.hpp"
#include "search/answer.hpp"

namespace udperf::result {

// The result document, schema udperf/1: what a test came to, in the shape in which it is published
// (docs/metrics.md has every field's meaning, unit and source). An absent optional was not
// measured; a 0 is a measured 0.

/// Round trips of small probes, measured by the client.
struct RttPart {
  DelayPart idle;
  DelayPart loaded;
  std::optional<std::string> timestamps;  ///< "kernel" or "user"
  Number loss_ratio;
  Nanoseconds bloat_ns;                     ///< what the load adds to the median round trip
  std::optional<std::string> bloat_grade;   ///< "A+" to "F"
  std::optional<std::string> bloat_source;  ///< "probes" or "data": which of them it comes from
};

/// Why a field of the document is null, or is less than it seems.
struct Note {
  std::string field;    ///< dotted path; of an object: all that is null in it
  std::string code;     ///< stable, e.g. "no_report"
  std::string message;  ///< a sentence
};

/// All of it. What stands beside `test`, `up` and `down` is what a reader looks at first.
struct ResultDocument {
  std::string version;
  TestStatus status = TestStatus::error;
  std::optional<Error> error;
  Count retry_after_ms;
  std::vector<Warning> warnings;
  std::vector<Note> notes;
  Number goodput_bps;
  Number loss_percent;
  std::optional<std::string> limited_by;
  std::string verdict;  ///< one sentence for people
  TestOutcome test;     ///< who, when, with which parameters; its reports are digested below
  std::optional<DirectionPart> up;
  std::optional<DirectionPart> down;
  RttPart rtt;
  Number kilobytes_per_second;
  std::optional<std::string> classic_answer;  ///< what a classic server said, as it came
  std::optional<FlowsPart> flows;             ///< only with --flows
  std::optional<RepeatsPart> repeats;         ///< only with --repeat, in the last run's document
  std::optional<search::Answer> search;       ///< --find-rate; the rest is the confirming run's
  std::optional<search::Answer> search_down;  ///< of the second direction, where both were searched
  std::vector<search::SizeAnswer> search_sizes;  ///< with --sizes: of each, by direction
};

/// Makes the document of a finished test, whatever way it ended. Pure. Books that do not balance
/// become the warning "books_do_not_balance".
[[nodiscard]] ResultDocument build_result(const TestOutcome& outcome);

/// How the clocks of a direction's two ends relate; absent where that is not known.
struct ClockRelation {
  Nanoseconds theta_ns;  ///< the receiver's monotonic clock minus the sender's
  Nanoseconds uncertainty_ns;
};
/// What is sent one way, and over what.
struct WayTraffic {
  const TestParams& params;
  Way way = Way::up;
  IpFamily family = IpFamily::v4;
};
/// One direction from the reports of its streams.
[[nodiscard]] DirectionPart build_direction(const WayOutcome& way, const WayTraffic& traffic,
                                            const ClockRelation& clock);

/// Payload rate that arrived over the time that was asked for: a sender that stood still to the
/// end does not keep its rate. The directions' sum; absent where there is no rate.
[[nodiscard]] Number sustained_bps(const ResultDocument& document);

/// The lowest mean opinion score of the directions that ran; absent where one has none.
[[nodiscard]] Number worst_mos(const ResultDocument& document);

/// Of which half of a direction a peer is that speaks the iperf3 protocol.
enum class Iperf3Side : bool { sender, receiver };
/// Takes out of a direction what such a peer does not tell of its half. `tells_copies`: it counts
/// duplicates, which not every version does.
void keep_what_iperf3_tells(DirectionPart& part, Iperf3Side peer, bool tells_copies);

/// Which identity of docs/metrics.md the document breaks, if any: sent == unique + lost, the split
/// of the loss, the sums over intervals.
[[nodiscard]] std::optional<std::string> violated_identity(const ResultDocument& document);

/// "A+" to "F" on the scale of the DSLReports speed test (its FAQ 17930), for the delay that a load
/// adds.
[[nodiscard]] const char* bloat_grade(std::int64_t bloat_ns);

/// The reasons behind the nulls of a document.
[[nodiscard]] std::vector<Note> list_notes(const ResultDocument& document);

/// What limited a test: "network", "receiver_host", "sender_host", "none", or absent where that is
/// not known; and the sentence that explains it.
struct Verdict {
  std::optional<std::string> limited_by;
  std::string sentence;
};
/// From the figures that the document has by then; its own verdict is not looked at.
[[nodiscard]] Verdict judge(const ResultDocument& document);

}  // namespace udperf::result
