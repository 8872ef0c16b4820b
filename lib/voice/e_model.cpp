#include "voice/e_model.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace udperf::voice {
namespace {

using namespace std::chrono_literals;

/// R without any impairment beside the default values (G.107 s7.7, Table 2).
constexpr double kDefaultRating = 93.2;

/// In the order of VoiceCodec, from g711 on. Ie and Bpl: G.113 Appendix I (G.729: that
/// of G.729A + VAD).
constexpr std::array<CodecFigures, 4> kCodecs{{
    {"g711", "G.711", 20ms, 0ns, 172, 0.0, 4.3},
    {"g711-plc", "G.711 with concealment", 20ms, 3750us, 172, 0.0, 25.1},
    {"g729", "G.729A", 20ms, 5ms, 32, 11.0, 19.0},
    {"opus", "Opus", 20ms, 6500us, 72, std::nullopt, std::nullopt},
}};

double sixth_root_sum(double x) {
  return std::pow(1.0 + std::pow(x, 6), 1.0 / 6.0);
}

}  // namespace

const CodecFigures& figures(VoiceCodec codec) {
  const auto index = static_cast<std::size_t>(codec);
  return kCodecs[std::clamp<std::size_t>(index, 1, kCodecs.size()) - 1];
}

double delay_impairment(Duration mouth_to_ear) {
  constexpr double kUnnoticed = 1e8;  // 100 ms
  const auto delay = static_cast<double>(mouth_to_ear.count());
  if (delay <= kUnnoticed) {
    return 0;
  }
  const double x = std::log2(delay / kUnnoticed);
  return std::max(25.0 * (sixth_root_sum(x) - 3.0 * sixth_root_sum(x / 3.0) + 2.0), 0.0);
}

double equipment_impairment(double ie, double bpl, double loss_percent, double burst_ratio) {
  const double burst = std::max(burst_ratio, 1.0);
  return ie + (95.0 - ie) * loss_percent / (loss_percent / burst + bpl);
}

double rating(double delay_impairment, double equipment_impairment) {
  return std::max(kDefaultRating - delay_impairment - equipment_impairment, 0.0);
}

double mean_opinion(double r) {
  if (r <= 0) {
    return 1;
  }
  if (r >= 100) {
    return 4.5;
  }
  return std::max(1.0 + 0.035 * r + 7e-6 * r * (r - 60.0) * (100.0 - r), 1.0);
}

std::optional<double> burst_ratio(const VoiceTally& tally) {
  if (tally.missed == 0 || tally.missed >= tally.packets) {
    return std::nullopt;
  }
  const auto missed = static_cast<double>(tally.missed);
  const auto runs = static_cast<double>(std::clamp<std::uint64_t>(tally.runs, 1, tally.missed));
  return missed / runs * (1.0 - missed / static_cast<double>(tally.packets));
}

std::optional<Opinion> judge(const CodecFigures& codec, const VoiceTally& tally,
                             Duration mouth_to_ear) {
  if (tally.packets == 0 || !codec.ie || !codec.bpl) {
    return std::nullopt;
  }
  const double share =
      std::min(static_cast<double>(tally.missed) / static_cast<double>(tally.packets), 1.0);
  // Where nothing was heard there is no pattern: one run without end.
  const double burst = share >= 1.0 ? 1e9 : burst_ratio(tally).value_or(1.0);
  Opinion out;
  out.delay_impairment = delay_impairment(mouth_to_ear);
  out.equipment_impairment = equipment_impairment(*codec.ie, *codec.bpl, 100.0 * share, burst);
  out.r = rating(out.delay_impairment, out.equipment_impairment);
  out.mos = mean_opinion(out.r);
  return out;
}

}  // namespace udperf::voice
