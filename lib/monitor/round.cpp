#include "monitor/round.hpp"

#include <algorithm>

#include "base/saturating.hpp"
#include "model/own_network.hpp"
#include "result/document.hpp"

namespace udperf::monitor {
namespace {

/// Whether it is this host that could not: it has no network, or nobody who knows the name. That
/// says nothing about the target.
bool is_ours(const Error& error) {
  return error.phase == "resolve" || is_own_network(error.os_error);
}

/// A limit is held against the worst of several calls.
RoundVoice worst_call(const result::DirectionPart& part) {
  const result::VoicePart& all = *part.voice;
  RoundVoice worst{all.mos_least, all.r, all.loss_after_ratio};
  for (const result::StreamPart& stream : part.streams) {
    if (stream.voice && stream.voice->mos && stream.voice->mos == all.mos_least) {
      worst.r = stream.voice->r;
      worst.missed_ratio = stream.voice->loss_ratio;
    }
  }
  return worst;
}

RoundStatus status_of(const TestOutcome& outcome) {
  switch (outcome.status) {
    case TestStatus::complete:
      return RoundStatus::complete;
    case TestStatus::incomplete:
      return RoundStatus::cut_short;
    case TestStatus::interrupted:  // what was sent until then has its books, too
      return outcome.up || outcome.down ? RoundStatus::cut_short : RoundStatus::not_measured;
    case TestStatus::error:
      break;
  }
  const ErrorCode code = outcome.error ? outcome.error->code : ErrorCode::internal;
  if (code == ErrorCode::unreachable) {
    return is_ours(*outcome.error) ? RoundStatus::failed : RoundStatus::unreachable;
  }
  return code == ErrorCode::refused ? RoundStatus::refused : RoundStatus::failed;
}

std::optional<Duration> as_duration(const result::Nanoseconds& ns) {
  return ns ? std::optional{Duration{*ns}} : std::nullopt;
}

/// The receivers' distributions, all over `zero`; empty where they are not known.
TimeHistogram spread(const WayOutcome& way, std::int64_t zero, std::int64_t shift) {
  TimeHistogram spread;
  for (const StreamOutcome& stream : way.streams) {
    if (!stream.rx || !stream.rx->raw_delay_min_ns) {
      continue;
    }
    const std::int64_t over =
        saturating_sum(saturating_sum(*stream.rx->raw_delay_min_ns, -zero), shift);
    for (const DelayBin& bin : stream.rx->delay_bins) {
      spread.add(Duration{saturating_sum(bin.value_ns, over)}, bin.count);
    }
  }
  return spread;
}

std::optional<std::int64_t> smallest_raw(const WayOutcome& way) {
  std::optional<std::int64_t> smallest;
  for (const StreamOutcome& stream : way.streams) {
    if (stream.rx && stream.rx->raw_delay_min_ns) {
      smallest = std::min(smallest.value_or(INT64_MAX), *stream.rx->raw_delay_min_ns);
    }
  }
  return smallest;
}

std::uint64_t late_of(const result::DirectionPart& part) {
  return part.rx.late.value_or(0);
}

/// Nothing where one end's books are missing: what is not known is not counted as anything.
std::optional<RoundWay> make_way(const std::optional<result::DirectionPart>& part,
                                 const std::optional<WayOutcome>& outcome) {
  if (!part || !outcome || !part->tx.packets || !part->rx.unique || !part->loss.packets) {
    return std::nullopt;
  }
  RoundWay way;
  way.sent = *part->tx.packets;
  way.unique = *part->rx.unique;
  way.lost = *part->loss.packets;
  way.lost_rx_socket = part->loss.rx_socket_drop;
  way.lost_tx_host = part->loss.local_tx_drop;
  way.duplicates = part->duplicates.packets.value_or(0);
  way.reordered = part->reordering.packets.value_or(0);
  way.late = late_of(*part);
  way.sent_bytes = part->tx.payload_bytes.value_or(0);
  way.unique_bytes = part->rx.unique_bytes.value_or(0);
  way.goodput_bps = part->rx.goodput_bps;
  way.jitter = as_duration(part->jitter.rfc3550_ns);
  if (part->rx.hops) {
    way.hops = static_cast<std::uint8_t>(std::min<std::uint64_t>(*part->rx.hops, UINT8_MAX));
  }
  if (part->voice) {
    way.voice = worst_call(*part);
  }
  const auto zero = smallest_raw(*outcome);
  if (zero) {
    way.delay_variation = spread(*outcome, *zero, 0);
    if (part->delay.absolute_valid.value_or(false) && part->delay.min_ns) {
      way.delay = spread(*outcome, *zero, *part->delay.min_ns);
    }
  }
  return way;
}

std::optional<RoundTrips> make_trips(const TestOutcome& outcome) {
  const auto& summary =
      outcome.rtt_loaded && outcome.rtt_loaded->sent > 0 ? outcome.rtt_loaded : outcome.rtt_idle;
  if (!summary) {
    return std::nullopt;
  }
  RoundTrips trips;
  trips.sent = std::max(summary->sent, summary->delay.n);
  for (const DelayBin& bin : summary->bins) {
    trips.times.add(Duration{bin.value_ns}, bin.count);
  }
  return trips;
}

}  // namespace

const char* to_string(RoundStatus status) {
  switch (status) {
    case RoundStatus::complete:
      return "complete";
    case RoundStatus::cut_short:
      return "cut_short";
    case RoundStatus::unreachable:
      return "unreachable";
    case RoundStatus::refused:
      return "refused";
    case RoundStatus::failed:
      return "failed";
    case RoundStatus::not_measured:
      break;
  }
  return "not_measured";
}

RoundResult make_round(const TestOutcome& outcome) {
  return make_round(outcome, result::build_result(outcome));
}

namespace {

/// What searches came to belongs to the ways that they were made for.
void keep_found(const result::ResultDocument& document, RoundResult& round) {
  for (const auto* const answer : {&document.search, &document.search_down}) {
    if (*answer) {
      auto& way = (*answer)->way == Way::up ? round.up : round.down;
      if (way) {
        way->found_bps = (*answer)->answer_bps;
      }
    }
  }
}

}  // namespace

RoundResult make_round(const TestOutcome& outcome, const result::ResultDocument& document) {
  RoundResult round;
  round.params = outcome.params;
  round.address = outcome.server;
  round.session = outcome.session.value_or(0);
  round.start = outcome.start;
  round.length = std::max(outcome.end - outcome.start, Duration{0});
  round.status = status_of(outcome);
  round.error = outcome.error;
  if (auto away = away_from_network(outcome)) {  // what it counted is no loss of the path
    round.status = RoundStatus::not_measured;
    round.error = std::move(away);
    return round;
  }
  round.fell_silent = outcome.fell_silent && round.status == RoundStatus::cut_short;
  round.up = make_way(document.up, outcome.up);
  round.down = make_way(document.down, outcome.down);
  keep_found(document, round);
  if (outcome.mtu_up && round.up) {
    round.up->payload_bytes = outcome.mtu_up->payload_bytes;
  }
  if (outcome.mtu_down && round.down) {
    round.down->payload_bytes = outcome.mtu_down->payload_bytes;
  }
  round.rtt = make_trips(outcome);
  if (outcome.clock) {
    round.clock_offset_ns = outcome.clock->offset_ns;
    round.clock_uncertainty_ns = outcome.clock->uncertainty_ns;
    round.clock_stepped = outcome.clock->step_detected.value_or(false);
    round.server_clock_stepped = outcome.clock->peer_stepped;
  }
  return round;
}

void judge_host(RoundResult& round, bool slept, Duration stood_still) {
  const bool still = round.status != RoundStatus::complete && stood_still > Duration{0};
  if (!slept && !still) {
    return;
  }
  round.status = RoundStatus::not_measured;
  round.error = stood_still_error(slept);
  round.fell_silent = false;
  round.up.reset();
  round.down.reset();
  round.rtt.reset();
  round.document.clear();
}

RoundFigures figures_of(const RoundResult& round) {
  const auto of = [](const std::optional<RoundWay>& way) {
    return way ? std::optional{WayFigures{way->goodput_bps, way->jitter, way->voice,
                                          way->found_bps}}
               : std::nullopt;
  };
  return {of(round.up), of(round.down)};
}

bool balanced(const RoundResult& round) {
  const auto fits = [](const std::optional<RoundWay>& way) {
    return !way || (way->sent == way->unique + way->lost &&
                    way->lost_rx_socket.value_or(0) + way->lost_tx_host.value_or(0) <= way->lost);
  };
  return fits(round.up) && fits(round.down);
}

}  // namespace udperf::monitor
