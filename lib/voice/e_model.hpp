#pragma once

#include <optional>
#include <string_view>

#include "base/time.hpp"
#include "model/voice.hpp"

namespace udperf::voice {

// The E-model (ITU-T G.107, narrow band) with its default values and no echo: what a listener
// would say of a call. All delays from mouth to ear.

/// What the model has to know of a coder.
struct CodecFigures {
  std::string_view name;            ///< as the option has it
  std::string_view title;           ///< for people
  Duration packet{0};               ///< speech in a packet
  Duration look_ahead{0};           ///< of the coder, beyond the packet
  std::uint32_t payload_bytes = 0;  ///< of a packet with an RTP header (RFC 3550 s5.1)
  /// Equipment impairment and packet-loss robustness (G.113 Appendix I); absent where the
  /// recommendation has none for a narrow band.
  std::optional<double> ie;
  std::optional<double> bpl;
};

/// Precondition: a codec, not none.
[[nodiscard]] const CodecFigures& figures(VoiceCodec codec);

/// Impairment by delay (G.107 s7.4, Idd), 0 up to 100 ms; never negative.
[[nodiscard]] double delay_impairment(Duration mouth_to_ear);

/// Effective equipment impairment (G.107 s7.5): `loss_percent` 0..100 after the buffer, at
/// `burst_ratio`, which counts as 1 where it is less: the model has no loss more even than random.
[[nodiscard]] double equipment_impairment(double ie, double bpl, double loss_percent,
                                          double burst_ratio);

/// R of the default values, 93.2, less both impairments; not below 0.
[[nodiscard]] double rating(double delay_impairment, double equipment_impairment);

/// The mean opinion score of R (G.107 Annex B), 1..4.5. Not below 1, where the polynomial dips.
[[nodiscard]] double mean_opinion(double r);

/// Mean run of missed packets times (1 - their share); nothing without loss or without speech.
[[nodiscard]] std::optional<double> burst_ratio(const VoiceTally& tally);

/// How a call sounded.
struct Opinion {
  double delay_impairment = 0;
  double equipment_impairment = 0;
  double r = 0;
  double mos = 1;
};
/// Nothing where no packet was sent, or the codec has no figures.
[[nodiscard]] std::optional<Opinion> judge(const CodecFigures& codec, const VoiceTally& tally,
                                           Duration mouth_to_ear);

}  // namespace udperf::voice
