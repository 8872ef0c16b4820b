#include "classic/wire.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <iterator>

#include "base/decimal.hpp"

namespace udperf::classic {
namespace {

bool is_word(std::span<const std::byte> datagram, std::string_view word) {
  return datagram.size() == word.size() &&
         std::memcmp(datagram.data(), word.data(), word.size()) == 0;
}

bool is_text(unsigned char c) {
  constexpr unsigned char kFirstPrintable = 0x20;
  constexpr unsigned char kDelete = 0x7f;
  return c == '\t' || c == '\n' || c == '\r' || (c >= kFirstPrintable && c != kDelete);
}

/// The number behind "Throughput:"; nothing where there is none, or none that can be measured.
std::optional<double> throughput_in(std::string_view text) {
  constexpr std::string_view kLabel = "Throughput:";
  const auto label = text.find(kLabel);
  if (label == std::string_view::npos) {
    return std::nullopt;
  }
  const auto start = text.find_first_not_of(' ', label + kLabel.size());
  if (start == std::string_view::npos) {
    return std::nullopt;
  }
  double value = 0;
  const char* const last = text.data() + text.size();
  const auto [end, problem] = std::from_chars(text.data() + start, last, value);
  const bool known_unit = std::string_view{end, static_cast<std::size_t>(last - end)}.starts_with(
      " Kilobytes per second");
  const bool good = problem == std::errc{} && known_unit && std::isfinite(value) && value >= 0;
  return good ? std::optional{value} : std::nullopt;
}

}  // namespace

Input classify(std::span<const std::byte> datagram) {
  if (is_word(datagram, kStart)) {
    return Input::start;
  }
  return is_word(datagram, kStop) ? Input::stop : Input::data;
}

std::string answer_text(const RunOutcome& outcome) {
  return decimal("Throughput: %.3f Kilobytes per second",
                 outcome.kilobytes_per_second().value_or(0.0));
}

std::optional<ClassicAnswer> read_answer(std::span<const std::byte> datagram) {
  while (!datagram.empty() && datagram.back() == std::byte{0}) {
    datagram = datagram.first(datagram.size() - 1);  // a C string's end
  }
  const bool text =
      !datagram.empty() && std::all_of(datagram.begin(), datagram.end(), [](std::byte b) {
        return is_text(std::to_integer<unsigned char>(b));
      });
  if (!text) {
    return std::nullopt;
  }
  const auto kept = datagram.first(std::min(datagram.size(), ClassicAnswer::kMostBytes));
  ClassicAnswer answer;
  std::transform(kept.begin(), kept.end(), std::back_inserter(answer.text),
                 [](std::byte b) { return static_cast<char>(b); });
  answer.kilobytes_per_second = throughput_in(answer.text);
  return answer;
}

}  // namespace udperf::classic
