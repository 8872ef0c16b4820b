// `udperf monitor` with a thousand targets: what it costs, and that nothing is lost between the
// places that tell of it.

#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "app/monitor/sqlite_file.hpp"
#include "clock/system_clock.hpp"
#include "e2e/hostile.hpp"
#include "e2e/monitor_process.hpp"
#include "os/descriptor_limit.hpp"
#include "support/condition.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::test;
using nlohmann::json;

namespace {

constexpr bool kPlain = UDPERF_TEST_TIME_FACTOR == 1;
constexpr int kTargets = 1000;

std::string thousand_targets(std::uint16_t port) {
  // Twice as often as usual: what takes 25 s of the usual rounds is seen in half of that.
  std::string text = "modules:\n  light: {every: 5s, packets: 50}\ntargets:\n";
  for (int i = 0; i < kTargets; ++i) {
    text += "  - \"127.1." + std::to_string(i / 250) + "." + std::to_string(1 + i % 250) + ":" +
            std::to_string(port) + "\"\n";
  }
  return text;
}

/// What a process has used of all processors, as /proc/PID/stat has it.
Duration processor_time(const Process& process) {
  std::ifstream stat{"/proc/" + std::to_string(process.pid()) + "/stat"};
  std::string text;
  std::getline(stat, text);
  std::istringstream fields{text.substr(text.rfind(')') + 1)};
  constexpr int kBefore = 11;  // fields from the state to the user's time
  std::string skipped;
  for (int i = 0; i < kBefore; ++i) {
    fields >> skipped;
  }
  std::int64_t user = 0;
  std::int64_t system = 0;
  fields >> user >> system;
  return Duration{std::chrono::seconds{1}} * (user + system) / ::sysconf(_SC_CLK_TCK);
}

/// Its threads but for those of the HTTP server, which are as many whatever is measured.
std::size_t threads_of(const Process& process) {
  const std::filesystem::path tasks{"/proc/" + std::to_string(process.pid()) + "/task"};
  std::size_t count = 0;
  for (const auto& task : std::filesystem::directory_iterator{tasks}) {
    count += read_all(task.path() / "comm").starts_with("civetweb") ? 0U : 1U;
  }
  return count;
}

using Sums = std::map<std::string, std::uint64_t>;

/// Of each metric and direction ("" where it has none), the sum of each target's samples. The text
/// is of ten megabytes and read once.
class Metrics {
 public:
  explicit Metrics(std::string_view text) {
    while (!text.empty()) {
      const auto end = std::min(text.find('\n'), text.size());
      add(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  [[nodiscard]] Sums of(const std::string& name, const std::string& direction = "") const {
    const auto found = sums_.find({name, direction});
    return found != sums_.end() ? found->second : Sums{};
  }

 private:
  static std::string_view label(std::string_view line, std::string_view name) {
    const auto at = line.find(name);
    if (at == std::string_view::npos) {
      return {};
    }
    line.remove_prefix(at + name.size());
    return line.substr(0, line.find('"'));
  }

  void add(std::string_view line) {
    const auto target = label(line, "target=\"");
    if (target.empty() || line.front() == '#' || line.find("_bucket{") != std::string_view::npos) {
      return;
    }
    const std::string name{line.substr(0, line.find('{'))};
    sums_[{name, std::string{label(line, "direction=\"")}}][std::string{target}] +=
        static_cast<std::uint64_t>(std::stod(std::string{line.substr(line.rfind(' '))}));
  }

  std::map<std::pair<std::string, std::string>, Sums> sums_;
};

std::uint64_t count_of(const json& round, const char* way, const char* field) {
  return round.at(way).is_null() ? 0 : round.at(way).at(field).get<std::uint64_t>();
}

/// The same of the JSON lines, of each target's rounds up to the last that `rounds` knows.
Sums line_sums(const std::vector<json>& lines, const Sums& rounds, const char* way,
               const char* field) {
  Sums sums;
  for (const json& round : lines) {
    const auto& target = round.at("target").get_ref<const std::string&>();
    const auto known = rounds.find(target);
    if (known != rounds.end() && round.at("round").get<std::uint64_t>() <= known->second) {
      sums[target] += count_of(round, way, field);
    }
  }
  return sums;
}

/// Metrics are of one moment; a target's rounds are numbered, so those lines are known that the
/// moment had seen.
void check_metrics(const Metrics& metrics, const std::vector<json>& lines) {
  const Sums rounds = metrics.of("udperf_rounds_total");
  CHECK(rounds.size() == kTargets);
  for (const char* const way : {"up", "down"}) {
    CAPTURE(way);
    for (const auto& [field, metric] : {std::pair{"sent", "udperf_packets_sent_total"},
                                        std::pair{"unique", "udperf_packets_received_total"},
                                        std::pair{"lost", "udperf_packets_lost_total"},
                                        std::pair{"sent_bytes", "udperf_sent_bytes_total"}}) {
      CAPTURE(field);
      Sums told = metrics.of(metric, way);
      Sums written = line_sums(lines, rounds, way, field);
      const auto nothing = [](const auto& sum) { return sum.second == 0; };
      std::erase_if(told, nothing);
      std::erase_if(written, nothing);
      CHECK((told == written));
    }
  }
}

/// All that was written, once the process has ended.
void check_history(const std::string& path, const std::vector<json>& lines) {
  const auto file = app::SqliteFile::open(path, app::SqliteFile::Mode::create);
  REQUIRE(file);
  const auto number = [&file](const std::string& what) {
    return file->number(("SELECT " + what + " FROM round").c_str()).value_or(-1);
  };
  CHECK(number("count(*)") == static_cast<std::int64_t>(lines.size()));
  for (const std::string way : {"up", "down"}) {
    std::int64_t sent = 0;
    std::int64_t lost = 0;
    for (const json& round : lines) {
      sent += static_cast<std::int64_t>(count_of(round, way.c_str(), "sent"));
      lost += static_cast<std::int64_t>(count_of(round, way.c_str(), "lost"));
    }
    CHECK(number("sum(" + way + "_sent)") == sent);
    CHECK(number("sum(" + way + "_lost)") == lost);
  }
}

/// Each number of each target once, and all of them complete but for what the host did.
void check_rounds(const std::vector<json>& lines, Attempt& attempt) {
  std::map<std::string, std::uint64_t> last;
  std::size_t incomplete = 0;
  std::uint64_t lost = 0;
  Duration latest{0};
  for (const json& round : lines) {
    auto& number = last[round.at("target").get<std::string>()];
    number += round.at("rounds").get<std::uint64_t>();
    CHECK(round.at("round") == number);
    incomplete += round.at("status") == "complete" ? 0U : 1U;
    lost += count_of(round, "up", "lost_network") + count_of(round, "down", "lost_network");
    latest = std::max(latest, Duration{round.at("lateness_ns").get<std::int64_t>() -
                                       round.at("host_lateness_ns").get<std::int64_t>()});
  }
  const double late = std::chrono::duration<double, std::milli>{latest}.count();
  attempt.expect(incomplete == 0, std::to_string(incomplete) + " rounds are not complete");
  attempt.expect(lost == 0, std::to_string(lost) + " datagrams were lost between the sockets");
  attempt.expect(latest <= 100ms, "a round was late by " + std::to_string(late) + " ms");
}

}  // namespace

TEST_CASE("a thousand targets cost a monitor less than a core, and all sums agree",
          "[e2e][monitor]") {
  os::raise_descriptor_limit();
  measure_under_condition(
      [](Attempt& attempt) {
        const SystemClock clock;
        const Server server =
            Server::on_all_addresses({"--max-light-sessions", "4096", "--log-level", "error"});
        MonitorProcess monitor{thousand_targets(server.endpoint().port)};
        const MonoTime begun = clock.now();
        const Duration cpu_before = processor_time(monitor.process());
        CHECK_FALSE(monitor.process().wait(13s));
        const Duration cpu = processor_time(monitor.process()) - cpu_before;
        const double cores =
            std::chrono::duration<double>(cpu) / std::chrono::duration<double>(clock.now() - begun);
        CHECK(threads_of(monitor.process()) <= 16);

        const Metrics metrics{monitor.get("/metrics").body};
        CHECK(monitor.get("/api/v1/targets").status == 200);
        const std::size_t resident = most_resident_kib(monitor.process());
        std::size_t up = 0;
        for (const auto& [target, is_up] : metrics.of("udperf_target_up")) {
          up += is_up;
        }
        monitor.process().send_signal(SIGTERM);
        const auto ended = monitor.process().wait(kGuard);
        REQUIRE(ended);
        CHECK(ended->code == 128 + SIGTERM);
        const std::vector<json> lines = monitor.lines("round");
        check_metrics(metrics, lines);
        check_history(monitor.path("m.db"), lines);
        check_rounds(lines, attempt);
        attempt.expect(up == kTargets, std::to_string(up) + " targets are up");
        if (kPlain) {
          attempt.expect(resident < 200U << 10U, std::to_string(resident) + " KiB of memory");
          attempt.expect(cores < 1, "it used " + std::to_string(cores) + " processors");
        }
      },
      long_measurement());
}
