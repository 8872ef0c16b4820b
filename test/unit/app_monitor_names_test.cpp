// Whose name is asked when, where not all can be asked at once.

#include <map>

#include "app/monitor/expand.hpp"
#include "app/monitor/longest_waiting.hpp"
#include "support/catch.hpp"

namespace udperf::app {
namespace {

TEST_CASE("who has waited longest is next, and the order of the others is kept") {
  std::vector<std::pair<char, int>> items{{'a', 5}, {'b', 3}, {'c', 5}, {'d', 1}, {'e', 3}};
  keep_longest_waiting(items, 4, [](const auto& item) { return item.second; });
  CHECK(items == std::vector<std::pair<char, int>>{{'d', 1}, {'b', 3}, {'e', 3}, {'a', 5}});
  keep_longest_waiting(items, 10, [](const auto& item) { return item.second; });
  CHECK(items.size() == 4);
  keep_longest_waiting(items, 0, [](const auto& item) { return item.second; });
  CHECK(items.empty());
}

TEST_CASE("a name's turn comes, however many others are silent and come again at once") {
  constexpr std::size_t kRoom = 8;
  std::map<std::string, int> due;  // the time from which on it waits
  for (int i = 0; i < 100; ++i) {
    due["a" + std::to_string(i)] = 0;
  }
  due["z"] = 1;
  int turns = 0;
  for (bool asked = false; !asked; ++turns) {
    REQUIRE(turns < 100);
    std::vector<std::pair<const std::string, int>*> waiting;
    for (auto& one : due) {
      waiting.push_back(&one);
    }
    keep_longest_waiting(waiting, kRoom, [](const auto* one) { return one->second; });
    for (auto* const one : waiting) {
      asked = asked || one->first == "z";
      one->second = turns + 2;
    }
  }
  CHECK(turns == 13);  // 100 before it, by eight
}

TEST_CASE("each name has an answer, those that cannot be asked and those beyond the places too") {
  std::set<std::string> hosts{"192.0.2.7"};
  for (int i = 0; i < 200; ++i) {  // no label is so long: nobody is asked
    hosts.insert(std::string(70, 'x') + std::to_string(i) + ".invalid");
  }
  engine::StopToken stop;
  const auto answers = ask_names(hosts, hosts, stop);
  CHECK(answers.size() == 201);
  for (const auto& [host, answer] : answers) {
    CHECK(answer.has_value() == (host == "192.0.2.7"));
  }
  CHECK(answers.at("192.0.2.7")->front().address == *parse_ip_address("192.0.2.7"));
  stop.request(15);
  CHECK(ask_names(hosts, {}, stop).size() == 201);
  CHECK(ask_names({}, {}, stop).empty());
}

}  // namespace
}  // namespace udperf::app
