#pragma once

#include "report/fields/field.hpp"
#include "report/json_tree.hpp"
#include "report/writer.hpp"

namespace udperf::report {

// The rows of each part of the document, each part in a file of its own.

[[nodiscard]] const Fields<result::HostPart>& host_fields();
[[nodiscard]] const Fields<result::SendPausePart>& pause_fields();
[[nodiscard]] const Fields<result::TxPart>& tx_fields();
[[nodiscard]] const Fields<result::RxPart>& rx_fields();
[[nodiscard]] const Fields<result::LossPart>& loss_fields();
[[nodiscard]] const Fields<result::DuplicatesPart>& duplicates_fields();
[[nodiscard]] const Fields<result::ReorderingPart>& reordering_fields();
[[nodiscard]] const Fields<result::EcnPart>& ecn_fields();
[[nodiscard]] const Fields<result::JitterPart>& jitter_fields();
[[nodiscard]] const Fields<result::HistogramStep>& histogram_fields();
[[nodiscard]] const Fields<result::DelayPart>& variation_fields();
[[nodiscard]] const Fields<result::DelayPart>& delay_fields();
[[nodiscard]] const Fields<result::DelayPart>& idle_rtt_fields();
[[nodiscard]] const Fields<result::DelayPart>& loaded_rtt_fields();
[[nodiscard]] const Fields<result::PacingPart>& pacing_fields();
[[nodiscard]] const Fields<result::OmittedPart>& omitted_fields();
[[nodiscard]] const Fields<result::WorstVoicePart>& worst_voice_fields();
[[nodiscard]] const Fields<result::CallPart>& call_fields();
[[nodiscard]] const Fields<result::VoicePart>& voice_fields();
[[nodiscard]] const Fields<result::IntervalPart>& interval_fields();
[[nodiscard]] const Fields<result::OutagePart>& outage_fields();
[[nodiscard]] const Fields<result::IntervalPart>& stream_row_fields();
[[nodiscard]] const Fields<result::StreamPart>& stream_fields();
[[nodiscard]] const Fields<result::DirectionPart>& direction_fields();
[[nodiscard]] const Fields<search::TrialPart>& trial_fields();
[[nodiscard]] const Fields<search::SubInterval>& sub_interval_fields();
[[nodiscard]] const Fields<search::Capacity>& capacity_fields();
[[nodiscard]] const Fields<search::Answer>& search_fields();
[[nodiscard]] const Fields<search::SizeAnswer>& size_answer_fields();
[[nodiscard]] const Fields<result::RunPart>& run_fields();
[[nodiscard]] const Fields<result::RepeatsPart>& repeats_fields();
[[nodiscard]] const Fields<TestOutcome>& test_fields();
[[nodiscard]] const Fields<ClockEstimate>& clock_fields();
[[nodiscard]] const Fields<PathMtu>& mtu_fields();
[[nodiscard]] const Fields<Error>& error_fields();
[[nodiscard]] const Fields<Warning>& warning_fields();
[[nodiscard]] const Fields<result::Note>& note_fields();
[[nodiscard]] const Fields<result::RttPart>& rtt_fields();
[[nodiscard]] const Fields<result::FlowsPart>& flows_fields();
[[nodiscard]] const Fields<result::ResultDocument>& result_fields();
/// Of a `trial` event.
[[nodiscard]] std::vector<Described> trial_event_fields();
/// Of an `interval` event.
[[nodiscard]] const Fields<IntervalView>& live_interval_fields();
/// Of a server's `session` event.
[[nodiscard]] const Fields<SessionOutcome>& session_fields();

}  // namespace udperf::report
