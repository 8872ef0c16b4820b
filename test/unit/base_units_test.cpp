#include <clocale>
#include <string>
#include <tuple>

#include "base/units.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using udperf::BareNumber;
using udperf::Duration;
using udperf::parse_byte_count;
using udperf::parse_duration;
using udperf::parse_integer;
using udperf::parse_percent;
using udperf::parse_send_rate;
using udperf::parse_test_size;
using udperf::SendRate;

namespace {

constexpr auto kSizeRange =
    "size must be between 25 and 200 (MB); give a unit for any other size, e.g. --size 10M";
constexpr std::int64_t kSecondNs = 1'000'000'000;

template <typename T>
std::string error_of(const udperf::Result<T>& result) {
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code == udperf::ErrorCode::usage);
  return result.error().what;
}

}  // namespace

TEST_CASE("a size with a unit is exact to the byte", "[base]") {
  const auto [text, bytes] = GENERATE(
      table<std::string, std::uint64_t>({{"1500B", 1500},
                                         {"500K", 500'000},
                                         {"10M", 10'000'000},
                                         {"2G", 2'000'000'000},
                                         {"64KiB", 65'536},
                                         {"1MiB", 1'048'576},
                                         {"1GiB", 1'073'741'824},
                                         {"1.5G", 1'500'000'000},
                                         {"0.5KiB", 512},
                                         {".5K", 500},
                                         {"1.000000000000000000000000M", 1'000'000},
                                         {"0000000000000000000000001B", 1},
                                         {"1.123456789G", 1'123'456'789},
                                         {"9223372036854775808B", 9'223'372'036'854'775'808U}}));
  CAPTURE(text);
  const auto size = parse_byte_count(text, BareNumber::refused);
  REQUIRE(size.has_value());
  CHECK(size->count() == bytes);
}

TEST_CASE("a size that cannot be is refused with a reason", "[base]") {
  const auto [text, part] = GENERATE(table<std::string, std::string>(
      {{"abc", "not a number: abc"},
       {"", "not a number: (empty)"},
       {".", "not a number: ."},
       {"-1M", "not a number: -1M"},
       {"1 M", "accepted is"},
       {"10X", "not a size: 10X"},
       {"10k", "accepted is"},
       {"10MB", "accepted is"},
       {"1e3B", "accepted is"},
       {"0x10B", "accepted is"},
       {"1,5M", "accepted is"},
       {"1.2.3M", "accepted is"},
       {"10", "accepted is"},
       {"0M", "above zero"},
       {"1.5B", "whole number"},
       {"0.1KiB", "whole number"},
       {"9223372036854775809B", "at most 2^63 bytes"},
       {"99999999999999999999999999999999999999G", "at most 2^63 bytes"},
       {"18446744073709551616B", "at most 2^63 bytes"},
       {"18446744074G", "at most 2^63 bytes"}}));
  CAPTURE(text);
  const auto sentence = error_of(parse_byte_count(text, BareNumber::refused));
  CAPTURE(sentence);
  CHECK(sentence.find(part) != std::string::npos);
}

TEST_CASE("a bare number counts bytes where the option says so", "[base]") {
  const auto size = parse_byte_count("1472", BareNumber::bytes);
  REQUIRE(size.has_value());
  CHECK(size->count() == 1472);
}

TEST_CASE("a bare test size is 25 to 200 megabytes", "[base]") {
  CHECK(parse_test_size("25")->count() == 25'000'000);
  CHECK(parse_test_size("200")->count() == 200'000'000);
  CHECK(parse_test_size("10M")->count() == 10'000'000);
  CHECK(parse_test_size("201M")->count() == 201'000'000);

  for (const auto* text : {"24", "201", "0", "-5", "1.5", "99999999999999999999"}) {
    CAPTURE(text);
    CHECK(error_of(parse_test_size(text)) == kSizeRange);
  }
  CHECK(error_of(parse_test_size("abc")) == "not a number: abc");
}

TEST_CASE("a rate is bits, packets or unlimited", "[base]") {
  using Kind = SendRate::Kind;
  const auto [text, kind, value] =
      GENERATE(table<std::string, Kind, std::uint64_t>({{"9600", Kind::bits, 9600},
                                                        {"64K", Kind::bits, 64'000},
                                                        {"100M", Kind::bits, 100'000'000},
                                                        {"1.5G", Kind::bits, 1'500'000'000},
                                                        {"0.3G", Kind::bits, 300'000'000},
                                                        {"500k", Kind::bits, 500'000},
                                                        {"40m", Kind::bits, 40'000'000},
                                                        {"1.5g", Kind::bits, 1'500'000'000},
                                                        {"1000pps", Kind::packets, 1'000'000},
                                                        {"0.05pps", Kind::packets, 50},
                                                        {"unlimited", Kind::unlimited, 0}}));
  CAPTURE(text);
  const auto rate = parse_send_rate(text);
  REQUIRE(rate.has_value());
  CHECK(*rate == SendRate{kind, value});
}

TEST_CASE("a flood is no limit, and more than none", "[base]") {
  const auto flood = parse_send_rate("flood");
  REQUIRE(flood.has_value());
  CHECK(flood->flood);
  CHECK_FALSE(flood->limited());
  CHECK_FALSE(parse_send_rate("unlimited")->flood);
}

TEST_CASE("a rate that cannot be is refused with a reason", "[base]") {
  const auto [text, part] =
      GENERATE(table<std::string, std::string>({{"0", "above zero"},
                                                {"0pps", "above zero"},
                                                {"fast", "not a rate: fast"},
                                                {"100Mbit", "not a rate: 100Mbit"},
                                                {"1.5", "whole number"},
                                                {"0.0001pps", "whole number"},
                                                {"", "not a rate: (empty)"},
                                                {"2000000000G", "at most"},
                                                {"99999999999999999999999", "at most"}}));
  CAPTURE(text);
  const auto sentence = error_of(parse_send_rate(text));
  CAPTURE(sentence);
  CHECK(sentence.find(part) != std::string::npos);
}

TEST_CASE("a duration is exact to the nanosecond", "[base]") {
  const auto [text, ns] = GENERATE(table<std::string, std::int64_t>({{"10", 10 * kSecondNs},
                                                                     {"10s", 10 * kSecondNs},
                                                                     {"500ms", kSecondNs / 2},
                                                                     {"1.5s", kSecondNs * 3 / 2},
                                                                     {"2m", 120 * kSecondNs},
                                                                     {"1h", 3600 * kSecondNs},
                                                                     {"100us", 100'000},
                                                                     {"0.000000001s", 1},
                                                                     {"0.1", kSecondNs / 10}}));
  CAPTURE(text);
  const auto time = parse_duration(text);
  REQUIRE(time.has_value());
  CHECK(time->count() == ns);
}

TEST_CASE("a duration that cannot be is refused with a reason", "[base]") {
  const auto [text, part] =
      GENERATE(table<std::string, std::string>({{"0", "above zero"},
                                                {"-1s", "not a duration: -1s"},
                                                {"soon", "not a duration: soon"},
                                                {"10sec", "not a duration: 10sec"},
                                                {"0.0000000001s", "whole number"},
                                                {"8785h", "at most 366 days"},
                                                {"999999999999999999999h", "at most 366 days"}}));
  CAPTURE(text);
  const auto sentence = error_of(parse_duration(text));
  CAPTURE(sentence);
  CHECK(sentence.find(part) != std::string::npos);
}

TEST_CASE("a percentage becomes the nearest ratio", "[base]") {
  CHECK(parse_percent("1%").value() == 0.01);
  CHECK(parse_percent("0.1%").value() == 0.001);
  CHECK(parse_percent("100").value() == 1.0);
  CHECK(parse_percent("0").value() == 0.0);
  CHECK(parse_percent("33.3%").value() == 0.333);
  for (const auto* text : {"100.1", "101%", "1e2", "one", "", "-1%", "1%%", "0.00000000000000001",
                           "99999999999999999999999"}) {
    CAPTURE(text);
    const auto sentence = error_of(parse_percent(text));
    CAPTURE(sentence);
    CHECK(sentence.find("0..100") != std::string::npos);
  }
}

TEST_CASE("an integer is decimal, whole and in its range", "[base]") {
  CHECK(parse_integer("1", 1, 128).value() == 1);
  CHECK(parse_integer("128", 1, 128).value() == 128);
  CHECK(error_of(parse_integer("abc", 1, 128)) == "not a number: abc");
  CHECK(error_of(parse_integer("12x", 1, 128)) == "not a number: 12x");
  for (const auto* text : {"0", "129", "-1", "+1", "1.5", "1.", "18446744073709551617"}) {
    CAPTURE(text);
    CHECK(error_of(parse_integer(text, 1, 128)) == "must be a whole number from 1 to 128");
  }
}

TEST_CASE("rates and sizes are written with four digits in the unit that fits", "[base]") {
  CHECK(udperf::format_bit_rate(97'204'000) == "97.20 Mb/s");
  CHECK(udperf::format_bit_rate(0) == "0.000 b/s");
  CHECK(udperf::format_bit_rate(999.94) == "999.9 b/s");
  CHECK(udperf::format_bit_rate(999.96) == "1.000 kb/s");
  CHECK(udperf::format_bit_rate(9'999'900) == "10.00 Mb/s");
  CHECK(udperf::format_bit_rate(99'996'000) == "100.0 Mb/s");
  CHECK(udperf::format_bit_rate(1e10) == "10.00 Gb/s");
  CHECK(udperf::format_bit_rate(4e15) == "4000 Tb/s");
  CHECK(udperf::format_bytes(0) == "0 B");
  CHECK(udperf::format_bytes(999) == "999 B");
  CHECK(udperf::format_bytes(25'000'000) == "25.00 MB");
  CHECK(udperf::format_bytes(999'999) == "1.000 MB");
  CHECK(udperf::format_bytes(UINT64_MAX) == "18.45 EB");
}

TEST_CASE("times are written with three digits in the unit that fits", "[base]") {
  CHECK(udperf::format_duration(0ns) == "0 ns");
  CHECK(udperf::format_duration(250ns) == "250 ns");
  CHECK(udperf::format_duration(-250ns) == "-250 ns");
  CHECK(udperf::format_duration(12'340ns) == "12.3 us");
  CHECK(udperf::format_duration(1'020us) == "1.02 ms");
  CHECK(udperf::format_duration(999'600us) == "1.00 s");
  CHECK(udperf::format_duration(3100ms) == "3.10 s");
  CHECK(udperf::format_duration(2h) == "7200 s");
  CHECK(udperf::format_duration(Duration::min()) == "-9223372037 s");
}

TEST_CASE("UTC is written as RFC 3339 with microseconds", "[base]") {
  CHECK(udperf::format_utc(udperf::unix_from_ns(0)) == "1970-01-01T00:00:00.000000Z");
  CHECK(udperf::format_utc(udperf::unix_from_ns(1'795'412'785'123'456'789)) ==
        "2026-11-23T05:46:25.123456Z");
  CHECK(udperf::format_utc(udperf::unix_from_ns(951'827'696'999'999'999)) ==
        "2000-02-29T12:34:56.999999Z");
  CHECK(udperf::format_utc(udperf::unix_from_ns(-1)) == "1969-12-31T23:59:59.999999Z");
}

TEST_CASE("numbers look the same under every locale", "[base]") {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  for (const auto* name : {"de_DE.UTF-8", "fr_FR.UTF-8", "C.UTF-8"}) {
    if (std::setlocale(LC_ALL, name) == nullptr) {
      continue;  // not installed on this machine
    }
    CAPTURE(name);
    CHECK(udperf::format_bit_rate(97'200'000) == "97.20 Mb/s");
    CHECK(parse_byte_count("1.5G", BareNumber::refused)->count() == 1'500'000'000);
  }
  std::setlocale(LC_ALL, before.c_str());
}
