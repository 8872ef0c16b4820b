#include "monitor/totals_codec.hpp"

#include <array>
#include <string_view>

namespace udperf::monitor {
namespace {

constexpr std::uint64_t kVersion = 1;

/// Seven bits a byte, low ones first (as in protocol buffers).
void put(std::string& out, std::uint64_t value) {
  while (value >= 0x80U) {
    out += static_cast<char>((value & 0x7fU) | 0x80U);
    value >>= 7U;
  }
  out += static_cast<char>(value);
}

/// Small numbers of either sign are short ("zigzag").
void put_signed(std::string& out, std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  put(out, (bits << 1U) ^ (value < 0 ? ~std::uint64_t{0} : 0));
}

void put(std::string& out, const TimeHistogram& times) {
  std::uint64_t used = 0;
  for (std::size_t i = 0; i < TimeHistogram::kBuckets; ++i) {
    used += times.count(i) > 0 ? 1U : 0U;
  }
  put(out, used);
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
      put(out, i - next);
      put(out, times.count(i));
      next = i + 1;
    }
  }
}

void put(std::string& out, const WayTotals& way) {
  for (const std::uint64_t value :
       {way.sent, way.lost, way.lost_rx_socket, way.lost_tx_host, way.duplicates, way.reordered,
        way.late, way.sent_bytes, way.unique_bytes}) {
    put(out, value);
  }
  put(out, way.delay_variation);
  put(out, way.delay);
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}

  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] bool at_end() const { return left_.empty(); }

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (left_.empty()) {
        break;
      }
      const auto byte = static_cast<std::uint8_t>(left_.front());
      left_.remove_prefix(1);
      if (shift == 63 && byte > 1) {
        break;  // of more than 64 bits
      }
      value |= std::uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80U) {
        return value;
      }
    }
    good_ = false;
    left_ = {};
    return 0;
  }

  std::int64_t signed_number() {
    const std::uint64_t bits = number();
    return static_cast<std::int64_t>((bits >> 1U) ^ ((bits & 1U) != 0 ? ~std::uint64_t{0} : 0));
  }

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
    for (std::uint64_t i = 0; i < used && good_; ++i) {
      const std::uint64_t skip = number();
      const std::uint64_t count = number();
      if (skip >= TimeHistogram::kBuckets || next + skip >= TimeHistogram::kBuckets || count == 0) {
        good_ = false;
        break;
      }
      next += skip;
      counts.at(next++) = count;
    }
    return TimeHistogram::of(counts, totals);
  }

  WayTotals way() {
    WayTotals way;
    way.sent = number();
    way.lost = number();
    way.lost_rx_socket = number();
    way.lost_tx_host = number();
    way.duplicates = number();
    way.reordered = number();
    way.late = number();
    way.sent_bytes = number();
    way.unique_bytes = number();
    way.delay_variation = times();
    way.delay = times();
    good_ = good_ && way.lost <= way.sent;
    way.unique = way.sent - way.lost;  // the one that need not be kept
    return way;
  }

 private:
  std::string_view left_;
  bool good_ = true;
};

}  // namespace

std::string encode_totals(const Totals& totals) {
  std::string out;
  put(out, kVersion);
  for (const std::uint64_t count : totals.rounds) {
    put(out, count);
  }
  put_signed(out, totals.measured.count());
  put(out, totals.up);
  put(out, totals.down);
  put(out, totals.rtt_sent);
  put(out, totals.rtt);
  return out;
}

std::optional<Totals> decode_totals(std::string_view bytes) {
  Reader reader{bytes};
  if (reader.number() != kVersion) {
    return std::nullopt;
  }
  Totals totals;
  for (std::uint64_t& count : totals.rounds) {
    count = reader.number();
  }
  totals.measured = Duration{reader.signed_number()};
  totals.up = reader.way();
  totals.down = reader.way();
  totals.rtt_sent = reader.number();
  totals.rtt = reader.times();
  return reader.good() && reader.at_end() ? std::optional{totals} : std::nullopt;
}

}  // namespace udperf::monitor
