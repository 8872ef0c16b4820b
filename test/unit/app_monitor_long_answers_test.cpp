#include <thread>

#include "app/monitor/long_answers.hpp"
#include "support/catch.hpp"

namespace udperf::app {
namespace {

TEST_CASE("two long answers are made at a time, and a third gets no place") {
  LongAnswers answers{Duration{0}};
  auto first = answers.take();
  const auto second = answers.take();
  REQUIRE(first);
  REQUIRE(second);
  CHECK_FALSE(answers.take());

  first->made(100);
  CHECK(answers.take());  // gone again at once
  CHECK(answers.take());
}

TEST_CASE("while much is kept for slow readers no long answer is made") {
  LongAnswers answers{Duration{0}};
  auto slow = answers.take();
  REQUIRE(slow);
  slow->made(LongAnswers::kMostKept);
  CHECK_FALSE(answers.take());

  slow.reset();
  CHECK(answers.take());
}

TEST_CASE("who waits for a place gets the next one") {
  LongAnswers answers{std::chrono::minutes{1}};
  auto first = answers.take();
  const auto second = answers.take();
  bool got = false;
  std::thread waiting{[&] { got = answers.take().has_value(); }};
  first.reset();
  waiting.join();
  CHECK(got);
}

}  // namespace
}  // namespace udperf::app
