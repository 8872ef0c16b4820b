#include "monitor/totals_codec.hpp"

#include <array>
#include <cstdint>
#include <string_view>

#include "base/saturating.hpp"
#include "monitor/byte_codec.hpp"

namespace udperf::monitor {
namespace {

/// Version 1 had 0 for losses that no round had told from the network's, version 2 no count of
/// rounds that were not asked.
constexpr std::uint64_t kTotalsVersion = 3;
/// Of a way: which of them are there.
constexpr std::uint64_t kKnowsRxSocket = 1;
constexpr std::uint64_t kKnowsTxHost = 2;
/// Of a histogram: no store has seen so many.
constexpr std::uint64_t kMostValues = INT64_MAX;

void put_times(std::string& out, const TimeHistogram& times) {
  std::uint64_t used = 0;
  for (std::size_t i = 0; i < TimeHistogram::kBuckets; ++i) {
    used += times.count(i) > 0 ? 1U : 0U;
  }
  put_number(out, used);
  if (used == 0) {
    return;
  }
  const auto totals = times.totals();
  put_signed(out, totals.sum_ns);
  put_signed(out, totals.min_ns);
  put_signed(out, totals.max_ns);
  std::size_t next = 0;
  for (std::size_t i = 0; i < TimeHistogram::kBuckets; ++i) {
    if (times.count(i) > 0) {
      put_number(out, i - next);
      put_number(out, times.count(i));
      next = i + 1;
    }
  }
}

void put_way(std::string& out, const WayTotals& way) {
  put_number(out,
             (way.lost_rx_socket ? kKnowsRxSocket : 0) | (way.lost_tx_host ? kKnowsTxHost : 0));
  put_number(out, way.sent);
  put_number(out, way.lost);
  for (const auto& known : {way.lost_rx_socket, way.lost_tx_host}) {
    if (known) {
      put_number(out, *known);
    }
  }
  for (const std::uint64_t value :
       {way.duplicates, way.reordered, way.late, way.sent_bytes, way.unique_bytes}) {
    put_number(out, value);
  }
  put_times(out, way.delay_variation);
  put_times(out, way.delay);
}

class Reader : public ByteReader {
 public:
  using ByteReader::ByteReader;

  TimeHistogram times() {
    const std::uint64_t used = number();
    if (used == 0) {
      return {};
    }
    TimeHistogram::Totals totals;
    totals.sum_ns = signed_number();
    totals.min_ns = signed_number();
    totals.max_ns = signed_number();
    std::array<std::uint64_t, TimeHistogram::kBuckets> counts{};
    std::size_t next = 0;
    std::uint64_t total = 0;
    for (std::uint64_t i = 0; i < used && good(); ++i) {
      const std::uint64_t skip = number();
      const std::uint64_t count = number();
      total = saturating_add(total, count);
      if (skip >= TimeHistogram::kBuckets || next + skip >= TimeHistogram::kBuckets || count == 0 ||
          total > kMostValues) {
        fail();
        break;
      }
      next += skip;
      counts.at(next++) = count;
    }
    if (totals.min_ns > totals.max_ns) {
      fail();
    }
    return TimeHistogram::of(counts, totals);
  }

  WayTotals way(std::uint64_t version) {
    WayTotals way;
    const std::uint64_t there = version > 1 ? number() : kKnowsRxSocket | kKnowsTxHost;
    way.sent = number();
    way.lost = number();
    if ((there & kKnowsRxSocket) != 0) {
      way.lost_rx_socket = number();
    }
    if ((there & kKnowsTxHost) != 0) {
      way.lost_tx_host = number();
    }
    way.duplicates = number();
    way.reordered = number();
    way.late = number();
    way.sent_bytes = number();
    way.unique_bytes = number();
    way.delay_variation = times();
    way.delay = times();
    if (way.lost > way.sent) {
      fail();
    }
    way.unique = way.sent - way.lost;  // the one that need not be kept
    return way;
  }
};

}  // namespace

std::string encode_totals(const Totals& totals) {
  std::string out;
  put_number(out, kTotalsVersion);
  for (const std::uint64_t count : totals.rounds) {
    put_number(out, count);
  }
  put_number(out, totals.not_asked);
  put_signed(out, totals.measured.count());
  put_way(out, totals.up);
  put_way(out, totals.down);
  put_number(out, totals.rtt_sent);
  put_times(out, totals.rtt);
  return out;
}

std::optional<Totals> decode_totals(std::string_view bytes) {
  Reader reader{bytes};
  const std::uint64_t version = reader.number();
  if (version < 1 || version > kTotalsVersion) {
    return std::nullopt;
  }
  Totals totals;
  for (std::uint64_t& count : totals.rounds) {
    count = reader.number();
  }
  totals.not_asked = version > 2 ? reader.number() : 0;
  totals.measured = Duration{reader.signed_number()};
  totals.up = reader.way(version);
  totals.down = reader.way(version);
  totals.rtt_sent = reader.number();
  totals.rtt = reader.times();
  const bool possible = totals.measured >= Duration{0};
  return possible && reader.good() && reader.at_end() ? std::optional{totals} : std::nullopt;
}

}  // namespace udperf::monitor
