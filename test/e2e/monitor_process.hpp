#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "e2e/http.hpp"
#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/places.hpp"
#include "support/strict_json.hpp"
#include "support/temp_dir.hpp"

namespace udperf::test {

/// Rounds of 20 datagrams each way, one a second.
inline constexpr const char* kQuick =
    "modules:\n  light: {every: 1s, packets: 20, fail-loss: 50%}\n";

inline std::string read_all(const std::filesystem::path& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// A monitor with a folder of its own.
class MonitorProcess {
 public:
  explicit MonitorProcess(const std::string& config, std::vector<std::string> starter = {},
                          const std::vector<std::string>& more = {}) {
    configure(config);
    start(std::move(starter), more);
  }

  void configure(const std::string& config) const { std::ofstream{path("m.yaml")} << config; }

  void start(std::vector<std::string> arguments = {}, const std::vector<std::string>& more = {}) {
    const std::vector<std::string> usual{kProgram, "monitor", "--config", path("m.yaml")};
    arguments.insert(arguments.end(), usual.begin(), usual.end());
    for (const auto& [option, value] :
         {std::pair{"--listen", std::string{"127.0.0.1:0"}}, std::pair{"--jsonl", path("m.jsonl")},
          std::pair{"--history", path("m.db")}}) {
      if (std::find(more.begin(), more.end(), option) == more.end()) {
        arguments.insert(arguments.end(), {option, value});
      }
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    auto started = Process::start(arguments);
    REQUIRE(started);
    process_ = std::make_unique<Process>(*std::move(started));
    REQUIRE(process_->wait_for(Stream::out, "/\n", kGuard));
    const std::string url = process_->output(Stream::out);
    http_.address = IpAddress::loopback(IpFamily::v4);
    http_.port = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  }

  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder_.path() / name).string();
  }
  [[nodiscard]] Process& process() { return *process_; }
  [[nodiscard]] const Endpoint& http() const { return http_; }
  [[nodiscard]] HttpAnswer get(const std::string& where) const { return http_answer(http_, where); }
  /// The data of all whole JSON lines of this kind so far. Each is read once: who waits asks often.
  [[nodiscard]] const std::vector<nlohmann::json>& lines(const std::string& event) const {
    const std::string text = read_all(path("m.jsonl"));
    if (text.size() < read_) {  // another file of that name
      read_ = 0;
      lines_.clear();
    }
    for (auto end = text.find('\n', read_); end != std::string::npos;
         end = text.find('\n', read_)) {
      const auto tree = parse_strict_json(text.substr(read_, end - read_));
      REQUIRE(tree.has_value());
      lines_[tree->at("event").get<std::string>()].push_back(tree->at("data"));
      read_ = end + 1;
    }
    return lines_[event];
  }
  /// Whether it came to be so within the guard.
  template <typename Condition>
  [[nodiscard]] bool until(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + kGuard;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) {
        return false;
      }
      static_cast<void>(process_->wait(std::chrono::milliseconds{20}));  // for a moment
    }
    return true;
  }
  [[nodiscard]] std::size_t rounds(const std::string& status) const {
    std::size_t count = 0;
    for (const nlohmann::json& round : lines("round")) {
      count += round.at("status") == status ? 1U : 0U;
    }
    return count;
  }
  [[nodiscard]] bool changed(const std::string& change) const {
    const auto& all = lines("change");
    return std::any_of(all.begin(), all.end(),
                       [&](const nlohmann::json& one) { return one.at("change") == change; });
  }

 private:
  TempDir folder_;
  std::unique_ptr<Process> process_;
  Endpoint http_;
  mutable std::size_t read_ = 0;  ///< of the JSON lines, in bytes
  mutable std::map<std::string, std::vector<nlohmann::json>> lines_;
};

inline std::string config_for(const Endpoint& server, const std::string& more = {}) {
  return std::string{kQuick} + "targets:\n  - {target: \"" + server.to_string() +
         "\", name: gw, labels: {site: lab}}\n" + more;
}

}  // namespace udperf::test
