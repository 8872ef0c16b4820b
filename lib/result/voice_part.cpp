#include <algorithm>

#include "result/aggregate.hpp"
#include "voice/e_model.hpp"

namespace udperf::result {
namespace {

/// All streams of a direction: so many calls, taken together.
VoiceTally joined(const std::vector<const RxReport*>& rx) {
  VoiceTally all;
  double buffered = 0;
  double buffer_sum = 0;
  for (const RxReport* report : rx) {
    const VoiceTally& one = report->voice->whole;
    all.packets += one.packets;
    all.missed += one.missed;
    all.runs += one.runs;
    if (one.buffer_ns >= 0) {
      const auto weight = static_cast<double>(report->unique);
      buffered += weight;
      buffer_sum += weight * static_cast<double>(one.buffer_ns);
    }
  }
  if (buffered > 0) {
    all.buffer_ns = static_cast<std::int64_t>(buffer_sum / buffered + 0.5);
  }
  return all;
}

Number share(const VoiceTally& tally) {
  return quotient(tally.missed, tally.packets);
}

/// How the calls of a direction are listened to.
struct Listener {
  const voice::CodecFigures& codec;
  Duration packet{0};   ///< speech in a packet: as much as lies between two of them
  Nanoseconds network;  ///< one way
};

Duration packet_time(const TestParams& params, Way way, const voice::CodecFigures& codec) {
  constexpr Duration kLongest = std::chrono::minutes{1};  // told by others
  const SendRate& rate = params.rate(way);
  const MeanLength mean = params.mean_length(way);
  if (!rate.limited() || mean.bytes == 0) {
    return codec.packet;
  }
  const Uint128 streams = params.streams;
  const auto each = rate.kind == SendRate::Kind::packets
                        ? saturating_ns(streams * 1'000'000'000'000U / rate.value)
                        : saturating_ns(streams * mean.bytes * 8'000'000'000U /
                                        (Uint128{rate.value} * mean.packets));
  return std::clamp(each, Duration{1}, kLongest);
}

/// From mouth to ear, where the way of the network is known.
std::optional<Duration> mouth_to_ear(const Listener& ear, const VoiceTally& tally) {
  if (!ear.network || tally.buffer_ns < 0) {
    return std::nullopt;
  }
  return Duration{*ear.network} + Duration{tally.buffer_ns} + ear.packet + ear.codec.look_ahead;
}

/// Nobody needs the delay of what was never heard.
std::optional<voice::Opinion> opinion(const Listener& ear, const VoiceTally& tally) {
  const auto delay = mouth_to_ear(ear, tally);
  const bool silent = tally.packets > 0 && tally.missed == tally.packets;
  return delay || silent ? voice::judge(ear.codec, tally, delay.value_or(Duration{0}))
                         : std::nullopt;
}

/// A receiver that nothing of a stream reached knows no time in which to look for the worst of it:
/// that is all of it, as long as it was sent.
VoiceReport with_worst(const StreamOutcome& stream) {
  VoiceReport heard = *stream.rx->voice;
  if (heard.worst.packets == 0) {
    heard.worst = heard.whole;
    heard.worst_end_ns = stream.tx && stream.tx->time ? stream.tx->time->window_ns : 0;
  }
  return heard;
}

WorstVoicePart worst_part(const Listener& ear, const VoiceReport& heard, std::uint64_t stream) {
  WorstVoicePart part;
  part.stream = stream;
  part.start_s = static_cast<double>(heard.worst_start_ns) / 1e9;
  part.end_s = static_cast<double>(heard.worst_end_ns) / 1e9;
  part.loss_ratio = share(heard.worst);
  part.burst_ratio = voice::burst_ratio(heard.worst);
  if (const auto view = opinion(ear, heard.worst)) {
    part.r = view->r;
    part.mos = view->mos;
  }
  return part;
}

/// Of all streams the window with the least R; without R, that with the greatest loss.
std::optional<WorstVoicePart> worst_of(const Listener& ear, const WayOutcome& way) {
  std::optional<WorstVoicePart> worst;
  for (std::size_t i = 0; i < way.streams.size(); ++i) {
    const VoiceReport heard = with_worst(way.streams[i]);
    if (heard.worst.packets == 0) {
      continue;
    }
    const WorstVoicePart one = worst_part(ear, heard, i);
    const bool lower = worst && one.r && worst->r
                           ? *one.r < *worst->r
                           : worst && one.loss_ratio.value_or(0) > worst->loss_ratio.value_or(0);
    if (!worst || lower) {
      worst = one;
    }
  }
  return worst;
}

/// Each call by itself, and the least score of those of which anything was sent.
void fill_calls(const Listener& ear, const WayOutcome& way, DirectionPart& part, VoicePart& out) {
  bool judged = true;
  for (std::size_t i = 0; i < way.streams.size(); ++i) {
    const VoiceTally& tally = way.streams[i].rx->voice->whole;
    CallPart call;
    call.loss_ratio = share(tally);
    if (const auto view = opinion(ear, tally)) {
      call.r = view->r;
      call.mos = view->mos;
      out.mos_least = std::min(out.mos_least.value_or(view->mos), view->mos);
    }
    judged = judged && (call.mos || tally.packets == 0);
    part.streams.at(i).voice = call;
  }
  if (!judged) {
    out.mos_least = std::nullopt;
  }
}

void fill_delay(const DirectionPart& part, const RttPart& rtt, VoicePart& out) {
  const DelayPart& delay = part.delay;
  const Nanoseconds round = rtt.loaded.min_ns ? rtt.loaded.min_ns : rtt.idle.min_ns;
  if (delay.absolute_valid.value_or(false) && delay.min_ns.value_or(-1) >= 0) {
    out.network_ns = delay.min_ns;
    out.network_source = "one_way";
  } else if (round && *round >= 0) {
    out.network_ns = *round / 2;
    out.network_source = "half_round_trip";
  }
  // Told by others, and about to be added to.
  constexpr std::int64_t kLongest = 3'600'000'000'000;
  if (out.network_ns) {
    out.network_ns = std::min(*out.network_ns, kLongest);
  }
}

}  // namespace

std::optional<VoicePart> build_voice(const TestParams& params, Way direction, const WayOutcome& way,
                                     const RttPart& rtt, DirectionPart& part) {
  const VoiceSetup& setup = params.voice;
  const auto rx = collect_reports(way).rx;
  const bool told = !rx.empty() && std::all_of(rx.begin(), rx.end(), [](const RxReport* report) {
    return report->voice.has_value();
  });
  if (!setup.wanted() || !told) {
    return std::nullopt;
  }
  const voice::CodecFigures& codec = voice::figures(setup.codec);
  const VoiceTally tally = joined(rx);
  VoicePart out;
  out.codec = codec.name;
  out.title = codec.title;
  out.ie = codec.ie;
  out.bpl = codec.bpl;
  out.buffer = setup.adaptive() ? "adaptive" : "fixed";
  fill_delay(part, rtt, out);
  out.lost_packets = sum_over(rx, [](const RxReport& r) { return r.lost; });
  out.discarded_packets = tally.missed - std::min(*out.lost_packets, tally.missed);
  out.loss_before_ratio = quotient(out.lost_packets, tally.packets);
  out.loss_after_ratio = share(tally);
  out.burst_ratio = voice::burst_ratio(tally);
  if (tally.buffer_ns >= 0) {
    out.buffer_ns = tally.buffer_ns;
  }
  const Listener ear{codec, packet_time(params, direction, codec), out.network_ns};
  if (const auto delay = mouth_to_ear(ear, tally)) {
    out.ta_ns = delay->count();
    out.idd = voice::delay_impairment(*delay);
  }
  if (const auto view = opinion(ear, tally)) {
    out.ie_eff = view->equipment_impairment;
    out.r = view->r;
    out.mos = view->mos;
  }
  out.worst = worst_of(ear, way);
  fill_calls(ear, way, part, out);
  return out;
}

Number worst_mos(const ResultDocument& document) {
  Number worst;
  for (const auto* part : {&document.up, &document.down}) {
    if (!*part) {
      continue;
    }
    if (!(*part)->voice || !(*part)->voice->mos_least) {
      return std::nullopt;
    }
    worst = std::min(worst.value_or(5), *(*part)->voice->mos_least);
  }
  return worst;
}

}  // namespace udperf::result
