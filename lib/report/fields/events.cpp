#include "report/fields/parts.hpp"
#include "report/writer.hpp"

namespace udperf::report {
namespace {

constexpr std::string_view kSentAlone = "only the sender tells what happens";

/// Per second of the row.
std::optional<double> row_bps(const IntervalView& row, std::uint64_t bytes) {
  const double length = row.end_s - row.start_s;
  return length > 0 ? std::optional{8.0 * static_cast<double>(bytes) / length} : std::nullopt;
}

/// What is known of arrivals: nothing where only the sender tells.
template <typename T>
auto arrived(T IntervalView::*count) {
  return [count](const IntervalView& row) {
    return row.sent_alone ? std::nullopt : std::optional{row.*count};
  };
}

}  // namespace

// NOLINTNEXTLINE(readability-function-size): the rows of a table
const Fields<IntervalView>& live_interval_fields() {
  static const Fields<IntervalView> fields{
      {"direction",
       [](const IntervalView& v) { return std::string{v.way == Way::up ? "up" : "down"}; },
       {"Which direction.", "", "", "", "up down"}},
      {"start_s", &IntervalView::start_s, {"Begin, since the first arrival.", "s"}},
      {"end_s", &IntervalView::end_s, {"End.", "s"}},
      {"packets",
       arrived(&IntervalView::packets),
       {"First copies that arrived.", "", "", kSentAlone}},
      {"payload_bytes",
       arrived(&IntervalView::payload_bytes),
       {"Their payload.", "B", "", kSentAlone}},
      {"goodput_bps",
       [](const IntervalView& v) {
         return v.sent_alone ? std::nullopt : row_bps(v, v.payload_bytes);
       },
       {"8 * payload_bytes / (end_s - start_s).", "bit/s", "",
        "the row has no length, or only the sender tells what happens"}},
      {"lost",
       arrived(&IntervalView::lost),
       {"Gaps that are not filled yet; what fills them later is taken off later rows.", "", "",
        kSentAlone}},
      {"duplicates",
       arrived(&IntervalView::duplicates),
       {"Copies beyond the first.", "", "", kSentAlone}},
      {"reordered",
       arrived(&IntervalView::reordered),
       {"Reordered first copies.", "", "", kSentAlone}},
      {"provisional",
       [](const IntervalView& /*of*/) { return true; },
       {"True: the figures are those of the moment."}},
      {"sent_packets",
       [](const IntervalView& v) {
         return v.sent_alone ? std::optional{v.sent_alone->packets} : std::nullopt;
       },
       {"Datagrams sent.", "", "", "the receiver tells what arrived"}},
      {"offered_bps",
       [](const IntervalView& v) {
         return v.sent_alone ? row_bps(v, v.sent_alone->payload_bytes) : std::nullopt;
       },
       {"8 * bytes sent / (end_s - start_s).", "bit/s", "",
        "the receiver tells what arrived, or the row has no length"}},
  };
  return fields;
}

}  // namespace udperf::report
