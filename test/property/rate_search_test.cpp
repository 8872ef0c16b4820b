// The search against simulated paths, seed by seed: never above the truth, always in time.

#include "search/rate_search.hpp"

#include <cmath>
#include <random>
#include <string>

#include "support/bottleneck.hpp"
#include "support/catch.hpp"

using namespace udperf;
using namespace std::chrono_literals;
using search::Answer;
using search::Goal;
using search::Limit;
using search::RateSearch;
using test::Bottleneck;
using test::BottleneckSettings;

namespace {

/// A sanitizer sees in a fifth of them what there is to see.
constexpr int seeds(int usual) {
  return UDPERF_TEST_TIME_FACTOR == 1 ? usual : usual / 5;
}

struct Run {
  Answer answer;
  double took_s = 0;
};

Run search_over(const Goal& goal, const BottleneckSettings& settings, std::uint64_t seed) {
  Bottleneck path{settings, seed};
  RateSearch search{goal};
  const auto elapsed = [&path] { return Duration{static_cast<std::int64_t>(path.now_s() * 1e9)}; };
  for (int i = 0; i < 100; ++i) {
    const auto trial = search.next(elapsed());
    if (!trial) {
      return Run{search.answer(), path.now_s()};
    }
    const auto outcome = path.run(*trial, goal.way);
    search.finished(search::observe(outcome, goal.way), elapsed());
  }
  FAIL("the search did not end");
  return {};
}

std::string story(const Run& run) {
  std::string text = "took " + std::to_string(run.took_s) + " s, limit " +
                     (run.answer.limited_by ? limit_name(*run.answer.limited_by) : "none");
  for (const auto& t : run.answer.trials) {
    text += "\n" + std::to_string(static_cast<int>(t.step)) + ": " +
            std::to_string(t.rate_bps / 1e6) + " for " + std::to_string(t.duration_s) + " s -> " +
            std::to_string(t.goodput_bps.value_or(0) / 1e6) + ", lost " +
            std::to_string(t.loss_ratio.value_or(0)) + ", " + verdict_name(t.verdict);
  }
  return text;
}

/// In time, with an answer that is not above the truth; whether it is within 2 % of it.
bool found_honestly(const Run& run, double truth_bps) {
  REQUIRE(run.took_s <= 15.0);
  REQUIRE(run.answer.answer_bps.has_value());
  REQUIRE(*run.answer.answer_bps <= truth_bps);
  return *run.answer.answer_bps >= 0.98 * truth_bps;
}

double log_uniform(std::mt19937_64& random, double low, double high) {
  std::uniform_real_distribution<double> exponent{std::log(low), std::log(high)};
  return std::exp(exponent(random));
}

}  // namespace

TEST_CASE("a shaper of any rate, queue and bucket is found, and never exceeded", "[search]") {
  int close = 0;
  constexpr int kSeeds = seeds(1500);
  for (int seed = 0; seed < kSeeds; ++seed) {
    std::mt19937_64 random{static_cast<std::uint64_t>(seed)};
    BottleneckSettings path;
    path.rate_bps = log_uniform(random, 0.9e6, 1e9);
    path.queue_s = log_uniform(random, 0.01, 0.4);
    path.delay_s = log_uniform(random, 0.0001, 0.03);
    path.bucket_bytes = path.rate_bps / 8 * log_uniform(random, 0.0001, 0.5);
    const Run run = search_over({}, path, static_cast<std::uint64_t>(seed));
    CAPTURE(seed, path.rate_bps, path.queue_s, path.delay_s, path.bucket_bytes, story(run));
    REQUIRE(run.answer.confirmed);
    close += found_honestly(run, path.rate_bps) ? 1 : 0;
  }
  CHECK(close >= kSeeds * 99 / 100);
}

TEST_CASE("a policer's rate is found without loss, whatever bucket it has", "[search]") {
  int close = 0;
  int flagged = 0;
  int large = 0;
  constexpr int kSeeds = seeds(800);
  for (int seed = 0; seed < kSeeds; ++seed) {
    std::mt19937_64 random{static_cast<std::uint64_t>(seed)};
    BottleneckSettings path;
    path.rate_bps = log_uniform(random, 2e6, 1e9);
    path.queue_s = 0;
    path.delay_s = log_uniform(random, 0.0001, 0.03);
    const double bucket_s = log_uniform(random, 0.01, 1.2);
    path.bucket_bytes = std::max(path.rate_bps / 8 * bucket_s, 10.0 * path.payload);
    const Run run = search_over({}, path, static_cast<std::uint64_t>(seed));
    CAPTURE(seed, path.rate_bps, bucket_s, path.delay_s, story(run));
    close += found_honestly(run, path.rate_bps) ? 1 : 0;
    if (bucket_s > 0.4) {
      ++large;
      flagged += run.answer.shaper_suspected ? 1 : 0;
    }
  }
  CHECK(close >= kSeeds * 98 / 100);
  CHECK(flagged == large);
}

TEST_CASE("a policer that counts merged buffers as packets does not raise the answer", "[search]") {
  int close = 0;
  constexpr int kSeeds = seeds(300);
  for (int seed = 0; seed < kSeeds; ++seed) {
    std::mt19937_64 random{static_cast<std::uint64_t>(seed)};
    BottleneckSettings path;
    path.rate_bps = log_uniform(random, 20e6, 1.2e9);
    path.queue_s = 0;
    path.delay_s = log_uniform(random, 0.0001, 0.01);
    path.bucket_bytes = std::max(path.rate_bps / 8 * 0.02, 30.0 * path.payload);
    path.merged_factor = 1.0 + 28.0 / 1472;
    const Run run = search_over({}, path, static_cast<std::uint64_t>(seed));
    CAPTURE(seed, path.rate_bps, path.delay_s, story(run));
    close += found_honestly(run, path.rate_bps) ? 1 : 0;
  }
  CHECK(close >= kSeeds * 98 / 100);
}

TEST_CASE("a bucket larger than any trial does not raise the answer, and is told of", "[search]") {
  for (int seed = 0; seed < seeds(300); ++seed) {
    std::mt19937_64 random{static_cast<std::uint64_t>(seed)};
    BottleneckSettings path;
    path.rate_bps = log_uniform(random, 2e6, 100e6);
    path.queue_s = log_uniform(random, 0.01, 0.2);
    const double bucket_s = log_uniform(random, 0.5, 4);
    path.bucket_bytes = path.rate_bps / 8 * bucket_s;
    const Run run = search_over({}, path, static_cast<std::uint64_t>(seed));
    CAPTURE(seed, path.rate_bps, path.queue_s, bucket_s, story(run));
    REQUIRE(run.took_s <= 15.0);
    REQUIRE(run.answer.answer_bps.value_or(0) <= path.rate_bps * 1.001);
    REQUIRE(run.answer.shaper_suspected);
  }
}

TEST_CASE("random loss below the target does not hide the shaper", "[search]") {
  int close = 0;
  constexpr int kSeeds = seeds(300);
  for (int seed = 0; seed < kSeeds; ++seed) {
    std::mt19937_64 random{static_cast<std::uint64_t>(seed)};
    BottleneckSettings path;
    path.rate_bps = log_uniform(random, 10e6, 500e6);
    path.queue_s = log_uniform(random, 0.02, 0.2);
    path.loss = 0.01;
    Goal goal;
    goal.max_loss = 0.02;
    const Run run = search_over(goal, path, static_cast<std::uint64_t>(seed));
    CAPTURE(seed, path.rate_bps, path.queue_s, story(run));
    REQUIRE(run.took_s <= 15.0);
    REQUIRE(run.answer.answer_bps.value_or(0) <= path.rate_bps * 1.001);
    close += run.answer.answer_bps.value_or(0) >= 0.98 * path.rate_bps ? 1 : 0;
  }
  CHECK(close >= kSeeds * 95 / 100);
}

TEST_CASE("a path that loses at every rate has no answer without loss", "[search]") {
  int told = 0;
  constexpr int kSeeds = seeds(300);
  for (int seed = 0; seed < kSeeds; ++seed) {
    std::mt19937_64 random{static_cast<std::uint64_t>(seed)};
    BottleneckSettings path;
    path.rate_bps = log_uniform(random, 10e6, 500e6);
    path.queue_s = log_uniform(random, 0.02, 0.2);
    path.loss = log_uniform(random, 0.005, 0.05);
    const Run run = search_over({}, path, static_cast<std::uint64_t>(seed));
    CAPTURE(seed, path.rate_bps, path.loss, story(run));
    REQUIRE(run.took_s <= 15.0);
    if (run.answer.limited_by == Limit::path_loss) {
      ++told;
      REQUIRE(!run.answer.answer_bps);
    }
  }
  CHECK(told >= kSeeds * 98 / 100);
}

TEST_CASE("hosts that are slower than the path are named as the limit", "[search]") {
  for (int seed = 0; seed < seeds(300); ++seed) {
    std::mt19937_64 random{static_cast<std::uint64_t>(seed)};
    BottleneckSettings path;
    path.rate_bps = 400e9;
    const double host = log_uniform(random, 10e6, 300e6);
    (seed % 2 == 0 ? path.sender_bps : path.receiver_bps) = host;
    path.sender_bps = std::min(path.sender_bps, 3 * host);
    const Run run = search_over({}, path, static_cast<std::uint64_t>(seed));
    CAPTURE(seed, host, story(run));
    REQUIRE(run.took_s <= 15.0);
    REQUIRE(run.answer.limited_by == Limit::host_limited);
    REQUIRE(run.answer.confirmed);
    REQUIRE(*run.answer.answer_bps <= host * 1.001);
    REQUIRE(*run.answer.answer_bps >= host * 0.8);
  }
}

TEST_CASE("a path that changes under the search is not over-reported", "[search]") {
  int honest = 0;
  constexpr int kSeeds = seeds(500);
  for (int seed = 0; seed < kSeeds; ++seed) {
    std::mt19937_64 random{static_cast<std::uint64_t>(seed)};
    BottleneckSettings path;
    path.rate_bps = log_uniform(random, 5e6, 300e6);
    path.changed_bps = path.rate_bps * log_uniform(random, 0.3, 3);
    path.change_at_s = log_uniform(random, 0.5, 12);
    path.queue_s = log_uniform(random, 0.02, 0.2);
    const Run run = search_over({}, path, static_cast<std::uint64_t>(seed));
    CAPTURE(seed, path.rate_bps, path.changed_bps, path.change_at_s, path.queue_s, story(run));
    REQUIRE(run.took_s <= 15.0);
    const bool seen = path.change_at_s < run.took_s;
    const double most = seen ? std::max(path.rate_bps, path.changed_bps) : path.rate_bps;
    REQUIRE(run.answer.answer_bps.value_or(0) <= most * 1.001);
    if (run.answer.confirmed && path.change_at_s < run.took_s - 3.5) {
      // What was confirmed was confirmed after the change.
      REQUIRE(*run.answer.answer_bps <= path.changed_bps * 1.01);
    }
    honest += run.answer.confirmed || run.answer.limited_by != Limit::network ? 1 : 0;
  }
  CHECK(honest == kSeeds);
}

TEST_CASE("a sender that stands still now and then does not change the answer", "[search]") {
  int close = 0;
  constexpr int kSeeds = seeds(500);
  for (int seed = 0; seed < kSeeds; ++seed) {
    std::mt19937_64 random{static_cast<std::uint64_t>(seed)};
    BottleneckSettings path;
    path.rate_bps = log_uniform(random, 1e6, 500e6);
    path.queue_s = log_uniform(random, 0.02, 0.2);
    path.stall_share = 0.3;
    path.stall_s = log_uniform(random, 0.001, 0.05);
    const Run run = search_over({}, path, static_cast<std::uint64_t>(seed));
    CAPTURE(seed, path.rate_bps, path.queue_s, path.stall_s, story(run));
    REQUIRE(run.took_s <= 15.0);
    REQUIRE(run.answer.answer_bps.value_or(0) <= path.rate_bps);
    close += run.answer.answer_bps.value_or(0) >= 0.98 * path.rate_bps ? 1 : 0;
  }
  CHECK(close >= kSeeds * 95 / 100);
}

TEST_CASE("no rate above the user's or the server's is tried or answered", "[search]") {
  for (int seed = 0; seed < seeds(200); ++seed) {
    std::mt19937_64 random{static_cast<std::uint64_t>(seed)};
    BottleneckSettings path;
    path.rate_bps = log_uniform(random, 1e6, 500e6);
    Goal goal;
    goal.max_rate_bps = log_uniform(random, 1e6, 500e6);
    const Run run = search_over(goal, path, static_cast<std::uint64_t>(seed));
    CAPTURE(seed, path.rate_bps, *goal.max_rate_bps, story(run));
    REQUIRE(run.took_s <= 15.0);
    for (const auto& trial : run.answer.trials) {
      REQUIRE(trial.rate_bps <= *goal.max_rate_bps);
    }
    REQUIRE(run.answer.confirmed);
    REQUIRE(*run.answer.answer_bps <= path.rate_bps);
    REQUIRE(*run.answer.answer_bps >= 0.97 * std::min(path.rate_bps, *goal.max_rate_bps));
    if (*goal.max_rate_bps < 0.98 * path.rate_bps) {
      REQUIRE(run.answer.limited_by == Limit::max_rate);
    }
  }
}

TEST_CASE("a path below the slowest rate that was wanted has no answer", "[search]") {
  for (int seed = 0; seed < seeds(100); ++seed) {
    std::mt19937_64 random{static_cast<std::uint64_t>(seed)};
    BottleneckSettings path;
    path.rate_bps = log_uniform(random, 1e6, 100e6);
    Goal goal;
    goal.min_rate_bps = path.rate_bps * log_uniform(random, 1.05, 10);
    const Run run = search_over(goal, path, static_cast<std::uint64_t>(seed));
    CAPTURE(seed, path.rate_bps, *goal.min_rate_bps, story(run));
    REQUIRE(run.answer.limited_by == Limit::below_min_rate);
    REQUIRE_FALSE(run.answer.answer_bps);
  }
}

TEST_CASE("a search ends in the time it was given, however short", "[search]") {
  for (int seed = 0; seed < seeds(500); ++seed) {
    std::mt19937_64 random{static_cast<std::uint64_t>(seed)};
    BottleneckSettings path;
    path.rate_bps = log_uniform(random, 1e6, 500e6);
    path.queue_s = seed % 3 == 0 ? 0 : log_uniform(random, 0.02, 0.4);
    path.bucket_bytes = path.rate_bps / 8 * log_uniform(random, 0.001, 2);
    path.loss = seed % 5 == 0 ? 0.003 : 0;
    path.delay_s = log_uniform(random, 0.0001, 0.1);
    path.stall_share = seed % 7 == 0 ? 0.5 : 0;
    Goal goal;
    goal.time = std::chrono::seconds{5 + seed % 20};
    const Run run = search_over(goal, path, static_cast<std::uint64_t>(seed));
    CAPTURE(seed, path.rate_bps, path.queue_s, path.bucket_bytes, path.delay_s, story(run));
    // A trial may cost more than the ones before it did: the first one that loses waits for what
    // may still come.
    REQUIRE(run.took_s <= std::chrono::duration<double>{goal.time}.count() + 1.0);
    REQUIRE(run.answer.answer_bps.value_or(0) <= path.rate_bps * 1.26);
    if (run.answer.confirmed) {
      const bool told = run.answer.shaper_suspected;
      REQUIRE(*run.answer.answer_bps <= path.rate_bps * (told ? 1.1 : 1.01));
    }
  }
}
