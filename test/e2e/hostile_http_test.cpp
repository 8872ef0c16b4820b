// Clients of the HTTP port that mean no good: `udperf server --metrics` and `udperf monitor` answer
// with the same server.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "app/monitor/history.hpp"
#include "clock/system_clock.hpp"
#include "e2e/hostile.hpp"
#include "e2e/http.hpp"
#include "e2e/monitor_process.hpp"
#include "e2e/program.hpp"
#include "os/fd.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/monitored_rounds.hpp"
#include "support/temp_dir.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::test;

namespace {

struct MetricsServer {
  Server server{IpFamily::v4, {"--metrics", "127.0.0.1:0"}};
  Endpoint http{IpAddress::loopback(IpFamily::v4),
                server.ready().at("data").at("metrics_port").get<std::uint16_t>()};
};

/// A connection that has said this and waits.
os::Fd say(const Endpoint& server, const std::string& words) {
  os::Fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
          0);
  static_cast<void>(::send(socket.get(), words.data(), words.size(), MSG_NOSIGNAL));
  return socket;
}

}  // namespace

TEST_CASE("a hundred connections that say half a request delay a scrape, no more", "[e2e]") {
  constexpr Duration kScrapeTimeout = 9s;  // Prometheus waits for ten
  MetricsServer metrics;
  const HostWatch watch;
  std::vector<os::Fd> slow;
  for (int i = 0; i < 100; ++i) {
    slow.push_back(say(metrics.http, "GET /metrics HTTP/1.1\r\nHost: test\r\n"));
  }
  const auto begin = std::chrono::steady_clock::now();
  const auto answer = http_get(metrics.http, "/metrics");
  const auto took = std::chrono::steady_clock::now() - begin;
  REQUIRE(answer);
  CHECK(answer->status == 200);
  check_in_time(took, kScrapeTimeout, watch.strain());
}

TEST_CASE("requests of any form end neither the server nor its answers", "[e2e]") {
  MetricsServer metrics;
  const std::string long_line(100'000, 'a');
  std::string many;
  for (int i = 0; i < 5000; ++i) {
    many += "X: a\r\n";
  }
  std::vector<os::Fd> sockets;
  for (const std::string& words :
       {std::string{"GET /../../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n"},
        std::string{"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n"},
        "GET /" + long_line + " HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nX: " + long_line + "\r\n\r\n",
        "GET /metrics HTTP/1.1\r\n" + many + "\r\n",
        std::string{"POST /metrics HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n"},
        std::string{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"},
        std::string(5000, '\0'), std::string{"\r\n\r\n\r\n"}, std::string{"GET\r\n\r\n"}}) {
    sockets.push_back(say(metrics.http, words));
  }
  for (const char* const path :
       {"/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd"}) {
    const auto answer = http_answer(metrics.http, path);
    CHECK(answer.status == 404);
    CHECK(answer.body.find("root:") == std::string::npos);
  }
  CHECK(http_answer(metrics.http, "/metrics").status == 200);
}

TEST_CASE("whatever is asked for at once, a monitor's memory is bounded", "[e2e][monitor]") {
  constexpr std::uint64_t kRounds = 5000;
  constexpr std::size_t kAtOnce = 40;
  constexpr std::size_t kMostKib = 96U << 10U;  // 16 MiB that are kept, what is made, what is left
  const TempDir folder;
  const std::string file = (folder.path() / "rounds.db").string();
  const SystemClock clock;
  {
    const auto history = app::History::open(file, {}, clock, [](const std::string&) {});
    REQUIRE(history);
    const UnixTime begin = clock.unix_now() - kRounds * 1s;
    for (std::uint64_t i = 0; i < kRounds; ++i) {
      (*history)->put(target_named("gw"), round_begun(begin + i * 1s, i + 1, i % 7));
    }
  }
  MonitorProcess monitor{
      std::string{kQuick} + "targets:\n  - {target: \"127.0.0.1:9\", name: gw}\n",
      {},
      {"--history", file}};
  const std::string where = "/api/v1/rounds?target=gw&grain=round&since=0";
  std::vector<std::optional<HttpAnswer>> answers(kAtOnce);
  std::vector<std::thread> askers;
  for (auto& answer : answers) {
    askers.emplace_back([&] { answer = http_get(monitor.http(), where); });
  }
  for (std::thread& asker : askers) {
    asker.join();
  }
  for (const auto& answer : answers) {
    if (answer && answer->status == 503) {
      CHECK(answer->head.find("Retry-After: ") != std::string::npos);
    }
  }
  const HttpAnswer whole = monitor.get(where);
  REQUIRE(whole.status == 200);
  CHECK(nlohmann::json::parse(whole.body).at("rows").size() == kRounds);
  if (UDPERF_TEST_TIME_FACTOR == 1) {  // a sanitizer keeps what is freed
    CHECK(most_resident_kib(monitor.process()) < kMostKib);
  }
}
