#include <algorithm>
#include <array>

#include "engine/due_queue.hpp"
#include "support/catch.hpp"
#include "support/seeded_random.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using engine::DueQueue;

TEST_CASE("what is due first is first, whatever was added, moved and removed", "[engine]") {
  const auto seed = GENERATE(1U, 2U, 3U);
  CAPTURE(seed);
  test::SeededRandom random{seed};
  std::array<DueQueue::Item, 40> items;
  std::vector<DueQueue::Item*> in;
  DueQueue queue;
  for (int turn = 0; turn < 5000; ++turn) {
    DueQueue::Item& item = items[static_cast<std::size_t>(random.between(0, items.size() - 1))];
    const MonoTime at{Duration{random.between(0, 100)}};
    const auto found = std::find(in.begin(), in.end(), &item);
    if (found == in.end()) {
      item.at = at;
      queue.add(item);
      in.push_back(&item);
    } else if (random.chance(0.5)) {
      queue.move(item, at);
    } else {
      queue.remove(item);
      in.erase(found);
    }
    REQUIRE(queue.items().size() == in.size());
    if (in.empty()) {
      REQUIRE(queue.first() == nullptr);
      continue;
    }
    const auto least = std::min_element(in.begin(), in.end(),
                                        [](const auto* a, const auto* b) { return a->at < b->at; });
    REQUIRE(queue.first()->at == (*least)->at);
  }
}

TEST_CASE("all that is due is found, and nothing else", "[engine]") {
  test::SeededRandom random{7};
  std::array<DueQueue::Item, 100> items;
  DueQueue queue;
  for (DueQueue::Item& item : items) {
    item.at = MonoTime{Duration{random.between(0, 1000)}};
    queue.add(item);
  }
  const MonoTime now{Duration{500}};
  std::vector<DueQueue::Item*> due;
  queue.append_due(now, due);
  const auto expected = std::count_if(items.begin(), items.end(),
                                      [now](const DueQueue::Item& one) { return one.at <= now; });
  CHECK(static_cast<std::ptrdiff_t>(due.size()) == expected);
  for (const DueQueue::Item* const one : due) {
    CHECK(one->at <= now);
  }
}
