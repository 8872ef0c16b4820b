#include "report/fields/parts.hpp"

namespace udperf::report {

const Fields<result::OmittedPart>& omitted_fields() {
  using result::OmittedPart;
  static constexpr std::string_view kNoReport = "the receiver's report is missing";
  static const Fields<result::OmittedPart> fields{
      {"sent", &OmittedPart::sent, {"Datagrams sent.", "", "", "neither end told"}},
      {"sent_bytes",
       &OmittedPart::sent_bytes,
       {"Their payload bytes.", "B", "", "the sender's report is missing"}},
      {"unique", &OmittedPart::unique, {"First copies that arrived.", "", "", kNoReport}},
      {"unique_bytes", &OmittedPart::unique_bytes, {"Their payload bytes.", "B", "", kNoReport}},
      {"lost", &OmittedPart::lost, {"Sent and never arrived.", "", "", kNoReport}},
      {"duplicates", &OmittedPart::duplicates, {"Further copies.", "", "", kNoReport}},
      {"reordered",
       &OmittedPart::reordered,
       {"First copies that came after a later one.", "", "", kNoReport}},
      {"late", &OmittedPart::late, {"Came after Tmax: lost.", "", "", kNoReport}},
      {"invalid", &OmittedPart::invalid, {"Of impossible number or length.", "", "", kNoReport}},
  };
  return fields;
}

}  // namespace udperf::report
