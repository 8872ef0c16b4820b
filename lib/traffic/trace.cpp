#include "traffic/trace.hpp"

#include <system_error>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>

#include "base/saturating.hpp"
#include "model/test_params.hpp"
#include "traffic/profile_error.hpp"

namespace udperf::traffic {
namespace {

/// "12.000345": seconds to the nanosecond, since whenever.
std::optional<Duration> parse_seconds(std::string_view text) {
  constexpr std::int64_t kMostSeconds = 4'000'000'000;  // of 1970, too; differences fit
  constexpr std::size_t kDigits = 9;
  const bool negative = text.starts_with('-');
  text.remove_prefix(negative ? 1 : 0);
  const auto dot = std::min(text.find('.'), text.size());
  std::int64_t seconds = 0;
  const auto whole = std::from_chars(text.data(), text.data() + dot, seconds);
  if (dot == 0 || whole.ec != std::errc{} || whole.ptr != text.data() + dot || seconds < 0) {
    return std::nullopt;
  }
  std::string fraction{text.substr(std::min(dot + 1, text.size()))};
  const bool digits =
      std::all_of(fraction.begin(), fraction.end(), [](char c) { return c >= '0' && c <= '9'; });
  fraction.resize(kDigits, '0');
  std::int64_t ns = 0;
  std::from_chars(fraction.data(), fraction.data() + kDigits, ns);
  if (!digits || seconds > kMostSeconds) {
    return std::nullopt;
  }
  const Duration time = std::chrono::seconds{seconds} + Duration{ns};
  return negative ? -time : time;
}

/// "seconds,bytes" and what else a line may have behind it.
std::optional<TraceRow> parse_row(std::string_view line) {
  constexpr std::string_view kSeparators = ",; \t";
  const auto end = line.find_first_of(kSeparators);
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  const auto time = parse_seconds(line.substr(0, end));
  const auto start = line.find_first_not_of(kSeparators, end);
  if (!time || start == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view rest = line.substr(start);
  std::uint32_t bytes = 0;
  const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), bytes);
  const auto used = static_cast<std::size_t>(read.ptr - rest.data());
  const bool ends = used == rest.size() || kSeparators.find(rest[used]) != std::string_view::npos;
  if (read.ec != std::errc{} || !ends || bytes > kMaxPayloadBytes) {
    return std::nullopt;
  }
  return TraceRow{*time, bytes};
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

/// "0,020;172" and "0,020 172": what would be read as 0 s and 20 bytes. A comma before another
/// separator is one itself only where the seconds have a point, or a blank follows it.
bool has_decimal_comma(std::string_view line) {
  const auto comma = line.find(',');
  if (comma == std::string_view::npos || comma + 1 >= line.size() || !is_digit(line[comma + 1]) ||
      line.substr(0, comma).find_first_not_of("-+0123456789") != std::string_view::npos) {
    return false;
  }
  const auto end = line.find_first_not_of("0123456789", comma + 1);
  const auto next = line.find_first_not_of(" \t", end);
  return next != std::string_view::npos &&
         (line[end] == ';' || (next > end && (is_digit(line[next]) || line[next] == ';')));
}

/// Whether a line names its columns: it begins with a letter, in quotes or not, or has no digit.
bool is_heading(std::string_view line) {
  const char first = line[std::min(line.find_first_not_of("\"' "), line.size() - 1)];
  const bool letter = (first >= 'A' && first <= 'Z') || (first >= 'a' && first <= 'z') ||
                      static_cast<unsigned char>(first) >= 0x80;
  return letter || std::none_of(line.begin(), line.end(), is_digit);
}

std::string_view trimmed(std::string_view line) {
  while (!line.empty() && is_blank(line.back())) {
    line.remove_suffix(1);
  }
  while (!line.empty() && is_blank(line.front())) {
    line.remove_prefix(1);
  }
  return line;
}

std::string too_many() {
  return "has more than " + std::to_string(kMostTraceRows) + " packets: cut it (editcap, head)";
}

Result<std::string> read_text(const std::string& file) {
  constexpr std::size_t kMostBytes = std::size_t{256} << 20U;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> in{std::fopen(file.c_str(), "rb"),
                                                           std::fclose};
  if (!in) {
    return profile_error(file + ": " + std::strerror(errno));
  }
  std::string text;
  std::array<char, 65536> buffer{};
  for (std::size_t n = 1; n > 0 && text.size() <= kMostBytes;) {
    n = std::fread(buffer.data(), 1, buffer.size(), in.get());
    text.append(buffer.data(), n);
  }
  if (std::ferror(in.get()) != 0) {
    return profile_error(file + ": cannot be read");
  }
  return text.size() > kMostBytes
             ? Result<std::string>{profile_error(file + ": is larger than 256 MiB")}
             : Result<std::string>{std::move(text)};
}

/// Of pcap (either byte order, micro- or nanoseconds) and pcapng files.
bool is_capture(std::string_view head) {
  constexpr std::array<std::string_view, 5> kMagic{"\xA1\xB2\xC3\xD4", "\xD4\xC3\xB2\xA1",
                                                   "\xA1\xB2\x3C\x4D", "\x4D\x3C\xB2\xA1",
                                                   "\x0A\x0D\x0D\x0A"};
  return std::any_of(kMagic.begin(), kMagic.end(),
                     [head](std::string_view magic) { return head.starts_with(magic); });
}

Result<std::string> read_head(const std::string& file) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> in{std::fopen(file.c_str(), "rb"),
                                                           std::fclose};
  if (!in) {
    return profile_error(file + ": " + std::strerror(errno));
  }
  std::array<char, 4> head{};
  const std::size_t n = std::fread(head.data(), 1, head.size(), in.get());
  return std::string{head.data(), n};
}

}  // namespace

Trace::Trace(std::vector<TraceRow> rows, std::uint32_t least_bytes, TraceNotes notes)
    : rows_(std::move(rows)), notes_(notes) {
  for (std::size_t i = 1; i < rows_.size(); ++i) {
    notes_.reordered += rows_[i].at < rows_[i - 1].at ? 1U : 0U;
  }
  std::stable_sort(rows_.begin(), rows_.end(),
                   [](const TraceRow& a, const TraceRow& b) { return a.at < b.at; });
  const Duration begin = rows_.front().at;
  for (TraceRow& row : rows_) {
    row.at -= begin;
    notes_.raised += row.bytes < least_bytes ? 1U : 0U;
    row.bytes = std::max(row.bytes, least_bytes);
    bytes_ += row.bytes;
    largest_ = std::max(largest_, row.bytes);
    smallest_ = std::min(smallest_, row.bytes);
  }
  const Duration last = rows_.back().at;
  const auto gaps = static_cast<Duration::rep>(std::max<std::size_t>(rows_.size() - 1, 1));
  // Of one moment alone nothing follows: then a turn takes a second.
  turn_ = last == Duration{0} ? Duration{std::chrono::seconds{1}}
                              : saturating_ns(Uint128{static_cast<std::uint64_t>(last.count())} +
                                              static_cast<std::uint64_t>(
                                                  std::max<Duration::rep>(last.count() / gaps, 1)));
}

double Trace::stretch(std::uint64_t rate_bps, std::uint64_t streams) const {
  if (rate_bps == saturating_mul(mean_bps(), streams)) {
    return 1;  // of whole bits: the trace as it is
  }
  const double seconds = static_cast<double>(turn_.count()) / 1e9;
  return static_cast<double>(bytes_) * 8 * static_cast<double>(streams) /
         (seconds * static_cast<double>(std::max<std::uint64_t>(rate_bps, 1)));
}

std::uint64_t Trace::mean_bps() const {
  const auto ns = static_cast<std::uint64_t>(turn_.count());
  return std::clamp<std::uint64_t>(saturating_mul_div(Uint128{bytes_} * 8, 1'000'000'000, ns), 1,
                                   std::uint64_t{1} << 60U);
}

Result<std::vector<TraceRow>> parse_trace_csv(std::string_view text, TraceNotes& notes) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";  // as spreadsheets write it
  std::vector<TraceRow> rows;
  std::size_t number = 0;
  text.remove_prefix(text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.empty() || line.front() == '#') {
      continue;
    }
    if (has_decimal_comma(line)) {
      return profile_error("line " + std::to_string(number) +
                           ": use a point in numbers, e.g. 0.020;172");
    }
    const auto row = parse_row(line);
    const bool first = rows.empty() && !notes.heading;
    if (!row && first && is_heading(line)) {
      notes.heading = true;
      continue;
    }
    if (!row) {
      return profile_error("line " + std::to_string(number) +
                           ": must be seconds and UDP payload bytes (0.." +
                           std::to_string(kMaxPayloadBytes) + "), e.g. 0.020,172");
    }
    if (rows.size() == kMostTraceRows) {
      return profile_error(too_many());
    }
    rows.push_back(*row);
  }
  return rows;
}

Result<Trace> read_trace(const std::string& file, std::uint32_t least_bytes) {
  TraceNotes notes;
  // Before it is opened, which may wait for somebody who writes: it is read twice, too.
  std::error_code problem;
  if (const auto kind = std::filesystem::status(file, problem);
      std::filesystem::exists(kind) && !std::filesystem::is_regular_file(kind)) {
    return profile_error(file + ": is a folder, pipe or device: a trace has to be a file");
  }
  const auto head = read_head(file);
  if (!head) {
    return tl::unexpected{head.error()};
  }
  Result<std::vector<TraceRow>> rows = std::vector<TraceRow>{};
  if (is_capture(*head)) {
    rows = read_trace_capture(file, notes);
  } else {
    const auto text = read_text(file);
    rows = text ? parse_trace_csv(*text, notes)
                : Result<std::vector<TraceRow>>{tl::unexpected{text.error()}};
  }
  if (!rows) {
    Error error = rows.error();
    error.what = error.what.starts_with(file) ? error.what : file + ": " + error.what;
    return tl::unexpected{std::move(error)};
  }
  if (rows->empty()) {
    return profile_error(file + ": has no packet that could be sent");
  }
  return Trace{*std::move(rows), least_bytes, notes};
}

}  // namespace udperf::traffic
