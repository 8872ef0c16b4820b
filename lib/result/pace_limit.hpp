#pragma once

#include <optional>
#include <string>

#include "result/document.hpp"

namespace udperf::result {

// Of the verdict: what set the pace of a direction's sender, and what of it the hosts did.

[[nodiscard]] const char* way_word(Way way);

/// "the sending host was busy (its threads waited for a processor 23.00 % of the time)"; empty
/// where it was not, or nobody knows.
[[nodiscard]] std::string sender_busy(const DirectionPart& part);
[[nodiscard]] std::string receiver_busy(const DirectionPart& part);
/// Both hosts', joined by a comma.
[[nodiscard]] std::string hosts_busy(const DirectionPart& part);
/// "sentence; evidence", or the sentence alone.
[[nodiscard]] std::string with_evidence(const std::string& sentence, const std::string& busy);

struct PaceLimit {
  Verdict verdict;
  double share = 0;  ///< of what could have been sent, or of the time, as far as it is known
};

/// A sender that got nothing out for a good part of the time: there the limit is, whatever was
/// lost. Where the receiver was silent, whose fault that was is not known.
[[nodiscard]] std::optional<Verdict> stood_still(const DirectionPart& part, Way way);

/// A sender that did not reach the rate that was asked for, and why; nothing where it did, or the
/// test was too short to tell.
[[nodiscard]] std::optional<PaceLimit> shortfall(const DirectionPart& part,
                                                 const ResultDocument& document);

/// What kept a sender without a rate from sending more: something always did.
[[nodiscard]] PaceLimit full_speed_limit(const DirectionPart& part);

}  // namespace udperf::result
