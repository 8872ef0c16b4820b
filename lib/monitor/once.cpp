#include "monitor/once.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "base/decimal.hpp"
#include "base/percent.hpp"
#include "base/units.hpp"
#include "monitor/character_count.hpp"
#include "monitor/json.hpp"
#include "monitor/limits.hpp"

namespace udperf::monitor {
namespace {

constexpr std::size_t kColumns = 12;
/// From here on two columns of rounds that are calls, and two of those that are about rates.
constexpr std::size_t kVoiceColumn = 8;
constexpr std::size_t kRateColumn = 10;
using Cells = std::array<std::string, kColumns>;

/// On a terminal, but for scripts whose characters take two places.
std::size_t width_of(const std::string& text) {
  return CharacterCount{text}.between(0, text.size());
}

std::string loss_text(const std::optional<RoundWay>& way) {
  if (!way || way->sent == 0) {
    return "-";
  }
  const double percent = 100 * static_cast<double>(way->lost) / static_cast<double>(way->sent);
  return std::to_string(way->lost) + "/" + std::to_string(way->sent) + " (" +
         percent_digits(percent, 3) + ")";
}

std::string time_text(const std::optional<Duration>& time) {
  return time ? format_duration(*time) : "-";
}

std::string variation_text(const std::optional<RoundWay>& way) {
  return way ? time_text(way->delay_variation.percentile(0.99)) : "-";
}

std::string score_text(const std::optional<RoundWay>& way) {
  if (!way || !way->voice || !way->voice->mos) {
    return "-";
  }
  return decimal(*way->voice->mos, 2);
}

bool is_call(const OnceRow& row) {
  return row.round.params.voice.wanted();
}

std::string rate_text(const std::optional<RoundWay>& way) {
  const auto rate = rate_of(way);
  return rate ? format_bit_rate(*rate) : "-";
}

/// What sends no more than a light round (1 Mb/s) says nothing by its rate.
bool is_about_rates(const OnceRow& row) {
  constexpr double kLightBps = 1e6;
  const auto tells = [](const std::optional<RoundWay>& way) {
    return way && (way->found_bps || way->goodput_bps.value_or(0) > kLightBps);
  };
  return tells(row.round.up) || tells(row.round.down);
}

std::vector<std::size_t> columns_of(const std::vector<OnceRow>& rows) {
  std::vector<std::size_t> columns;
  const bool calls = std::any_of(rows.begin(), rows.end(), is_call);
  const bool rates = std::any_of(rows.begin(), rows.end(), is_about_rates);
  for (std::size_t i = 0; i < kColumns; ++i) {
    if (i < kVoiceColumn || (i < kRateColumn ? calls : rates)) {
      columns.push_back(i);
    }
  }
  return columns;
}

Cells row_of(const OnceRow& row) {
  const auto& rtt = row.round.rtt;
  return {row.target.name,
          to_string(row.round.status),
          loss_text(row.round.up),
          loss_text(row.round.down),
          time_text(rtt ? rtt->times.percentile(0.5) : std::nullopt),
          time_text(rtt ? rtt->times.percentile(0.99) : std::nullopt),
          variation_text(row.round.up),
          variation_text(row.round.down),
          score_text(row.round.up),
          score_text(row.round.down),
          rate_text(row.round.up),
          rate_text(row.round.down)};
}

/// A line for each round's error and each limit that it missed.
std::string remarks(const std::vector<OnceRow>& rows) {
  std::string text;
  for (const OnceRow& row : rows) {
    if (row.round.error) {
      const std::string name = row.target.name + ": ";
      const std::string message = row.round.error->message();  // may begin with the address
      text += (message.starts_with(name) ? "" : name) + message + "\n";
    }
    for (const std::string& sentence : row.missed) {
      text += row.target.name + ": " + sentence + "\n";
    }
  }
  return text;
}

}  // namespace

std::string once_table(const std::vector<OnceRow>& rows) {
  std::vector<Cells> cells{{"target", "round", "lost up", "lost down", "RTT p50", "RTT p99",
                            "variation p99 up", "down", "MOS up", "MOS down", "rate up",
                            "rate down"}};
  for (const OnceRow& row : rows) {
    cells.push_back(row_of(row));
  }
  const std::vector<std::size_t> columns = columns_of(rows);
  std::array<std::size_t, kColumns> widths{};
  for (const Cells& row : cells) {
    for (std::size_t i = 0; i < kColumns; ++i) {
      widths.at(i) = std::max(widths.at(i), width_of(row.at(i)));
    }
  }
  std::string text;
  for (const Cells& row : cells) {
    for (const std::size_t i : columns) {
      const std::string pad(widths.at(i) - width_of(row.at(i)), ' ');
      text += i < 2 ? row.at(i) + pad : pad + row.at(i);
      text += i != columns.back() ? "  " : "\n";
    }
  }
  return text + remarks(rows);
}

std::string once_json(const std::vector<OnceRow>& rows) {
  Json rounds = Json::array();
  for (const OnceRow& row : rows) {
    Json round = to_json(row.round, row.target);
    round["missed"] = row.missed;
    rounds.push_back(std::move(round));
  }
  return dump({{"schema", "udperf-monitor/1"}, {"rounds", std::move(rounds)}}) + "\n";
}

}  // namespace udperf::monitor
