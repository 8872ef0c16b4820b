#include <random>

#include "support/catch.hpp"
#include "voice/e_model.hpp"
#include "voice/playout.hpp"

using namespace udperf;
using namespace udperf::voice;
using namespace std::chrono_literals;

namespace {

constexpr Duration kPace = 20ms;

MonoTime departure(std::uint64_t sequence) {
  return MonoTime{5s} + sequence * kPace;
}

/// Packets every 20 ms; `delay` says how long each takes, or nothing where it is lost.
template <typename Delay>
VoiceReport played(const VoiceSetup& setup, std::uint64_t sent, Delay delay) {
  Playout playout{setup};
  for (std::uint64_t i = 0; i < sent; ++i) {
    if (const std::optional<Duration> took = delay(i)) {
      playout.arrived(i, 1, *took - 7h, departure(i));  // clocks that know nothing of each other
    }
  }
  return playout.finish(sent);
}

using Took = std::optional<Duration>;

}  // namespace

TEST_CASE("what takes longer than least delay and buffer is missed", "[voice]") {
  const VoiceSetup setup{VoiceCodec::g711, 60ms};
  // The least delay, 10 ms, is known only late: every tenth takes 71 ms, every other tenth 69.
  const auto report = played(setup, 1000, [](std::uint64_t i) -> Took {
    return i % 10 == 3 ? 71ms : i % 10 == 6 ? 69ms : i == 900 ? 10ms : 12ms;
  });
  CHECK(report.whole.packets == 1000);
  CHECK(report.whole.missed == 100);
  CHECK(report.whole.runs == 100);
  CHECK(report.whole.buffer_ns == 60'000'000);
}

TEST_CASE("what is lost and what is late make one run", "[voice]") {
  const auto report = played({VoiceCodec::g711, 60ms}, 100, [](std::uint64_t i) -> Took {
    return i == 50 ? Took{} : i == 51 ? Took{200ms} : i == 99 ? Took{} : Took{10ms};
  });
  CHECK(report.whole.missed == 3);
  CHECK(report.whole.runs == 2);
  CHECK(report.worst == report.whole);  // shorter than ten seconds
  CHECK(report.worst_start_ns == 0);
}

TEST_CASE("clocks that drift apart make nothing late", "[voice]") {
  // Half an hour at 50 ppm: 90 ms in all, more than the buffer.
  const auto report = played({VoiceCodec::g711, 60ms}, 90'000, [](std::uint64_t i) -> Took {
    return 10ms + Duration{static_cast<std::int64_t>(i) * 1000};
  });
  CHECK(report.whole.packets == 90'000);
  CHECK(report.whole.missed == 0);
}

TEST_CASE("the ten seconds that sounded worst are found", "[voice]") {
  // A minute; from 23 s to 26 s every second one is lost, from 40 s on 15 in a row.
  const auto report = played({VoiceCodec::g711, 60ms}, 3000, [](std::uint64_t i) -> Took {
    const bool gone = (i >= 1150 && i < 1300 && i % 2 == 0) || (i >= 2000 && i < 2015);
    return gone ? Took{} : Took{10ms};
  });
  CHECK(report.whole.missed == 90);
  CHECK(report.worst.missed == 75);
  CHECK(report.worst.packets == 500);
  CHECK(report.worst_start_ns >= 16'000'000'000);
  CHECK(report.worst_end_ns <= 33'000'000'000);
  CHECK(report.worst_end_ns - report.worst_start_ns == 10'000'000'000);
}

TEST_CASE("a silence belongs to the seconds in which it was", "[voice]") {
  // 12 s to 18 s nothing arrives; the loss must not crowd into the second in which it ends.
  const auto report = played({VoiceCodec::g711, 60ms}, 3000, [](std::uint64_t i) -> Took {
    return i >= 600 && i < 900 ? Took{} : Took{10ms};
  });
  CHECK(report.worst.missed == 300);
  CHECK(report.worst.packets == 500);
  CHECK(report.worst.runs == 1);
}

TEST_CASE("what is lost at head and tail is missed", "[voice]") {
  const auto report = played({VoiceCodec::g711, 60ms}, 1000, [](std::uint64_t i) -> Took {
    return i < 100 || i >= 700 ? Took{} : Took{10ms};
  });
  CHECK(report.whole.packets == 1000);
  CHECK(report.whole.missed == 400);
  CHECK(report.worst.missed == 300);
  CHECK(report.worst.packets == 500);

  const auto silent = played({VoiceCodec::g711, 60ms}, 50, [](std::uint64_t) { return Took{}; });
  CHECK(silent.whole == VoiceTally{50, 50, 1, -1});
  CHECK(played({VoiceCodec::g711, 60ms}, 0, [](std::uint64_t) { return Took{}; }) == VoiceReport{});
}

TEST_CASE("an adaptive buffer grows with the jitter and shrinks without", "[voice]") {
  const auto with_jitter = [](Duration jitter, std::uint64_t seed) {
    std::mt19937_64 random{seed};
    return played({VoiceCodec::g711, 0ms}, 3000, [&](std::uint64_t) -> Took {
      return 10ms + Duration{static_cast<std::int64_t>(
                        random() % static_cast<std::uint64_t>(jitter.count() + 1))};
    });
  };
  const auto calm = with_jitter(2ms, 1);
  CHECK(calm.whole.missed == 0);
  CHECK(calm.whole.buffer_ns >= 20'000'000);
  CHECK(calm.whole.buffer_ns < 30'000'000);
  const auto rough = with_jitter(150ms, 2);
  CHECK(rough.whole.buffer_ns > 120'000'000);
  CHECK(rough.whole.buffer_ns <= 500'000'000);
  CHECK(rough.whole.missed <= 50);  // the first second only: a fixed one of 60 ms misses six in ten
}

TEST_CASE("order, copies and pace bend nothing, whatever the buffer", "[voice]") {
  std::mt19937_64 random{35};
  for (int round = 0; round < 50; ++round) {
    const VoiceSetup setup{VoiceCodec::g711_plc, random() % 2 == 0 ? Duration{60ms} : Duration{0}};
    const std::uint64_t sent = 1 + random() % 3000;
    struct Arrival {
      std::uint64_t sequence;
      Duration delay;
    };
    std::vector<Arrival> arrivals;
    for (std::uint64_t i = 0; i < sent; ++i) {
      for (std::uint64_t copies = random() % 12; copies > 8 || copies == 1; --copies) {
        arrivals.push_back({i, 5ms + Duration{static_cast<std::int64_t>(random() % 100'000'000)}});
      }
    }
    std::stable_sort(arrivals.begin(), arrivals.end(), [](const Arrival& a, const Arrival& b) {
      return departure(a.sequence) + a.delay < departure(b.sequence) + b.delay;
    });
    Playout playout{setup};
    Playout twice{setup};
    std::vector<bool> seen(sent, false);
    std::uint64_t in_time = 0;
    Duration least = 1h;
    for (const Arrival& a : arrivals) {
      least = std::min(least, a.delay);
    }
    for (const Arrival& a : arrivals) {
      playout.arrived(a.sequence, 1, a.delay, departure(a.sequence));
      twice.arrived(a.sequence, 1, a.delay, departure(a.sequence));
      twice.arrived(a.sequence, 1, a.delay + 1ms, departure(a.sequence));
      in_time += !seen[a.sequence] && a.delay - least <= setup.buffer ? 1U : 0U;
      seen[a.sequence] = true;
    }
    const auto report = playout.finish(sent);
    CAPTURE(round, sent, setup.adaptive());
    CHECK(report.whole.packets == sent);
    CHECK(report.whole.missed <= sent);
    CHECK(report.whole.runs <= report.whole.missed);
    CHECK(report == twice.finish(sent));
    if (!setup.adaptive()) {
      CHECK(report.whole.missed == sent - in_time);
    }
  }
}

TEST_CASE("what a liar sends costs no more memory than a call", "[voice]") {
  MemoryAccount account{std::uint64_t{1} << 30U};
  Playout playout{{VoiceCodec::g711, 60ms}, &account};
  std::mt19937_64 random{6};
  std::uint64_t sequence = 0;
  for (int i = 0; i < 200; ++i) {
    sequence += random() % (std::uint64_t{1} << (random() % 30));
    const auto tx = static_cast<std::int64_t>(random() % (std::uint64_t{1} << 60U));
    playout.arrived(sequence, 1, Duration{-tx}, MonoTime{Duration{tx}});
    REQUIRE(account.used() <= Playout::kMostWaiting * 64);
  }
  const auto report = playout.finish(sequence + 1);
  CHECK(report.whole.packets == sequence + 1);
  CHECK(account.used() == 0);

  MemoryAccount none{0};
  Playout starved{{VoiceCodec::g711, 60ms}, &none};
  starved.arrived(0, 10, 10ms, MonoTime{1s});
  CHECK(starved.finish(10).whole == VoiceTally{10, 10, 1, -1});
}

TEST_CASE("numbers that jump again and again have no missing ones wait", "[voice]") {
  MemoryAccount account{std::uint64_t{1} << 30U};
  Playout playout{{VoiceCodec::g711, 60ms}, &account};
  constexpr std::uint64_t kJump = 60'000;
  for (std::uint64_t i = 0; i < 100; ++i) {
    playout.arrived(i * kJump, 1, 10ms, departure(i));
    // What waits was put there, one by one, and will be decided so.
    REQUIRE((i < 2 || account.used() < 100 * 64));
  }
  const auto report = playout.finish(100 * kJump);
  CHECK(report.whole.packets == 100 * kJump);
  CHECK(report.whole.missed == 100 * kJump - 100);
  CHECK(account.used() == 0);
}
