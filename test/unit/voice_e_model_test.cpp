#include <cmath>
#include <random>

#include "support/catch.hpp"
#include "voice/e_model.hpp"

using namespace udperf;
using namespace udperf::voice;
using namespace std::chrono_literals;
using Catch::Matchers::WithinAbs;

// The expected values are worked out by hand from the formulas of ITU-T G.107 and the constants of
// G.113 Appendix I.

TEST_CASE("no delay up to 100 ms impairs, and more does as G.107 has it", "[voice]") {
  CHECK(delay_impairment(0ms) == 0);
  CHECK(delay_impairment(50ms) == 0);
  CHECK(delay_impairment(100ms) == 0);
  // X = log2(1.5) = 0.58496, X^6 = 0.040065: 1.006568 - 3 * 1.0000092 + 2 = 0.0065412
  CHECK_THAT(delay_impairment(150ms), WithinAbs(0.1635, 0.0005));
  // X = 1: 2^(1/6) - 3 * (730/729)^(1/6) + 2 = 1.122462 - 3.000685 + 2 = 0.121777
  CHECK_THAT(delay_impairment(200ms), WithinAbs(3.0444, 0.0005));
  // X = log2(3) = 1.58496, X^6 = 15.853: 1.601204 - 3.010777 + 2 = 0.590428
  CHECK_THAT(delay_impairment(300ms), WithinAbs(14.761, 0.001));
  // X = 2: 65^(1/6) - 3 * (1 + 64/729)^(1/6) + 2 = 2.005175 - 3.042371 + 2 = 0.962804
  CHECK_THAT(delay_impairment(400ms), WithinAbs(24.070, 0.001));
  // X = 3: 730^(1/6) - 3 * 2^(1/6) + 2 = 3.000685 - 3.367386 + 2 = 1.633299
  CHECK_THAT(delay_impairment(800ms), WithinAbs(40.832, 0.001));
}

TEST_CASE("loss impairs as coder and burstiness have it", "[voice]") {
  // 95 * 1 / (1 + 4.3) = 17.925; 95 / (1 + 25.1) = 3.640
  CHECK_THAT(equipment_impairment(0, 4.3, 1, 1), WithinAbs(17.925, 0.001));
  CHECK_THAT(equipment_impairment(0, 25.1, 1, 1), WithinAbs(3.640, 0.001));
  // 11 + 84 * 2 / (2 + 19) = 19; 11 + 84 * 5 / (5 / 4 + 19) = 31.741
  CHECK_THAT(equipment_impairment(11, 19, 2, 1), WithinAbs(19.0, 1e-9));
  CHECK_THAT(equipment_impairment(11, 19, 5, 4), WithinAbs(31.741, 0.001));
  CHECK_THAT(equipment_impairment(11, 19, 0, 1), WithinAbs(11.0, 1e-9));
  CHECK(equipment_impairment(0, 4.3, 10, 0.5) == equipment_impairment(0, 4.3, 10, 1));
}

TEST_CASE("a rating has the score that G.107 Annex B gives it", "[voice]") {
  CHECK_THAT(mean_opinion(93.2), WithinAbs(4.409, 0.001));
  CHECK_THAT(mean_opinion(80), WithinAbs(4.024, 0.001));  // 1 + 2.8 + 7e-6 * 80 * 20 * 20
  CHECK_THAT(mean_opinion(60), WithinAbs(3.1, 1e-9));     // 1 + 2.1 + 0
  CHECK_THAT(mean_opinion(50), WithinAbs(2.575, 0.001));  // 1 + 1.75 - 7e-6 * 50 * 10 * 50
  CHECK(mean_opinion(0) == 1);
  CHECK(mean_opinion(-5) == 1);
  CHECK(mean_opinion(3) == 1);  // where the polynomial is below 1
  CHECK(mean_opinion(100) == 4.5);
}

TEST_CASE("a call is judged by codec, loss, bursts and delay", "[voice]") {
  const auto call = [](VoiceCodec codec, const VoiceTally& tally, Duration delay) {
    return judge(figures(codec), tally, delay).value();
  };
  const VoiceTally clean{1000, 0, 0, 0};
  CHECK_THAT(call(VoiceCodec::g711_plc, clean, 50ms).r, WithinAbs(93.2, 1e-9));
  CHECK_THAT(call(VoiceCodec::g711_plc, clean, 50ms).mos, WithinAbs(4.41, 0.005));
  CHECK_THAT(call(VoiceCodec::g711_plc, clean, 300ms).r, WithinAbs(78.44, 0.01));
  CHECK_THAT(call(VoiceCodec::g711_plc, clean, 300ms).mos, WithinAbs(3.964, 0.001));
  CHECK_THAT(call(VoiceCodec::g729, clean, 50ms).r, WithinAbs(82.2, 1e-9));
  CHECK_THAT(call(VoiceCodec::g729, clean, 50ms).mos, WithinAbs(4.104, 0.001));
  // One in a hundred, singly: BurstR 0.99 counts as 1. R = 93.2 - 17.925
  const VoiceTally singly{1000, 10, 10, 0};
  CHECK_THAT(call(VoiceCodec::g711, singly, 50ms).r, WithinAbs(75.275, 0.001));
  CHECK_THAT(call(VoiceCodec::g711, singly, 50ms).mos, WithinAbs(3.834, 0.001));
  // 50 of 1000 in 25 runs of 2: BurstR 1.9. 95 * 5 / (5 / 1.9 + 25.1) = 17.129
  const VoiceTally pairs{1000, 50, 25, 0};
  CHECK_THAT(burst_ratio(pairs).value(), WithinAbs(1.9, 1e-9));
  CHECK_THAT(call(VoiceCodec::g711_plc, pairs, 50ms).equipment_impairment,
             WithinAbs(17.129, 0.001));
  // Nothing heard at all.
  CHECK(call(VoiceCodec::g711_plc, VoiceTally{10, 10, 1, 0}, 0ms).mos == 1);
  CHECK_FALSE(judge(figures(VoiceCodec::g711), VoiceTally{}, 0ms));
  CHECK_FALSE(judge(figures(VoiceCodec::opus), clean, 0ms));
  CHECK_FALSE(burst_ratio(clean));
}

TEST_CASE("no score rises with loss or with delay", "[voice]") {
  std::mt19937_64 random{20};
  std::uniform_real_distribution<double> loss{0, 100};
  std::uniform_real_distribution<double> burst{0.5, 12};
  std::uniform_int_distribution<std::int64_t> delay{0, 2'000'000'000};
  for (int round = 0; round < 5000; ++round) {
    const CodecFigures& codec = figures(static_cast<VoiceCodec>(1 + random() % 3));
    const double b = burst(random);
    const auto score = [&](double percent, std::int64_t ns) {
      return mean_opinion(rating(delay_impairment(Duration{ns}),
                                 equipment_impairment(*codec.ie, *codec.bpl, percent, b)));
    };
    const double less = loss(random);
    const double more = less + (100 - less) * std::generate_canonical<double, 53>(random);
    const std::int64_t sooner = delay(random);
    const std::int64_t later = sooner + delay(random);
    CAPTURE(codec.name, b, less, more, sooner, later);
    CHECK(score(more, sooner) <= score(less, sooner) + 1e-12);
    CHECK(score(less, later) <= score(less, sooner) + 1e-12);
    CHECK(score(less, sooner) >= 1);
    CHECK(score(less, sooner) <= 4.5);
  }
}

TEST_CASE("a call that loses more at random never scores better", "[voice]") {
  std::mt19937_64 random{107};
  for (int round = 0; round < 200; ++round) {
    std::vector<bool> gone(1 + random() % 2000, false);
    double last = 5;
    for (int step = 0; step < 20; ++step) {
      // The next run: further losses on top of those before, singly or in a row.
      const std::size_t at = random() % gone.size();
      const std::size_t length = 1 + random() % (1 + gone.size() / 50);
      for (std::size_t i = at; i < std::min(at + length, gone.size()); ++i) {
        gone[i] = true;
      }
      VoiceTally tally{gone.size(), 0, 0, 0};
      for (std::size_t i = 0; i < gone.size(); ++i) {
        tally.missed += gone[i] ? 1U : 0U;
        tally.runs += gone[i] && (i == 0 || !gone[i - 1]) ? 1U : 0U;
      }
      const double mos = judge(figures(VoiceCodec::g711_plc), tally, 50ms)->mos;
      CAPTURE(round, step, tally.packets, tally.missed, tally.runs);
      if (5 * tally.missed > tally.packets) {
        break;  // beyond a fifth the model may take one more gap for less bursty
      }
      CHECK(mos <= last + 1e-9);
      last = mos;
    }
  }
}
