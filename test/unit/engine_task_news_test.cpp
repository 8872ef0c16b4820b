#include "engine/session_memory.hpp"
#include "engine/task_news.hpp"
#include "support/catch.hpp"

using namespace udperf;
using engine::SessionMemory;
using engine::TaskNews;

namespace {

struct Home final : engine::TaskHome {
  void notify(const engine::Task&) noexcept override {}
};

struct IdleTask final : engine::Task {
  engine::Wake step(MonoTime, net::ReceiveBuffers&) override { return {}; }
  void abandon() noexcept override {}
  [[nodiscard]] bool over() const override { return false; }
};

}  // namespace

TEST_CASE("news wait until they are announced, and are told once", "[engine]") {
  Home home;
  TaskNews news{home};
  IdleTask task;
  news.add(task);
  CHECK(task.home() == &home);
  CHECK_FALSE(news.waiting());
  CHECK(news.take().added.empty());
  news.announce();
  CHECK(news.waiting());
  const auto items = news.take();
  REQUIRE(items.added.size() == 1);
  CHECK(items.added.front() == &task);
  CHECK_FALSE(items.all);
  CHECK_FALSE(news.waiting());
  news.announce();
  CHECK(news.take().added.empty());
}

TEST_CASE("nobody is told of a task that has been released", "[engine]") {
  Home home;
  Home other;
  TaskNews news{home};
  IdleTask task;
  IdleTask second;
  CHECK_FALSE(news.notify(task));
  news.add(task);
  news.add(second);
  CHECK(news.notify(task));
  CHECK(news.notify(second));
  task.set_home(&other);
  CHECK_FALSE(news.notify(task));
  news.withdraw(task);
  news.announce();
  const auto items = news.take();
  REQUIRE(items.notified.size() == 1);
  CHECK(items.notified.front() == &second);
  CHECK(news.notify(second));
  news.notify_all();
  news.withdraw_all();
  news.announce();
  const auto last = news.take();
  CHECK(last.notified.empty());
  CHECK(last.all);
}

TEST_CASE("light sessions have memory that others cannot take", "[engine]") {
  constexpr std::uint64_t kMost = 8'000'000;
  const auto address = [](const char* text) { return parse_ip_address(text).value(); };
  SessionMemory memory{kMost};
  SourceAccounts* const full = memory.sources_for(false);
  SourceAccounts* const light = memory.sources_for(true);
  REQUIRE(full != nullptr);
  REQUIRE(light != nullptr);
  CHECK(full != light);
  // Each that takes all that it is given leaves half of the rest.
  std::vector<std::unique_ptr<SourceAccounts::Share>> shares;
  const auto fill = [&shares](SourceAccounts& of, const IpAddress& from) {
    auto& account = shares.emplace_back(of.join(from))->memory();
    while (account.take(10'000)) {
    }
  };
  fill(*light, address("192.0.2.1"));
  CHECK(memory.sources_for(true) == light);
  fill(*light, address("192.0.2.2"));
  CHECK(memory.sources_for(true) == full);  // a third is for those that are there
  CHECK(memory.sources_for(false) == full);
  fill(*full, address("192.0.2.3"));
  fill(*full, address("192.0.2.4"));
  CHECK(memory.sources_for(true) == nullptr);
  CHECK(memory.sources_for(false) == full);
}
