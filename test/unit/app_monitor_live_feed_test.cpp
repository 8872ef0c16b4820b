#include <string>

#include "app/monitor/live_feed.hpp"
#include "support/catch.hpp"

namespace udperf::app {
namespace {

TEST_CASE("who does not read misses some, and not much is kept for him") {
  constexpr std::size_t kEach = 1000;
  constexpr std::size_t kMessages = 5000;
  constexpr std::size_t kMostKept = std::size_t{1} << 20U;
  LiveFeed feed;
  const auto reader = feed.listen(1);
  REQUIRE(reader);
  for (std::size_t i = 0; i < kMessages; ++i) {
    feed.put(std::string(kEach, 'x'));
  }
  std::size_t kept = 0;
  bool skipped = false;
  while (const auto message = reader->next(Duration{0})) {
    kept += message->text.size();
    skipped = skipped || message->skipped;
  }
  CHECK(skipped);
  CHECK(kept > 0);
  CHECK(kept <= kMostKept);

  feed.put("next");
  const auto next = reader->next(Duration{0});
  REQUIRE(next);
  CHECK(next->text == "next");
  CHECK_FALSE(next->skipped);
}

}  // namespace
}  // namespace udperf::app
