#include "support/condition.hpp"

#include <cmath>
#include <iostream>
#include <sstream>

#include "support/catch.hpp"

namespace udperf::test {
namespace {

using SteadyClock = std::chrono::steady_clock;

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const auto& text : texts) {
    out += out.empty() ? text : "; " + text;
  }
  return out;
}

bool strained(const HostStrain& strain, const Conditions& allowed) {
  return strain.latest > allowed.latest || strain.late_p99 > allowed.late_p99 ||
         strain.stolen > allowed.stolen || strain.slowdown > allowed.slowdown ||
         strain.drops > allowed.drops;
}

enum class Verdict { passed, failed, unjudged };

struct Outcome {
  Verdict verdict = Verdict::unjudged;
  std::string why;        ///< it could not be judged
  bool excusable = true;  ///< by the host, or by what is around
};

/// Lets a measurement that has been started finish. Fails the test when its figures are wrong and
/// nothing excuses them.
Outcome judge(const Measurement& one, Attempt& attempt, const Conditions& conditions) {
  INFO(one.name);
  one.finish(attempt);
  const HostStrain strain = attempt.strain();
  if (!attempt.missing().empty()) {
    return {Verdict::unjudged, "what it needs was not there: " + joined(attempt.missing()),
            attempt.was_kept() || strained(strain, conditions)};
  }
  if (attempt.wrong().empty()) {
    CHECK(attempt.wrong().empty());  // to be counted
    return {Verdict::passed, ""};
  }
  if (strained(strain, conditions)) {
    return {Verdict::unjudged, joined(attempt.wrong()) + ", but " + strain.text()};
  }
  FAIL_CHECK(joined(attempt.wrong()) << " although " << strain.text());
  return {Verdict::failed, ""};
}

/// What is left to this program, which runs one file's tests, for measuring again: each of many
/// tests that takes all of its own time would keep a suite for a quarter of an hour.
Duration time_to_repeat{std::chrono::minutes{2}};

/// As long as a measurement cannot be judged, and it is not too late. Returns whether it passed.
bool repeat(const Measurement& one, Outcome outcome, const Conditions& conditions,
            SteadyClock::time_point until) {
  constexpr int kEnough = 3;  // one moment is not seen by any witness
  int tries = 1;
  bool excusable = outcome.excusable;
  while (outcome.verdict == Verdict::unjudged && tries < conditions.tries &&
         time_to_repeat > Duration{0} && SteadyClock::now() < until) {
    ++tries;
    const auto begun = SteadyClock::now();
    Attempt attempt;
    one.start();
    outcome = judge(one, attempt, conditions);
    excusable = excusable || outcome.excusable;
    time_to_repeat -= SteadyClock::now() - begun;
  }
  if (tries > 1) {
    std::cout << "measured " << tries
              << " times: " << Catch::getResultCapture().getCurrentTestName() << std::endl;
  }
  if (outcome.verdict == Verdict::unjudged && !excusable && tries >= kEnough) {
    FAIL_CHECK(one.name << " " << outcome.why << ", in each of " << tries
                        << " tries on a host that kept its times");
  } else if (outcome.verdict == Verdict::unjudged) {
    skip_test((one.name.empty() ? "" : one.name + ": ") + std::to_string(tries) +
              " tries, at last: " + outcome.why);
  }
  return outcome.verdict == Verdict::passed;
}

}  // namespace

void skip_test(const std::string& reason) {
  std::string line = "skipped: " + Catch::getResultCapture().getCurrentTestName() + ": " + reason;
  for (char& c : line) {
    c = c == '\n' ? ' ' : c;
  }
  std::cout << line << std::endl;
}

bool Attempt::needs(bool there, const std::string& what) {
  if (!there) {
    missing_.push_back(what);
  }
  return there;
}

bool Attempt::keeps(bool there, const std::string& what) {
  kept_ = kept_ && there;
  return needs(there, what);
}

bool Attempt::expect(bool right, const std::string& what) {
  if (!right) {
    wrong_.push_back(what);
  }
  return right;
}

void Attempt::expect_near(const std::string& name, double seen, double expected, double share) {
  std::ostringstream text;
  text << name << " is " << seen << ", not within " << 100 * share << " % of " << expected;
  expect(std::abs(seen - expected) <= share * std::abs(expected), text.str());
}

Conditions long_measurement() {
  Conditions conditions;
  conditions.tries = 5;
  conditions.time = std::chrono::seconds{45};
  return conditions;
}

bool measure_under_condition(const std::function<void(Attempt&)>& measure,
                             const Conditions& conditions) {
  return measure_side_by_side({{"", [] {}, measure}}, conditions);
}

bool measure_side_by_side(const std::vector<Measurement>& all, const Conditions& conditions) {
  const auto until = SteadyClock::now() + conditions.time;
  std::vector<Attempt> first(all.size());
  for (const Measurement& one : all) {
    one.start();
  }
  std::vector<Outcome> outcomes;
  for (std::size_t i = 0; i < all.size(); ++i) {
    outcomes.push_back(judge(all[i], first[i], conditions));
  }
  bool passed = true;
  for (std::size_t i = 0; i < all.size(); ++i) {
    passed = repeat(all[i], outcomes[i], conditions, until) && passed;
  }
  return passed;
}

void check_in_time(Duration took, Duration limit, const HostStrain& strain) {
  const auto seconds = [](Duration time) { return std::chrono::duration<double>{time}.count(); };
  if (took > limit && strained(strain, {})) {
    skip_test("it took " + std::to_string(seconds(took)) + " s, but " + strain.text());
    return;
  }
  INFO(strain.text());
  CHECK(seconds(took) <= seconds(limit));
}

}  // namespace udperf::test
