// What tcpdump sees on the wire of each profile, beside what `udperf profiles` says of it: sizes,
// rates and times, by a program that shares nothing with this one. As root only.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "e2e/program.hpp"
#include "e2e/tcpdump.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/strict_json.hpp"
#include "support/temp_dir.hpp"

using nlohmann::json;
using udperf::test::Attempt;
using udperf::test::CapturedRun;
using udperf::test::CapturedTest;
using udperf::test::measure_side_by_side;
using udperf::test::Measurement;
using udperf::test::parse_strict_json;
using udperf::test::run_udperf;
using udperf::test::Seen;

namespace {

json profile_row(const std::string& name) {
  const auto listed = parse_strict_json(run_udperf({"profiles", "--json"}).out);
  REQUIRE(listed);
  const auto& rows = listed->at("profiles");
  const auto row = std::find_if(rows.begin(), rows.end(),
                                [&](const json& one) { return one.at("name") == name; });
  REQUIRE(row != rows.end());
  return *row;
}

/// "16:7,548:4,1472:1" or "172": weights by size.
std::map<std::size_t, double> weights_of(const std::string& sizes) {
  std::map<std::size_t, double> weights;
  std::istringstream parts{sizes};
  for (std::string part; std::getline(parts, part, ',');) {
    const auto colon = part.find(':');
    weights[std::stoul(part)] =
        colon == std::string::npos ? 1.0 : std::stod(part.substr(colon + 1));
  }
  return weights;
}

/// In each size's share of all datagrams; a turn has each exactly as often as it should, so what is
/// cut off by the end is less than a turn.
void check_sizes(const std::vector<Seen>& seen, const std::string& sizes) {
  const auto weights = weights_of(sizes);
  double sum = 0;
  std::map<std::size_t, double> counts;
  for (const auto& [bytes, weight] : weights) {
    sum += weight;
  }
  for (const Seen& one : seen) {
    counts[one.bytes] += 1;
  }
  CHECK(counts.size() == weights.size());
  for (const auto& [bytes, weight] : weights) {
    CAPTURE(bytes);
    const double expected = static_cast<double>(seen.size()) * weight / sum;
    CHECK(std::abs(counts[bytes] - expected) <= (weights.size() == 1 ? 0 : 40));
  }
}

/// Share of `seen` that are within 1 ms of the times at which they were due after a common start.
double share_on_time(const std::vector<double>& seen, const std::vector<double>& due_s) {
  REQUIRE(seen.size() == due_s.size());
  std::vector<double> off;
  for (std::size_t k = 0; k < seen.size(); ++k) {
    off.push_back(seen[k] - due_s[k]);
  }
  auto sorted = off;
  std::sort(sorted.begin(), sorted.end());
  const double usual = sorted.at(sorted.size() / 2);  // the first may have been late itself
  const auto good = std::count_if(off.begin(), off.end(),
                                  [&](double one) { return std::abs(one - usual) <= 1e-3; });
  return static_cast<double>(good) / static_cast<double>(off.size());
}

/// The same for what was due at multiples of `period_s`.
double share_on_time(const std::vector<double>& starts, double period_s) {
  std::vector<double> due_s;
  for (std::size_t k = 0; k < starts.size(); ++k) {
    due_s.push_back(static_cast<double>(k) * period_s);
  }
  return share_on_time(starts, due_s);
}

struct Frame {
  double at_s = 0;
  std::size_t bytes = 0;
};

/// What leaves closer together than `gap_s` is of one frame.
std::vector<Frame> frames_of(const std::vector<Seen>& seen, double gap_s) {
  std::vector<Frame> frames;
  double last = 0;
  for (const Seen& one : seen) {
    if (frames.empty() || one.at_s - last > gap_s) {
      frames.push_back({one.at_s, 0});
    }
    frames.back().bytes += one.bytes;
    last = one.at_s;
  }
  return frames;
}

std::vector<double> times_of(const std::vector<Seen>& seen) {
  std::vector<double> times;
  for (const Seen& one : seen) {
    times.push_back(one.at_s);
  }
  return times;
}

std::vector<double> starts_of(const std::vector<Frame>& frames) {
  std::vector<double> starts;
  for (const Frame& frame : frames) {
    starts.push_back(frame.at_s);
  }
  return starts;
}

/// Kolmogorov and Smirnov's distance between these gaps and an exponential distribution.
double distance_to_exponential(std::vector<double> gaps, double mean) {
  std::sort(gaps.begin(), gaps.end());
  const auto n = static_cast<double>(gaps.size());
  double distance = 0;
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    const double expected = 1 - std::exp(-gaps[i] / mean);
    const auto below = static_cast<double>(i);
    distance = std::max({distance, expected - below / n, (below + 1) / n - expected});
  }
  return distance;
}

/// Wake-ups that are late make times late: that is the host's doing where it was under strain.
void needs_punctual(const json& direction, Attempt& attempt) {
  attempt.keeps(direction.at("tx").at("pacing_skipped") == 0, "nothing skipped");
}

/// A test with these options whose capture is judged when it is over.
Measurement capture_of(const std::string& name, std::vector<std::string> options,
                       std::function<void(const CapturedRun&, Attempt&)> judge) {
  auto test = std::make_shared<std::optional<CapturedTest>>();
  return {name, [test, options = std::move(options)] { test->emplace(options); },
          [test, judge = std::move(judge)](Attempt& attempt) {
            const auto run = (*test)->finish(attempt);
            test->reset();
            if (run) {
              judge(*run, attempt);
            }
          }};
}

/// What its row of `udperf profiles` says, of a call or a game.
Measurement call(const std::string& profile) {
  constexpr double kSeconds = 1.5;
  return capture_of(
      profile, {"--profile", profile, "--duration", "1.5s"},
      [row = profile_row(profile)](const CapturedRun& run, Attempt& attempt) {
        for (const std::string way : {"up", "down"}) {
          CAPTURE(way);
          const auto& seen = run.capture.at(way);
          const double pps = row.at(way).at("packets_per_s").get<double>();
          check_sizes(seen, row.at(way).at("sizes").get<std::string>());
          needs_punctual(run.document.at(way), attempt);
          attempt.expect(static_cast<double>(seen.size()) == pps * kSeconds, "datagrams a second");
          attempt.expect(share_on_time(times_of(seen), 1 / pps) >= 0.98, "datagrams within 1 ms");
        }
      });
}

/// The sizes of its profile at the rate that was asked for.
Measurement imix() {
  return capture_of("imix", {"--profile", "imix", "--rate", "2000pps", "--duration", "2s"},
                    [row = profile_row("imix")](const CapturedRun& run, Attempt& attempt) {
                      const auto& seen = run.capture.at("up");
                      check_sizes(seen, row.at("up").at("sizes").get<std::string>());
                      needs_punctual(run.document.at("up"), attempt);
                      attempt.expect_near("datagrams a second",
                                          static_cast<double>(seen.size()) / 2, 2000, 0.002);
                    });
}

/// The frames of its profile.
Measurement video() {
  return capture_of(
      "video", {"--profile", "video-5M", "--duration", "2.2s"},
      [up = profile_row("video-5M").at("up")](const CapturedRun& run, Attempt& attempt) {
        const double fps = up.at("frames_per_s").get<double>();
        const auto every = up.at("key_frame_every").get<std::size_t>();
        const double times = up.at("key_frame_times").get<double>();
        const double mean_bytes = up.at("payload_bps").get<double>() / 8 / fps;
        const double usual_bytes =
            mean_bytes * static_cast<double>(every) / (static_cast<double>(every) - 1 + times);
        needs_punctual(run.document.at("up"), attempt);
        const auto frames = frames_of(run.capture.at("up"), 0.3 / fps);
        if (!attempt.expect(frames.size() == static_cast<std::size_t>(2.2 * fps), "its frames")) {
          return;
        }
        for (std::size_t i = 0; i < frames.size(); ++i) {
          const double expected = usual_bytes * (i % every == 0 ? times : 1);
          attempt.expect_near("bytes of frame " + std::to_string(i),
                              static_cast<double>(frames[i].bytes), expected, 0.002);
        }
        attempt.expect(share_on_time(starts_of(frames), 1 / fps) >= 0.98, "frames within 1 ms");
      });
}

/// 99 % of its frames within 1 ms of their time.
Measurement isochronous() {
  return capture_of(
      "isochronous", {"--profile", "isochronous:100:4M,1M", "--seed", "8", "--duration", "3s"},
      [](const CapturedRun& run, Attempt& attempt) {
        needs_punctual(run.document.at("up"), attempt);
        const auto frames = frames_of(run.capture.at("up"), 0.003);
        if (!attempt.expect(frames.size() == 300, "300 frames")) {
          return;
        }
        attempt.expect(share_on_time(starts_of(frames), 0.01) >= 0.99, "frames within 1 ms");
        double sum = 0;
        double squares = 0;
        for (std::size_t i = 0; i < 256; ++i) {  // a turn, whose mean is that of the rate
          const auto bytes = static_cast<double>(frames[i].bytes);
          sum += bytes;
          squares += bytes * bytes;
        }
        const double mean = sum / 256;
        attempt.expect_near("bytes of a frame", mean, 4e6 / 8 / 100, 0.002);
        attempt.expect_near("their deviation", std::sqrt(squares / 256 - mean * mean),
                            1e6 / 8 / 100, 0.05);
      });
}

/// Gaps that are exponential.
Measurement poisson() {
  return capture_of("poisson",
                    {"--spacing", "poisson", "--rate", "400pps", "--packet-size", "64", "--seed",
                     "3", "--packets", "1501"},
                    [](const CapturedRun& run, Attempt& attempt) {
                      needs_punctual(run.document.at("up"), attempt);
                      const auto& seen = run.capture.at("up");
                      std::vector<double> gaps;
                      for (std::size_t i = 1; i < seen.size(); ++i) {
                        gaps.push_back(seen[i].at_s - seen[i - 1].at_s);
                      }
                      // Beyond this distance, chance alone comes once in a hundred draws; the draw
                      // is always the same.
                      const double most = 1.63 / std::sqrt(static_cast<double>(gaps.size()));
                      const double distance = distance_to_exponential(gaps, 1 / 400.0);
                      CAPTURE(distance, most);
                      attempt.expect(distance < most, "gaps that an exponential distribution has");
                    });
}

/// Back to back, at the distance that keeps the rate.
Measurement bursts() {
  return capture_of(
      "bursts",
      {"--spacing", "burst:8", "--rate", "400pps", "--packet-size", "300", "--duration", "2s"},
      [](const CapturedRun& run, Attempt& attempt) {
        needs_punctual(run.document.at("up"), attempt);
        const auto seen = frames_of(run.capture.at("up"), 0.005);
        if (!attempt.expect(seen.size() == 100, "100 bursts")) {
          return;
        }
        for (const Frame& burst : seen) {
          attempt.expect(burst.bytes == std::size_t{8} * 300, "8 datagrams in each");
        }
        attempt.expect(share_on_time(starts_of(seen), 0.02) >= 0.98, "bursts within 1 ms");
      });
}

/// A trace with gaps from nothing to 60 ms, so that no even times are near its own.
struct UnevenTrace {
  udperf::test::TempDir dir;
  std::string file = dir.path().string() + "/uneven.csv";
  std::vector<std::size_t> bytes;
  std::vector<double> due_s;

  UnevenTrace() {
    constexpr int kPackets = 100;
    std::ofstream out{file};
    out << "seconds,bytes\n";
    for (int k = 0; k < kPackets; ++k) {
      const int step = k - k % 3 / 2;  // of three, two leave at once
      const int us = 150 * step * step;
      bytes.push_back(static_cast<std::size_t>(16 + k * 977 % 1400));
      due_s.push_back(us / 1e6);
      std::array<char, 32> row{};
      std::snprintf(row.data(), row.size(), "%d.%06d,%zu\n", us / 1'000'000, us % 1'000'000,
                    bytes.back());
      out << row.data();
    }
  }
};

/// Each packet of a file, as long as it was and when it was.
Measurement trace() {
  auto sent = std::make_shared<UnevenTrace>();
  return capture_of("trace", {"--profile", "trace:" + sent->file},
                    [sent](const CapturedRun& run, Attempt& attempt) {
                      const auto& seen = run.capture.at("up");
                      std::vector<std::size_t> bytes;
                      for (const Seen& one : seen) {
                        bytes.push_back(one.bytes);
                      }
                      CHECK(bytes == sent->bytes);
                      needs_punctual(run.document.at("up"), attempt);
                      if (attempt.expect(seen.size() == sent->due_s.size(), "all packets")) {
                        attempt.expect(share_on_time(times_of(seen), sent->due_s) >= 0.98,
                                       "packets within 1 ms of the trace's times");
                      }
                    });
}

}  // namespace

// Side by side, which a few thousand datagrams a second bear; what the host spoils is made again
// alone.

TEST_CASE("a capture of a call, a game, IMIX, video or a trace has what its profile says",
          "[e2e][capture]") {
  measure_side_by_side({call("voip-g711"), call("voip-g729"), call("voip-opus"), call("gaming"),
                        imix(), video(), trace()});
}

TEST_CASE("a capture has frames, gaps by chance and bursts as they were asked for",
          "[e2e][capture]") {
  measure_side_by_side({isochronous(), poisson(), bursts()});
}
