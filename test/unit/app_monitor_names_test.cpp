// Whose name is asked when, where not all can be asked at once.

#include <map>

#include "app/monitor/expand.hpp"
#include "app/monitor/longest_waiting.hpp"
#include "support/catch.hpp"

namespace udperf::app {
namespace {

using namespace std::chrono_literals;

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
  NameTurns turns;
  const auto answers = ask_names(hosts, turns, stop);
  CHECK(answers.size() == 201);
  CHECK(turns.size() == 201);
  for (const auto& [host, answer] : answers) {
    CHECK(answer.has_value() == (host == "192.0.2.7"));
  }
  CHECK(answers.at("192.0.2.7")->front().address == *parse_ip_address("192.0.2.7"));
  CHECK(ask_names({}, turns, stop).empty());
  stop.request(15);
  const NameTurns before = turns;
  CHECK(ask_names(hosts, turns, stop).empty());
  CHECK(turns == before);
}

std::set<std::string> many_hosts(std::size_t count) {
  std::set<std::string> hosts;
  for (std::size_t i = 0; i < count; ++i) {
    hosts.insert("h" + std::to_string(1000 + i));
  }
  return hosts;
}

/// All is asked at `now`, of which the `good` answer; the rest is silent till the end, 5 s later.
NameAnswers ask(const std::set<std::string>& hosts, const std::set<std::string>& good,
                NameTurns& turns, MonoTime now) {
  NameRound round{hosts, turns, now};
  for (auto asked = round.next(now); !asked.empty(); asked = round.next(now)) {
    bool answered = false;
    for (const std::string& host : asked) {
      if (good.contains(host)) {
        round.answer(host, std::vector<Endpoint>{}, now);
        answered = true;
      }
    }
    if (!answered) {
      break;
    }
  }
  CHECK(round.until() == now + 5s);
  CHECK_FALSE(round.is_over(now + 5s - 1ns));
  CHECK(round.is_over(now + 5s));
  return round.end(turns, now + 5s);
}

TEST_CASE("hundreds of silent names take five seconds all together, and each has its turn") {
  const auto hosts = many_hosts(300);
  NameTurns turns;
  MonoTime now{};
  std::set<std::string> asked;
  for (int i = 0; i < 5; ++i, now += 1min) {  // 300, by 64
    for (const auto& [host, answer] : ask(hosts, {}, turns, now)) {
      CHECK_FALSE(answer);
      asked.insert(host);
    }
  }
  CHECK(asked.size() == 300);
}

TEST_CASE("who answers is asked each time, however many others are silent") {
  const auto hosts = many_hosts(300);
  const std::set<std::string> good{"h1000", "h1150", "h1299"};
  NameTurns turns;
  MonoTime now{};
  std::set<std::string> asked;
  for (int i = 0; i < 5; ++i, now += 1min) {
    for (const auto& [host, answer] : ask(hosts, good, turns, now)) {
      asked.insert(host);
    }
  }
  CHECK(asked.size() == 300);
  for (int i = 0; i < 30; ++i, now += 1min) {
    const auto answers = ask(hosts, good, turns, now);
    for (const std::string& host : good) {
      CHECK(answers.contains(host));
    }
  }
}

TEST_CASE("who was asked late and had no time to answer is no silent one, and next") {
  const auto hosts = many_hosts(65);
  NameTurns turns;
  const MonoTime begin{};
  NameRound round{hosts, turns, begin};
  CHECK(round.next(begin).size() == 64);
  round.answer("h1000", std::vector<Endpoint>{}, begin + 4s);
  CHECK(round.next(begin + 4s) == std::vector<std::string>{"h1064"});
  const auto answers = round.end(turns, begin + 5s);
  CHECK(answers.size() == 64);
  CHECK_FALSE(answers.contains("h1064"));
  CHECK(NameRound{hosts, turns, begin + 1min}.next(begin + 1min).front() == "h1064");
}

TEST_CASE("a name that there is no time for keeps its addresses, and what was wrong with it") {
  MonitorCommand command;
  command.config = "m.yaml";
  std::vector<std::string> errors;
  const auto setup = make_setup(command, "targets: [{dns: a.invalid}, {dns: b.invalid}]\n", errors);
  REQUIRE(setup);
  engine::StopToken stop;
  stop.request(15);  // so that nobody is asked
  LastTargets last;
  last.names["a.invalid"] = {Endpoint{*parse_ip_address("192.0.2.77"), 0}};
  last.unknown["b.invalid"] = Error{ErrorCode::unreachable, "no answer in time", 0, "resolve"};
  std::vector<std::string> problems;
  const auto targets = expand_targets(*setup, stop, last, problems);
  REQUIRE(targets.size() == 1);
  CHECK(targets.front().address.host == "192.0.2.77");
  REQUIRE(problems.size() == 2);
  CHECK(problems[0].find("dns a.invalid: not asked") == 0);
  CHECK(problems[1].find("dns b.invalid: no answer in time") == 0);
}

}  // namespace
}  // namespace udperf::app
