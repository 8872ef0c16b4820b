#include "report/fields/parts.hpp"

namespace udperf::report {
namespace {

using result::CallPart;
using result::VoicePart;
using result::WorstVoicePart;

}  // namespace

const Fields<result::WorstVoicePart>& worst_voice_fields() {
  static const Fields<result::WorstVoicePart> fields{
      {"stream", &WorstVoicePart::stream, {"Stream in which it is."}},
      {"start_s",
       &WorstVoicePart::start_s,
       {"Its begin, since the stream's first departure.", "s"}},
      {"end_s", &WorstVoicePart::end_s, {"Its end.", "s"}},
      {"loss_ratio",
       &WorstVoicePart::loss_ratio,
       {"What was not there in time, after the buffer.", "0..1", "", "nothing was sent"}},
      {"burst_ratio",
       &WorstVoicePart::burst_ratio,
       {"As in `voice`.", "", "ITU-T G.107 s7.5", "without loss, or when all was missed"}},
      {"r", &WorstVoicePart::r, {"As in `voice`.", "0..93.2", "ITU-T G.107", "as in `voice`"}},
      {"mos", &WorstVoicePart::mos, {"As in `voice`.", "1..4.5", "ITU-T G.107", "as in `voice`"}},
  };
  return fields;
}

const Fields<result::CallPart>& call_fields() {
  static const Fields<result::CallPart> fields{
      {"loss_ratio",
       &CallPart::loss_ratio,
       {"What was not there in time, after the buffer.", "0..1", "", "nothing was sent"}},
      {"r",
       &CallPart::r,
       {"As in `voice`, with the network's delay of the direction.", "0..93.2", "ITU-T G.107",
        "as in `voice`"}},
      {"mos", &CallPart::mos, {"As in `voice`.", "1..4.5", "ITU-T G.107 Annex B", "as r"}},
  };
  return fields;
}

// NOLINTNEXTLINE(readability-function-size): the rows of a table
const Fields<result::VoicePart>& voice_fields() {
  static const Fields<result::VoicePart> fields{
      {"codec",
       &VoicePart::codec,
       {"Which coder the listener is taken to have.", "", "", "", "g711 g711-plc g729 opus"}},
      {"ie",
       &VoicePart::ie,
       {"Its equipment impairment factor.", "", "ITU-T G.113 Appendix I",
        "Opus: there is no figure for it on this scale"}},
      {"bpl",
       &VoicePart::bpl,
       {"Its packet-loss robustness factor.", "", "ITU-T G.113 Appendix I", "as ie"}},
      {"buffer",
       &VoicePart::buffer,
       {"What the de-jitter buffer does.", "", "", "", "fixed adaptive"}},
      {"buffer_ns",
       &VoicePart::buffer_ns,
       {"Its delay above the least delay; of an adaptive one the mean over what arrived.", "ns", "",
        "nothing arrived"}},
      {"lost_packets", &VoicePart::lost_packets, {"Lost before the buffer, as `loss.packets`."}},
      {"discarded_packets",
       &VoicePart::discarded_packets,
       {"Arrived after their turn to be played: lost for the ear alone."}},
      {"loss_before_ratio",
       &VoicePart::loss_before_ratio,
       {"Share lost before the buffer.", "0..1", "", "nothing was sent"}},
      {"loss_after_ratio",
       &VoicePart::loss_after_ratio,
       {"Share lost or discarded; Ppl is 100 times this.", "0..1", "ITU-T G.107 s7.5",
        "nothing was sent"}},
      {"burst_ratio",
       &VoicePart::burst_ratio,
       {"BurstR after the buffer: mean run of missed packets times (1 - their share). 1 is random; "
        "the rating takes less than 1 for 1.",
        "", "ITU-T G.107 s7.5", "nothing was missed, or all of it"}},
      {"network_ns",
       &VoicePart::network_ns,
       {"The network's least delay one way.", "ns", "", "neither clocks nor probes told it"}},
      {"network_source",
       &VoicePart::network_source,
       {"Where that is from: the one-way delay where it is certain (`delay.absolute_valid`), else "
        "half of the least round trip.",
        "", "", "as network_ns", "one_way half_round_trip"}},
      {"ta_ns",
       &VoicePart::ta_ns,
       {"Ta, from mouth to ear: network, buffer, a packet (as long as lies between two) and the "
        "coder's look-ahead.",
        "ns", "ITU-T G.107", "as network_ns, or nothing arrived"}},
      {"idd",
       &VoicePart::idd,
       {"Impairment by delay, 0 up to 100 ms.", "", "ITU-T G.107 s7.4", "as ta_ns"}},
      {"ie_eff",
       &VoicePart::ie_eff,
       {"Impairment by coder and loss: Ie + (95 - Ie) Ppl / (Ppl / BurstR + Bpl).", "",
        "ITU-T G.107 s7.5", "as r"}},
      {"r",
       &VoicePart::r,
       {"Transmission rating: 93.2 - Idd - Ie,eff, not below 0.", "0..93.2", "ITU-T G.107",
        "the codec is Opus, nothing was sent, or as ta_ns"}},
      {"mos",
       &VoicePart::mos,
       {"Mean opinion score that R stands for: 1 bad, 4.5 the best there is. Of several streams "
        "that of their packets taken together.",
        "1..4.5", "ITU-T G.107 Annex B", "as r"}},
      {"mos_least",
       &VoicePart::mos_least,
       {"That of the call that sounded worst, the least `mos` of `streams`; `--fail-mos` is held "
        "against it.",
        "1..4.5", "ITU-T G.107 Annex B", "a call of which something was sent has none"}},
      {"worst",
       object<VoicePart>(&VoicePart::worst, worst_voice_fields(), "worst_voice"),
       {"The 10 s that sounded worst, looked for second by second; a shorter test, and a stream of "
        "which nothing arrived, as a whole. Of several streams the worst of any.",
        "", "", "nothing was sent"}},
  };
  return fields;
}

}  // namespace udperf::report
