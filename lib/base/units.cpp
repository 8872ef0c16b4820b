#include "base/units.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <utility>

namespace udperf {
namespace {

/// A decimal number as it was written, without rounding: digits / 10^decimals, then the unit.
struct Decimal {
  std::uint64_t digits = 0;
  unsigned decimals = 0;
  bool fits = true;  ///< false: more digits than 64 bits hold
  std::string_view unit;
};

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::uint64_t kKilo = 1000;
constexpr std::uint64_t kMega = kKilo * kKilo;
constexpr std::uint64_t kGiga = kMega * kKilo;
constexpr std::uint64_t kKibi = 1024;

constexpr std::array<Unit, 7> kByteUnits{{{"B", 1},
                                          {"K", kKilo},
                                          {"M", kMega},
                                          {"G", kGiga},
                                          {"KiB", kKibi},
                                          {"MiB", kKibi* kKibi},
                                          {"GiB", kKibi* kKibi* kKibi}}};
constexpr std::array<Unit, 4> kBitUnits{{{"", 1}, {"K", kKilo}, {"M", kMega}, {"G", kGiga}}};
constexpr std::array<Unit, 3> kSmallBitUnits{
    {{"k", kKilo}, {"m", kMega}, {"g", kGiga}}};  // iperf's
constexpr std::array<Unit, 6> kTimeUnits{{{"us", kKilo},
                                          {"ms", kMega},
                                          {"", kGiga},
                                          {"s", kGiga},
                                          {"m", 60 * kGiga},
                                          {"h", 3600 * kGiga}}};

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 63U;
constexpr std::uint64_t kMaxRate = std::uint64_t{1} << 60U;  // as check_params() allows
constexpr std::uint64_t kMaxDurationNs = 366ULL * 24 * 3600 * kGiga;

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Reads "12", "1.5", ".5" and "1." with whatever follows as the unit; nothing when there is no
/// digit at the start. Zeros that mean nothing do not count against the 64 bits.
std::optional<Decimal> read_decimal(std::string_view text) {
  Decimal number;
  std::size_t i = 0;
  bool any = false;
  bool after_point = false;
  unsigned zeros = 0;  // held back until another digit shows that they matter
  const auto append = [&number](unsigned digit) {
    constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
    number.fits = number.fits && number.digits <= (kMax - digit) / 10;
    number.digits = number.fits ? number.digits * 10 + digit : kMax;
  };
  for (; i < text.size() && (is_digit(text[i]) || (text[i] == '.' && !after_point)); ++i) {
    if (text[i] == '.') {
      after_point = true;
      continue;
    }
    any = true;
    if (after_point && text[i] == '0') {
      ++zeros;
      continue;
    }
    for (; zeros > 0; --zeros, ++number.decimals) {
      append(0);
    }
    append(static_cast<unsigned>(text[i] - '0'));
    number.decimals += after_point ? 1 : 0;
  }
  if (!any) {
    return std::nullopt;
  }
  number.unit = text.substr(i);
  return number;
}

std::optional<std::uint64_t> factor_of(std::span<const Unit> units, std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) {
      return unit.factor;
    }
  }
  return std::nullopt;
}

enum class ScaleProblem : std::uint8_t { too_large, not_whole };

/// number * factor when that is a whole number of at most `limit`.
tl::expected<std::uint64_t, ScaleProblem> scale(const Decimal& number, std::uint64_t factor,
                                                std::uint64_t limit) {
  if (!number.fits) {
    return tl::unexpected<ScaleProblem>{ScaleProblem::too_large};
  }
  Uint128 value = Uint128{number.digits} * factor;
  for (unsigned i = 0; i < number.decimals; ++i) {
    if (value % 10 != 0) {
      return tl::unexpected<ScaleProblem>{ScaleProblem::not_whole};
    }
    value /= 10;
  }
  if (value > limit) {
    return tl::unexpected<ScaleProblem>{ScaleProblem::too_large};
  }
  return static_cast<std::uint64_t>(value);
}

std::string quoted_value(std::string_view text) {
  return text.empty() ? std::string{"(empty)"} : std::string{text};
}

std::string not_a_number(std::string_view text) {
  return "not a number: " + quoted_value(text);
}

/// What is said of a number with a unit, one kind of value after the other.
struct ValueWords {
  std::string_view noun;      ///< "size"
  std::string_view accepted;  ///< "a number with B, K, M, ..."
  std::string_view largest;   ///< "2^63 bytes"
  std::string_view smallest;  ///< the step that values are whole multiples of
};

constexpr ValueWords kSizeWords{"size", "a number with B, K, M, G, KiB, MiB or GiB, e.g. 10M",
                                "2^63 bytes", "byte"};
constexpr ValueWords kRateWords{
    "rate",
    "bit/s with or without K, M or G, e.g. 500M, or packets, e.g. 1000pps, unlimited or flood",
    "2^60", "bit/s (or 0.001 pps)"};
constexpr ValueWords kDurationWords{
    "duration", "a number with us, ms, s, m or h, e.g. 10s; without a unit it is seconds",
    "366 days", "nanosecond"};

std::string wrong_unit(const ValueWords& words, std::string_view text) {
  return "not a " + std::string{words.noun} + ": " + quoted_value(text) + "; accepted is " +
         std::string{words.accepted};
}

Result<std::uint64_t> scale_above_zero(const Decimal& number, std::uint64_t factor,
                                       std::uint64_t limit, const ValueWords& words) {
  const std::string noun{words.noun};
  const auto value = scale(number, factor, limit);
  if (!value) {
    return value.error() == ScaleProblem::too_large
               ? usage_error(noun + " must be at most " + std::string{words.largest})
               : usage_error(noun + " must be a whole number of one " +
                             std::string{words.smallest});
  }
  if (*value == 0) {
    return usage_error(noun + " must be above zero");
  }
  return *value;
}

bool is_bare(std::string_view text) {
  const auto digits = text.substr(text.starts_with('-') || text.starts_with('+') ? 1 : 0);
  const auto number = read_decimal(digits);
  return number && number->unit.empty();
}

/// `significant` digits of value, which is >= 0, rounded half to even of its binary value.
std::string fixed_digits(double value, int significant) {
  const int whole = value < 10 ? 1 : value < 100 ? 2 : value < 1000 ? 3 : 4;
  std::array<char, 64> buffer{};
  const int decimals = significant > whole ? significant - whole : 0;
  const auto [end, problem] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                            std::chars_format::fixed, decimals);
  return problem == std::errc{} ? std::string(buffer.data(), end) : std::string{"?"};
}

/// Whether the value would be written as 1000 or more with so many digits.
bool rounds_to_thousand(double value, int significant) {
  return value >= 1000 - 0.5 * std::pow(10.0, 3 - significant);
}

/// value in the largest of the units (each 1000 times the one before) that leaves at least 1.
std::string in_best_unit(double value, int significant, std::span<const std::string_view> units) {
  std::size_t unit = 0;
  while (unit + 1 < units.size() && rounds_to_thousand(value, significant)) {
    value /= 1000;
    ++unit;
  }
  // 9.9999 would otherwise be written with one digit too many, as 10.000.
  const double step = value < 10 ? 10 : value < 100 ? 100 : 1000;
  const double margin = 0.5 * step * std::pow(10.0, -significant);
  const bool grows = value < step && value >= step - margin && step < 1000;
  return fixed_digits(grows ? step : value, significant) + " " + std::string{units[unit]};
}

std::string padded(std::int64_t value, std::size_t width) {
  std::string digits = std::to_string(value);
  return std::string(digits.size() < width ? width - digits.size() : 0, '0') + digits;
}

}  // namespace

Result<ByteCount> parse_byte_count(std::string_view text, BareNumber bare) {
  const auto number = read_decimal(text);
  if (!number) {
    return usage_error(not_a_number(text));
  }
  const bool bare_bytes = number->unit.empty() && bare == BareNumber::bytes;
  const auto factor = bare_bytes ? std::uint64_t{1} : factor_of(kByteUnits, number->unit);
  if (!factor) {
    return usage_error(wrong_unit(kSizeWords, text));
  }
  return scale_above_zero(*number, *factor, kMaxBytes, kSizeWords).map(ByteCount::bytes);
}

Result<ByteCount> parse_test_size(std::string_view text) {
  constexpr std::uint64_t kLowest = 25;
  constexpr std::uint64_t kHighest = 200;
  if (!is_bare(text)) {
    return parse_byte_count(text, BareNumber::refused);
  }
  const auto number = read_decimal(text);
  const auto megabytes =
      number ? scale(*number, 1, kHighest)
             : tl::expected<std::uint64_t, ScaleProblem>{tl::unexpect, ScaleProblem::not_whole};
  if (!megabytes || *megabytes < kLowest) {
    return usage_error(
        "size must be between 25 and 200 (MB); give a unit for any other size, e.g. --size 10M");
  }
  return ByteCount::megabytes(*megabytes);
}

Result<SendRate> parse_send_rate(std::string_view text) {
  if (text == "unlimited") {
    return SendRate{};
  }
  if (text == "flood") {
    SendRate rate;
    rate.flood = true;
    return rate;
  }
  const auto number = read_decimal(text);
  if (!number) {
    return usage_error(wrong_unit(kRateWords, text));
  }
  const bool packets = number->unit == "pps";
  auto factor = packets ? kKilo : factor_of(kBitUnits, number->unit);
  factor = factor ? factor : factor_of(kSmallBitUnits, number->unit);
  if (!factor) {
    return usage_error(wrong_unit(kRateWords, text));
  }
  const auto kind = packets ? SendRate::Kind::packets : SendRate::Kind::bits;
  return scale_above_zero(*number, *factor, kMaxRate, kRateWords).map([kind](std::uint64_t value) {
    return SendRate{kind, value};
  });
}

Result<Duration> parse_duration(std::string_view text) {
  const auto number = read_decimal(text);
  const auto factor = number ? factor_of(kTimeUnits, number->unit) : std::nullopt;
  if (!factor) {
    return usage_error(wrong_unit(kDurationWords, text));
  }
  return scale_above_zero(*number, *factor, kMaxDurationNs, kDurationWords)
      .map([](std::uint64_t ns) { return Duration{static_cast<Duration::rep>(ns)}; });
}

Result<double> parse_percent(std::string_view text) {
  constexpr unsigned kMaxDecimals = 15;  // 10^17 is exact in a double, as is every numerator below
  const auto number = read_decimal(text);
  if (!number || !(number->unit.empty() || number->unit == "%")) {
    return usage_error("not a percentage: " + quoted_value(text) +
                       "; accepted is 0..100, e.g. 0.1%");
  }
  double divisor = 100;
  std::uint64_t whole = number->digits;
  for (unsigned i = 0; i < number->decimals; ++i) {
    divisor *= 10;
    whole /= 10;
  }
  if (!number->fits || number->decimals > kMaxDecimals || whole > 100 ||
      static_cast<double>(number->digits) > divisor) {
    return usage_error("percentage must be 0..100");
  }
  return static_cast<double>(number->digits) / divisor;
}

Result<std::uint64_t> parse_integer(std::string_view text, std::uint64_t low, std::uint64_t high) {
  if (!is_bare(text)) {
    return usage_error(not_a_number(text));
  }
  std::uint64_t value = 0;
  const auto* const end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, value);
  if (problem != std::errc{} || stop != end || value < low || value > high) {
    return usage_error("must be a whole number from " + std::to_string(low) + " to " +
                       std::to_string(high));
  }
  return value;
}

std::string format_bit_rate(double bits_per_second) {
  constexpr std::array<std::string_view, 5> kUnits{"b/s", "kb/s", "Mb/s", "Gb/s", "Tb/s"};
  return in_best_unit(bits_per_second, 4, kUnits);
}

std::string format_bytes(std::uint64_t bytes) {
  if (bytes < kKilo) {
    return std::to_string(bytes) + " B";
  }
  constexpr std::array<std::string_view, 6> kUnits{"kB", "MB", "GB", "TB", "PB", "EB"};
  return in_best_unit(static_cast<double>(bytes) / 1000, 4, kUnits);
}

std::string format_duration(Duration time) {
  const std::string sign = time < Duration{0} ? "-" : "";
  const double ns = std::abs(static_cast<double>(time.count()));
  if (ns < 1000) {
    return sign + fixed_digits(ns, 1) + " ns";
  }
  constexpr std::array<std::string_view, 3> kUnits{"us", "ms", "s"};
  return sign + in_best_unit(ns / 1000, 3, kUnits);
}

std::string format_utc(UnixTime time) {
  const auto since_epoch = time.time_since_epoch();
  const auto days = std::chrono::floor<std::chrono::days>(since_epoch);
  const std::chrono::year_month_day date{std::chrono::sys_days{days}};
  const auto us = std::chrono::floor<std::chrono::microseconds>(since_epoch - days).count();
  const std::int64_t seconds = us / 1'000'000;
  return padded(static_cast<int>(date.year()), 4) + "-" +
         padded(static_cast<unsigned>(date.month()), 2) + "-" +
         padded(static_cast<unsigned>(date.day()), 2) + "T" + padded(seconds / 3600, 2) + ":" +
         padded(seconds / 60 % 60, 2) + ":" + padded(seconds % 60, 2) + "." +
         padded(us % 1'000'000, 6) + "Z";
}

}  // namespace udperf
