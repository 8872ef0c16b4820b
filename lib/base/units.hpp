#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"
#ifndef __SIZEOF_INT128__
#include "base/wide_uint.hpp"
#endif

namespace udperf {

#ifdef __SIZEOF_INT128__
__extension__ using Uint128 = unsigned __int128;  // hidden here once: ISO C++ has no such type
#else
using Uint128 = WideUint;  // processors of 32 bits
#endif

/// An amount of data. 1 kB = 1000 B, here and in everything that udperf prints.
class ByteCount {
 public:
  constexpr ByteCount() = default;
  [[nodiscard]] static constexpr ByteCount bytes(std::uint64_t n) { return ByteCount{n}; }
  [[nodiscard]] static constexpr ByteCount megabytes(std::uint64_t n) {
    return ByteCount{n * 1'000'000};
  }

  [[nodiscard]] constexpr std::uint64_t count() const { return bytes_; }
  constexpr auto operator<=>(const ByteCount&) const = default;

 private:
  explicit constexpr ByteCount(std::uint64_t n) : bytes_(n) {}
  std::uint64_t bytes_ = 0;
};

/// A rate in bits per second (RFC 9097 s5.6: 1 Mb/s = 10^6 bit/s). Which layer's bits they are is
/// said by the name of the variable: payload_rate, ip_rate, wire_rate.
class BitRate {
 public:
  constexpr BitRate() = default;
  [[nodiscard]] static constexpr BitRate bits_per_second(std::uint64_t n) { return BitRate{n}; }

  [[nodiscard]] constexpr std::uint64_t bps() const { return bps_; }

  /// How long `data` takes at this rate, rounded up: when it is over, all of the data has passed.
  /// Preconditions: the rate is not zero, and the answer fits 292 years.
  [[nodiscard]] constexpr Duration time_for(ByteCount data) const {
    const Uint128 bit_ns = Uint128{data.count()} * kBitNanosecondsPerByteSecond;
    return Duration{static_cast<Duration::rep>((bit_ns + bps_ - 1) / bps_)};
  }

  constexpr auto operator<=>(const BitRate&) const = default;

 private:
  static constexpr std::uint64_t kBitNanosecondsPerByteSecond = 8'000'000'000;

  explicit constexpr BitRate(std::uint64_t n) : bps_(n) {}
  std::uint64_t bps_ = 0;
};

/// A sending rate as the user gave it: in payload bits or in packets per second, or none at all.
/// Packets are kept in thousandths per second, so that one packet a minute (16 mpps) can be said.
/// `adjusted` changes during the test, as the receiver's feedback says (RFC 9097 s8.1).
struct SendRate {
  enum class Kind : std::uint8_t { unlimited = 0, bits = 1, packets = 2, adjusted = 3 };
  Kind kind = Kind::unlimited;
  /// bit/s for `bits`, packets per 1000 s for `packets`, the highest bit/s for `adjusted`, else 0
  std::uint64_t value = 0;
  /// Without a limit: even beyond what the receiver's socket takes. Not on the wire as such.
  bool flood = false;

  [[nodiscard]] constexpr bool limited() const { return kind != Kind::unlimited; }
  /// It follows the receiver's feedback (RFC 9097 s8.1).
  [[nodiscard]] constexpr bool adjusted() const { return kind == Kind::adjusted; }
  bool operator==(const SendRate&) const = default;
};

// The parsers below accept what the command line documents, and nothing else. Their errors are
// ErrorCode::usage with a sentence about the value ("not a number: abc"), without the option's
// name.

/// What a number of bytes without a unit means.
enum class BareNumber : std::uint8_t { refused, bytes };
/// "1500B", "500K", "10M", "2G", "64KiB", "1.5M"; K, M and G are powers of 1000, KiB, MiB and GiB
/// of 1024. A number without a unit is refused unless `bare` says what it counts in. 1 B .. 2^63.
[[nodiscard]] Result<ByteCount> parse_byte_count(std::string_view text, BareNumber bare);

/// The size of a test as old scripts ask for it: a bare integer is megabytes and must be 25..200;
/// with a unit any size.
[[nodiscard]] Result<ByteCount> parse_test_size(std::string_view text);

/// "100M", "1.5G", "64K", "9600" (bit/s), "1000pps", "0.05pps", "unlimited" or "flood"; above
/// zero.
[[nodiscard]] Result<SendRate> parse_send_rate(std::string_view text);

/// "10s", "500ms", "1.5s", "2m", "1h", "100us"; a bare number is seconds. Above zero, at most a
/// year.
[[nodiscard]] Result<Duration> parse_duration(std::string_view text);

/// "1%", "0.1%" or a bare number of percent, 0..100. Returns the ratio 0..1.
[[nodiscard]] Result<double> parse_percent(std::string_view text);

/// A whole number in [low, high], decimal.
[[nodiscard]] Result<std::uint64_t> parse_integer(std::string_view text, std::uint64_t low,
                                                  std::uint64_t high);

/// "97.20 Mb/s": four significant digits, the unit chosen to fit. Powers of 1000. Not negative.
[[nodiscard]] std::string format_bit_rate(double bits_per_second);
/// "25.00 MB": four significant digits, powers of 1000.
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);
/// "12.3 us", "1.02 ms", "3.10 s", "-250 ns": three significant digits.
[[nodiscard]] std::string format_duration(Duration time);
/// "2026-11-23T05:33:05.123456Z": RFC 3339 in UTC with microseconds.
[[nodiscard]] std::string format_utc(UnixTime time);

}  // namespace udperf
