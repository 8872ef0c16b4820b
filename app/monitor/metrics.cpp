#include "app/monitor/metrics.hpp"

#include <array>
#include <functional>
#include <prometheus/text_serializer.h>
#include <utility>

#include "result/version.hpp"

namespace udperf::app {
namespace {

using monitor::Board;
using monitor::RoundResult;
using monitor::RoundWay;
using monitor::TimeHistogram;
using monitor::WayTotals;
using prometheus::MetricType;
using Labels = Family::Labels;

Labels with(Labels labels, std::string name, std::string value) {
  labels.push_back({std::move(name), std::move(value)});
  return labels;
}

Labels labels_of(const Board::Entry& entry) {
  return {{"target", entry.target.name}, {"module", entry.target.module}};
}

using EntryVisit = std::function<void(Family& family, const Labels& labels, const Board::Entry&)>;

void add_each(Exposition& text, const Board& board, Family family, const EntryVisit& visit) {
  for (const auto& [id, entry] : board.entries()) {
    visit(family, labels_of(entry), entry);
  }
  text.add(std::move(family));
}

struct WayCounter {
  const char* name;
  const char* help;
  std::uint64_t WayTotals::*member;
};

constexpr std::array<WayCounter, 7> kWayCounters{{
    {"udperf_packets_sent_total", "Datagrams sent in rounds.", &WayTotals::sent},
    {"udperf_packets_received_total", "Datagrams that arrived, first copies.", &WayTotals::unique},
    {"udperf_packets_duplicated_total", "Copies beyond the first.", &WayTotals::duplicates},
    {"udperf_packets_reordered_total", "Datagrams out of order (RFC 4737).", &WayTotals::reordered},
    {"udperf_packets_late_total", "Datagrams that came after the loss threshold; lost.",
     &WayTotals::late},
    {"udperf_sent_bytes_total", "Payload sent in rounds.", &WayTotals::sent_bytes},
    {"udperf_received_bytes_total", "Payload that arrived.", &WayTotals::unique_bytes},
}};

/// From the beginning on, so that what the first round lost is an increase.
void each_way(const Labels& labels, const Board::Entry& entry,
              const std::function<void(const Labels& labels, const WayTotals& way)>& visit) {
  if (includes(entry.direction, Way::up) || entry.totals.up.sent > 0) {
    visit(with(labels, "direction", "up"), entry.totals.up);
  }
  if (includes(entry.direction, Way::down) || entry.totals.down.sent > 0) {
    visit(with(labels, "direction", "down"), entry.totals.down);
  }
}

void add_way_counters(Exposition& text, const Board& board) {
  for (const WayCounter& counter : kWayCounters) {
    add_each(text, board, Family{counter.name, counter.help, MetricType::Counter},
             [&](Family& family, const Labels& labels, const Board::Entry& entry) {
               each_way(labels, entry, [&](const Labels& all, const WayTotals& way) {
                 family.add(all, static_cast<double>(way.*counter.member));
               });
             });
  }
  add_each(text, board,
           Family{"udperf_packets_lost_total", "Datagrams lost, by where.", MetricType::Counter},
           [](Family& family, const Labels& labels, const Board::Entry& entry) {
             each_way(labels, entry, [&](const Labels& all, const WayTotals& way) {
               family.add(with(all, "where", "network"), static_cast<double>(way.lost_network()));
               family.add(with(all, "where", "rx_socket"),
                          static_cast<double>(way.lost_rx_socket.value_or(0)));
               family.add(with(all, "where", "tx_host"),
                          static_cast<double>(way.lost_tx_host.value_or(0)));
             });
           });
}

void add_counters(Exposition& text, const Board& board) {
  add_way_counters(text, board);
  add_each(text, board,
           Family{"udperf_rounds_total", "Rounds by what became of them.", MetricType::Counter},
           [](Family& family, const Labels& labels, const Board::Entry& entry) {
             for (std::size_t i = 0; i < monitor::kRoundStatuses; ++i) {
               family.add(with(labels, "status", to_string(static_cast<monitor::RoundStatus>(i))),
                          static_cast<double>(entry.totals.rounds.at(i)));
             }
           });
  add_each(text, board,
           Family{"udperf_rounds_not_asked_total",
                  "Of those not measured, rounds left out since the target was down.",
                  MetricType::Counter},
           [](Family& family, const Labels& labels, const Board::Entry& entry) {
             family.add(labels, static_cast<double>(entry.totals.not_asked));
           });
  add_each(text, board,
           Family{"udperf_server_restarts_total", "Times that the server was found started anew.",
                  MetricType::Counter},
           [](Family& family, const Labels& labels, const Board::Entry& entry) {
             family.add(labels, static_cast<double>(entry.watch.server_restarts()));
           });
  add_each(text, board,
           Family{"udperf_probes_sent_total", "Round trips asked for.", MetricType::Counter},
           [](Family& family, const Labels& labels, const Board::Entry& entry) {
             family.add(labels, static_cast<double>(entry.totals.rtt_sent));
           });
}

void add_histograms(Exposition& text, const Board& board) {
  add_each(text, board,
           Family{"udperf_rtt_seconds", "Round trips (RFC 2681).", MetricType::Histogram},
           [](Family& family, const Labels& labels, const Board::Entry& entry) {
             if (entry.totals.rtt.total() > 0) {
               family.add(labels, entry.totals.rtt);
             }
           });
  struct Spread {
    const char* name;
    const char* help;
    TimeHistogram WayTotals::*member;
  };
  for (const Spread& spread :
       {Spread{"udperf_delay_variation_seconds", "Delay over the round's smallest (RFC 5481).",
               &WayTotals::delay_variation},
        Spread{"udperf_one_way_delay_seconds", "Delay one way, where the clocks allow to say.",
               &WayTotals::delay}}) {
    add_each(text, board, Family{spread.name, spread.help, MetricType::Histogram},
             [&](Family& family, const Labels& labels, const Board::Entry& entry) {
               each_way(labels, entry, [&](const Labels& all, const WayTotals& way) {
                 if ((way.*spread.member).total() > 0) {
                   family.add(all, way.*spread.member);
                 }
               });
             });
  }
}

/// A figure of a round's way, where it was measured.
using WayFigure = std::optional<double> (*)(const RoundWay& way);
struct WayGauge {
  const char* name;
  const char* help;
  WayFigure figure;
};

constexpr std::array<WayGauge, 9> kWayGauges{{
    {"goodput_bytes_per_second", "Payload that arrived, each second of the last round.",
     [](const RoundWay& way) {
       return way.goodput_bps ? std::optional{*way.goodput_bps / 8} : std::nullopt;
     }},
    {"jitter_seconds", "Interarrival jitter at the end of the last round (RFC 3550).",
     [](const RoundWay& way) {
       return way.jitter ? std::optional{base_seconds(*way.jitter)} : std::nullopt;
     }},
    {"loss_ratio", "Share of the last round's datagrams that was lost.",
     [](const RoundWay& way) {
       return way.sent > 0
                  ? std::optional{static_cast<double>(way.lost) / static_cast<double>(way.sent)}
                  : std::nullopt;
     }},
    {"hops", "Routers between, by the TTL that arrived.",
     [](const RoundWay& way) {
       return way.hops ? std::optional<double>{*way.hops} : std::nullopt;
     }},
    {"payload_max_bytes", "Largest UDP payload that crossed in one piece.",
     [](const RoundWay& way) {
       return way.payload_bytes ? std::optional<double>{*way.payload_bytes} : std::nullopt;
     }},
    {"found_rate_bytes_per_second", "Payload rate that the last search found.",
     [](const RoundWay& way) {
       return way.found_bps ? std::optional{*way.found_bps / 8} : std::nullopt;
     }},
    {"voice_mos", "How the last round's call would sound, 1 to 4.5 (ITU-T G.107).",
     [](const RoundWay& way) { return way.voice ? way.voice->mos : std::nullopt; }},
    {"voice_r_factor", "Its rating by the E-model, 0 to 93.2 (ITU-T G.107).",
     [](const RoundWay& way) { return way.voice ? way.voice->r : std::nullopt; }},
    {"voice_missed_ratio", "Share of its packets that were lost or too late to be played.",
     [](const RoundWay& way) { return way.voice ? way.voice->missed_ratio : std::nullopt; }},
}};

void add_ways(Family& family, const Labels& labels, const RoundResult& round, WayFigure figure) {
  if (const auto value = round.up ? figure(*round.up) : std::nullopt) {
    family.add(with(labels, "direction", "up"), *value);
  }
  if (const auto value = round.down ? figure(*round.down) : std::nullopt) {
    family.add(with(labels, "direction", "down"), *value);
  }
}

void add_gauges(Exposition& text, const Board& board) {
  for (const WayGauge& gauge : kWayGauges) {
    add_each(text, board,
             Family{std::string{"udperf_"} + gauge.name, gauge.help, MetricType::Gauge},
             [&](Family& family, const Labels& labels, const Board::Entry& entry) {
               if (entry.last) {
                 add_ways(family, labels, *entry.last, gauge.figure);
               }
             });
  }
  add_each(
      text, board,
      Family{"udperf_clock_offset_seconds", "Target's UTC minus this host's.", MetricType::Gauge},
      [](Family& family, const Labels& labels, const Board::Entry& entry) {
        if (entry.last && entry.last->clock_offset_ns) {
          family.add(labels, base_seconds(Duration{*entry.last->clock_offset_ns}));
        }
      });
  add_each(
      text, board,
      Family{"udperf_clock_uncertainty_seconds", "How far that may be off.", MetricType::Gauge},
      [](Family& family, const Labels& labels, const Board::Entry& entry) {
        if (entry.last && entry.last->clock_uncertainty_ns) {
          family.add(labels, base_seconds(Duration{*entry.last->clock_uncertainty_ns}));
        }
      });
  add_each(text, board,
           Family{"udperf_last_round_timestamp_seconds", "When the last round began.",
                  MetricType::Gauge},
           [](Family& family, const Labels& labels, const Board::Entry& entry) {
             if (entry.last) {
               family.add(labels, base_seconds(entry.last->start.time_since_epoch()));
             }
           });
}

void add_states(Exposition& text, const Board& board) {
  add_each(text, board,
           Family{"udperf_target_up", "Whether the target answers; absent while nobody knows.",
                  MetricType::Gauge},
           [](Family& family, const Labels& labels, const Board::Entry& entry) {
             const auto state = entry.watch.state();
             if (state == monitor::TargetState::up || state == monitor::TargetState::down) {
               family.add(labels, state == monitor::TargetState::up ? 1 : 0);
             }
           });
  add_each(text, board,
           Family{"udperf_loss_high", "Whether the last measured round lost more than it may.",
                  MetricType::Gauge},
           [](Family& family, const Labels& labels, const Board::Entry& entry) {
             if (entry.watch.judges_loss()) {
               family.add(labels, entry.watch.loss_is_high() ? 1 : 0);
             }
           });
  add_each(text, board,
           Family{"udperf_target_info", "Labels that the configuration gives.", MetricType::Gauge},
           [](Family& family, Labels labels, const Board::Entry& entry) {
             for (const auto& [name, value] : entry.target.labels) {
               labels.push_back({name, value});
             }
             family.add(std::move(labels), 1);
           });
}

void add_probe_limits(Exposition& text, const RoundResult& round, const monitor::Limits& limits) {
  Family missed{"udperf_probe_threshold_missed",
                "Whether it missed what its module's fail-* wants.", MetricType::Gauge};
  for (const monitor::LimitFinding& found : judge_limits(limits, round)) {
    if (found.kept) {
      missed.add({{"limit", to_string(found.limit)}}, *found.kept ? 0 : 1);
    }
  }
  text.add(std::move(missed));
}

void add_probe_packets(Exposition& text, const RoundResult& round) {
  Family sent{"udperf_probe_packets_sent", "Datagrams sent.", MetricType::Gauge};
  Family lost{"udperf_probe_packets_lost", "Datagrams lost, by where.", MetricType::Gauge};
  for (const auto& [name, way] : {std::pair{"up", &round.up}, std::pair{"down", &round.down}}) {
    if (*way) {
      const Labels labels{{"direction", name}};
      sent.add(labels, static_cast<double>((*way)->sent));
      lost.add(with(labels, "where", "network"), static_cast<double>((*way)->lost_network()));
      for (const auto& [where, known] : {std::pair{"rx_socket", (*way)->lost_rx_socket},
                                         std::pair{"tx_host", (*way)->lost_tx_host}}) {
        if (known) {
          lost.add(with(labels, "where", where), static_cast<double>(*known));
        }
      }
    }
  }
  text.add(std::move(sent));
  text.add(std::move(lost));
}

}  // namespace

Family build_info() {
  Family family{"udperf_build_info", "Which udperf this is.", MetricType::Gauge};
  family.add({{"version", result::program_version()}}, 1);
  return family;
}

std::string monitor_metrics(const Board& board, const MonitorCounters& counters,
                            std::size_t expected) {
  Exposition text{expected};
  text.add(build_info());
  add_states(text, board);
  add_counters(text, board);
  add_histograms(text, board);
  add_gauges(text, board);
  add_own_metrics(text, board, counters);
  return text.take();
}

std::string probe_metrics(const RoundResult& round, Duration took, const monitor::Limits& limits) {
  Exposition text;
  const auto gauge = [&text](const char* name, const char* help, double value) {
    Family family{name, help, MetricType::Gauge};
    family.add({}, value);
    text.add(std::move(family));
  };
  gauge("probe_success", "Whether the target answered.", answered(round) ? 1 : 0);
  gauge("probe_duration_seconds", "How long the probe took.", base_seconds(took));
  add_probe_limits(text, round, limits);
  add_probe_packets(text, round);
  for (const WayGauge& one : kWayGauges) {
    Family family{std::string{"udperf_probe_"} + one.name, one.help, MetricType::Gauge};
    add_ways(family, {}, round, one.figure);
    text.add(std::move(family));
  }
  if (round.rtt && round.rtt->times.total() > 0) {
    Family rtt{"udperf_probe_rtt_seconds", "Round trips (RFC 2681).", MetricType::Histogram};
    rtt.add({}, round.rtt->times);
    text.add(std::move(rtt));
  }
  return text.take();
}

}  // namespace udperf::app
