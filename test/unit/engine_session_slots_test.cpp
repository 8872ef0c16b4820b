#include <algorithm>
#include <memory>
#include <vector>

#include "base/source_accounts.hpp"
#include "engine/session_slots.hpp"
#include "support/catch.hpp"
#include "support/seeded_random.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using engine::SessionSlots;

namespace {

constexpr MonoTime kNow{1000s};

/// A session as a server has one, and what is true of it by counting anew each time.
struct One {
  One(std::uint64_t number, const Endpoint& from, bool is_light)
      : id(number), slot(from, from.address, is_light), light(is_light) {}

  std::uint64_t id;
  SessionSlots::Slot slot;
  bool light;
  engine::TestState shared;
  std::uint32_t most = 1;
};

TestParams rate_of(std::uint64_t bps) {
  TestParams params;
  params.amount.duration = 10s;
  params.rate_up = SendRate{SendRate::Kind::bits, bps};
  return params;
}

Endpoint endpoint(std::int64_t source, std::int64_t port) {
  Endpoint out;
  const bool v6 = source % 2 == 0;
  out.address = parse_ip_address(v6 ? "2001:db8::" : "10.0.0.0").value();
  out.address.bytes[v6 ? 7 : 2] = static_cast<std::uint8_t>(source / 256);
  out.address.bytes[v6 ? 6 : 3] = static_cast<std::uint8_t>(source % 256);
  if (v6) {
    out.address.bytes[15] = static_cast<std::uint8_t>(port);  // one of the hosts of the /64
  }
  out.port = static_cast<std::uint16_t>(port);
  return out;
}

using All = std::vector<std::unique_ptr<One>>;

session::Occupancy counted(const All& all, const IpAddress& client, std::uint64_t bps) {
  session::Occupancy out;
  for (const auto& one : all) {
    const std::uint32_t same = source_of(one->slot.client().address) == source_of(client) ? 1 : 0;
    ++(one->light ? out.light_sessions : out.sessions);
    (one->light ? out.light_sessions_of_address : out.sessions_of_address) += same;
    out.granted_bps += bps;
    out.light_granted_bps += one->light ? bps : 0;
  }
  return out;
}

}  // namespace

TEST_CASE("places are counted as if all sessions were looked at", "[engine][property]") {
  constexpr std::uint64_t kBps = 1'000'000;
  const auto seed = GENERATE(range(1U, 6U));
  test::SeededRandom random{seed};
  SessionSlots slots;
  All all;
  for (std::uint64_t step = 1; step < 3000; ++step) {
    CAPTURE(seed, step);
    if (all.empty() || random.chance(0.55)) {
      const Endpoint from = endpoint(random.between(0, 40), 1000 + static_cast<std::int64_t>(step));
      all.push_back(std::make_unique<One>(step, from, random.chance(0.7)));
      slots.take(all.back()->slot, step, rate_of(kBps), all.back()->shared);
      const auto full = static_cast<std::uint32_t>(
          std::count_if(all.begin(), all.end(), [](const auto& one) { return !one->light; }));
      for (const auto& one : all) {
        one->most = std::max(one->most, full + (one->light ? 1 : 0));
      }
    } else {
      const auto at = random.between(0, static_cast<std::int64_t>(all.size()) - 1);
      std::swap(all[static_cast<std::size_t>(at)], all.back());
      slots.give_back(all.back()->slot);
      slots.give_back(all.back()->slot);  // said twice: nothing
      CHECK_FALSE(slots.session_of(all.back()->slot.client()));
      all.pop_back();
    }
    const IpAddress asks = endpoint(random.between(0, 40), 1).address;
    const auto is = slots.occupancy(asks);
    const auto should = counted(all, asks, kBps);
    REQUIRE(is.sessions == should.sessions);
    REQUIRE(is.sessions_of_address == should.sessions_of_address);
    REQUIRE(is.light_sessions == should.light_sessions);
    REQUIRE(is.light_sessions_of_address == should.light_sessions_of_address);
    REQUIRE(is.granted_bps == should.granted_bps);
    REQUIRE(is.light_granted_bps == should.light_granted_bps);
    for (const auto& one : all) {
      REQUIRE(slots.session_of(one->slot.client()) == one->id);
      REQUIRE(one->shared.sessions_max.load() == one->most);
    }
  }
}

TEST_CASE("rates that add up to more than a number holds stay the most there is", "[engine]") {
  SessionSlots slots;
  All all;
  for (std::uint64_t id = 1; id <= 20; ++id) {
    all.push_back(std::make_unique<One>(id, endpoint(1, static_cast<std::int64_t>(id)), false));
    slots.take(all.back()->slot, id, rate_of(std::uint64_t{1} << 60U), all.back()->shared);
  }
  CHECK(slots.occupancy({}).granted_bps == UINT64_MAX);
  for (const auto& one : all) {
    slots.give_back(one->slot);
  }
  CHECK(slots.occupancy({}).granted_bps == 0);
}

TEST_CASE("a client that was started again has one session", "[engine]") {
  SessionSlots slots;
  One first{1, endpoint(1, 5), false};
  One second{2, endpoint(1, 5), false};
  slots.take(first.slot, 1, rate_of(1), first.shared);
  slots.take(second.slot, 2, rate_of(1), second.shared);
  CHECK(slots.session_of(endpoint(1, 5)) == 2);
  slots.give_back(first.slot);
  CHECK(slots.session_of(endpoint(1, 5)) == 2);
  CHECK(slots.occupancy(endpoint(1, 5).address).sessions_of_address == 1);
}

TEST_CASE("when a place will be free is known without looking at each session again", "[engine]") {
  SessionSlots slots;
  All all;
  for (std::uint64_t id = 1; id <= 50; ++id) {
    all.push_back(std::make_unique<One>(id, endpoint(1, static_cast<std::int64_t>(id)), false));
    slots.take(all.back()->slot, id, rate_of(1), all.back()->shared);
  }
  const auto free_at = [](std::uint64_t id) { return kNow + id * 1s; };
  CHECK(slots.soonest_end(kNow, free_at) == kNow + 1s);
  const auto steps = slots.steps();
  for (int i = 0; i < 1000; ++i) {
    CHECK(slots.soonest_end(kNow + i * 50us, free_at) == kNow + 1s);
  }
  CHECK(slots.steps() == steps);
  slots.give_back(all.front()->slot);
  CHECK(slots.soonest_end(kNow + 50ms, free_at) == kNow + 2s);
  const auto later = [](std::uint64_t id) { return kNow + id * 2s; };
  CHECK(slots.soonest_end(kNow + 60ms, later) == kNow + 2s);
  CHECK(slots.soonest_end(kNow + 160ms, later) == kNow + 4s);
  CHECK(slots.soonest_end(kNow + 5s, free_at) == kNow + 2s);  // that has passed: looked at again
}

TEST_CASE("when a place of a client's own will be free is told of its sessions alone", "[engine]") {
  SessionSlots slots;
  All all;
  const auto free_at = [](std::uint64_t id) { return kNow + id * 1s; };
  for (std::uint64_t id = 1; id <= 6; ++id) {  // the first three are somebody else's; 6 is light
    const Endpoint client = endpoint(id <= 3 ? 1 : 2, static_cast<std::int64_t>(id));
    all.push_back(std::make_unique<One>(id, client, id == 6));
    slots.take(all.back()->slot, id, rate_of(1), all.back()->shared);
  }
  const IpAddress mine = endpoint(2, 0).address;
  CHECK(slots.soonest_end_of_source(mine, free_at) == kNow + 4s);
  slots.give_back(all[3]->slot);
  CHECK(slots.soonest_end_of_source(mine, free_at) == kNow + 5s);
  slots.give_back(all[4]->slot);
  CHECK(slots.soonest_end_of_source(mine, free_at) == kNever);
  CHECK(slots.occupancy(mine).light_sessions_of_address == 1);
}
