// What `udperf monitor` answers over HTTP: probes, metrics, and what is asked in vain.

#include <netinet/in.h>
#include <sys/socket.h>

#include <fstream>
#include <string>

#include "crypto/digest_text.hpp"
#include "e2e/monitor_process.hpp"
#include "os/fd.hpp"
#include "support/condition.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::test;
using nlohmann::json;

namespace {

/// A datagram socket that is there and never answers.
class SilentPeer {
 public:
  SilentPeer() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
            0);
    socklen_t size = sizeof address;
    REQUIRE(::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
  }
  [[nodiscard]] std::string name() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  os::Fd socket_;
  std::uint16_t port_ = 0;
};

}  // namespace

TEST_CASE("a probe answers within its time whatever the target does", "[e2e][monitor]") {
  const Server up;
  const TempDir folder;
  const std::string key = (folder.path() / "key").string();
  REQUIRE(run_udperf({"keygen", key}).code() == 0);
  const Server refusing{IpFamily::v4, {"--key-file", key}};
  const SilentPeer silent;
  const std::string own = "127.0.0.5:" + std::to_string(unused_port());
  MonitorProcess monitor{config_for(up.endpoint(), "  - {target: \"" + own +
                                                       "\", name: own}\n"
                                                       "probe_allow: [127.0.0.0/30]\n")};
  struct Case {
    std::string target;
    double success;
  };
  for (const Case& one :
       {Case{"gw", 1}, Case{up.endpoint().to_string(), 1}, Case{refusing.endpoint().to_string(), 0},
        Case{own, 0}, Case{silent.name(), 0},
        Case{"127.0.0.1:" + std::to_string(unused_port()), 0}}) {
    CAPTURE(one.target);
    const HostWatch watch;
    const auto begin = std::chrono::steady_clock::now();
    const auto answer = http_answer(monitor.http(), "/probe?module=light&target=" + one.target,
                                    {{"X-Prometheus-Scrape-Timeout-Seconds", "6"}});
    const auto took = std::chrono::steady_clock::now() - begin;
    CHECK(answer.status == 200);
    CHECK(metric_value(answer.body, "probe_success") == one.success);
    const double told_s = metric_value(answer.body, "probe_duration_seconds").value_or(9);
    check_in_time(Duration{static_cast<std::int64_t>(told_s * 1e9)}, 5900ms, watch.strain());
    check_in_time(took, patience(6s), watch.strain());
    // Nothing of a round before, and nothing of the monitor.
    CHECK(answer.body.find("udperf_target_up") == std::string::npos);
    CHECK(metric_value(answer.body, "udperf_probe_loss_ratio").has_value() == (one.success == 1));
  }
  const auto status = [&](const std::string& query) {
    return monitor.get("/probe" + query).status;
  };
  CHECK(status("") == 400);
  CHECK(status("?target=") == 400);
  CHECK(status("?target=gw&module=none") == 400);
  CHECK(status("?target=gw&target=gw") == 400);
  CHECK(status("?target=192.0.2.1") == 403);
  CHECK(status("?target=localhost") == 403);
  CHECK(status("?target=127.0.0.4") == 403);
  CHECK(status("?target=127.0.0.5") == 403);  // that is watched at another port
}

TEST_CASE("no page of another origin makes a browser start a probe", "[e2e][monitor]") {
  const Server server;
  MonitorProcess monitor{config_for(server.endpoint())};
  using Headers = std::vector<std::pair<std::string, std::string>>;
  const auto status = [&monitor](const std::string& path, const Headers& headers,
                                 const std::string& method = "GET") {
    auto answer = http_get(monitor.http(), path, headers, method);
    for (int i = 0; i < 4 && !answer; ++i) {  // see MonitorProcess::get
      answer = http_get(monitor.http(), path, headers, method);
    }
    return answer ? answer->status : 0;
  };
  const auto probes = [&monitor] {
    return metric_value(monitor.get("/metrics").body, "udperf_probe_requests_total").value_or(-1);
  };
  const std::string probe = "/probe?target=gw";
  for (const Headers& foreign :
       {Headers{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "no-cors"}},
        Headers{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "navigate"}},
        Headers{{"Sec-Fetch-Site", "same-site"}, {"Origin", "http://localhost"}},
        Headers{{"Origin", "http://evil.example"}}, Headers{{"Origin", "http://localhost:81"}},
        Headers{{"Origin", "null"}}}) {
    CAPTURE(foreign.front().second);
    CHECK(status(probe, foreign) == 403);
  }
  CHECK(status(probe, {}, "HEAD") == 405);
  CHECK(probes() == 0);
  // A link may lead to the page and to a report; what another page loads itself gets nothing.
  const Headers link{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "navigate"}};
  const Headers script{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "cors"}};
  CHECK(status("/", link) == 200);
  CHECK(status("/metrics", link, "HEAD") == 200);
  CHECK(status("/api/v1/events", script) == 403);
  CHECK(status("/api/v1/events", link) == 403);
  CHECK(status("/api/v1/targets", script) == 403);
  // http_get() calls the host "localhost".
  for (const Headers& own :
       {Headers{}, Headers{{"Sec-Fetch-Site", "none"}}, Headers{{"Origin", "http://localhost"}},
        Headers{{"Sec-Fetch-Site", "same-origin"}, {"Origin", "https://proxy.example"}}}) {
    CHECK(status(probe, own) == 200);
  }
  CHECK(probes() == 4);
}

TEST_CASE("a page whose name was given this host's address gets nothing of a monitor's",
          "[e2e][monitor]") {
  MonitorProcess monitor{"targets: []\n", {}, {"--host-name", "watch.example"}};
  const auto status = [&monitor](const std::string& name) {
    return http_answer(monitor.http(), "/api/v1/targets", {{"Host", name}}).status;
  };
  CHECK(status("evil.example:9555") == 403);
  for (const char* const own :
       {"127.0.0.1:9555", "localhost:9555", "[::1]:9555", "watch.example"}) {
    CAPTURE(own);
    CHECK(status(own) == 200);
  }
  // Whoever can be asked by others is called by any name.
  MonitorProcess open{"targets: []\n", {}, {"--listen", "0.0.0.0:0"}};
  CHECK(http_answer(open.http(), "/api/v1/targets", {{"Host", "node7.example:9555"}}).status ==
        200);
}

TEST_CASE("requests that ask for nothing of the monitor's get nothing", "[e2e][monitor]") {
  MonitorProcess monitor{"targets: []\n"};
  for (const std::string path :
       {"/etc/passwd", "/../../etc/passwd", "/%2e%2e/x", "/api", "/page.js/", "/x<script>"}) {
    CAPTURE(path);
    const auto answer = monitor.get(path);
    CHECK((answer.status == 404 || answer.status == 400));
    CHECK(answer.body.find("script>") == std::string::npos);
    CHECK(answer.body.find("root:") == std::string::npos);
  }
  const auto page = monitor.get("/");
  CHECK(page.status == 200);
  CHECK(page.head.find("Content-Security-Policy: default-src 'none'; script-src 'self'") !=
        std::string::npos);
  CHECK(page.body.find("<script>") == std::string::npos);
  for (const std::string part : {"/page.js", "/page.css", "/chart.js"}) {
    CHECK(monitor.get(part).status == 200);
  }
  const auto posted = http_answer(monitor.http(), "/metrics", {}, "POST");
  CHECK(posted.status == 405);
  CHECK(posted.head.find("Allow: GET, HEAD\r\n") != std::string::npos);
  CHECK(monitor.get("/api/v1/rounds?target=gw&since=2&until=1").status == 400);
  CHECK(monitor.get("/api/v1/changes?until=1").status == 200);  // of the hour before that
  CHECK(http_answer(monitor.http(), "/metrics", {}, "HEAD").body.empty());
  CHECK(monitor.get("/api/v1/rounds?target=none").status == 404);
  CHECK(monitor.get("/api/v1/rounds?target=none&since=x").status == 400);
  CHECK(monitor.get("/api/v1/changes?since=x").status == 400);
  CHECK(monitor.get("/api/v1/changes?most=0").status == 400);
  const auto huge = http_get(monitor.http(), "/metrics", {{"X", std::string(100'000, 'x')}});
  CHECK((!huge || huge->status >= 400));
  CHECK(monitor.get("/healthz").status == 200);
}

TEST_CASE("a round of the history has a report that runs nothing but its own", "[e2e][monitor]") {
  const Server server;
  MonitorProcess monitor{config_for(server.endpoint())};
  json rows;
  REQUIRE(monitor.until([&] {
    const auto answer = monitor.get("/api/v1/rounds?target=gw&grain=round&since=0&most=1");
    rows = answer.status == 200 ? json::parse(answer.body).at("rows") : json::array();
    return rows.size() == 1 && !rows.at(0).at("up").is_null();
  }));
  const auto to_come = monitor.get("/api/v1/rounds?target=gw&since=9000000000");
  CHECK(to_come.status == 200);
  CHECK(json::parse(to_come.body).at("rows").empty());
  const auto start = rows.at(0).at("start_unix_ns").get<std::int64_t>();
  const std::string nanoseconds = std::to_string(start % 1'000'000'000);
  const std::string time = std::to_string(start / 1'000'000'000) + "." +
                           std::string(9 - nanoseconds.size(), '0') + nanoseconds;
  const auto page = monitor.get("/report?target=gw&time=" + time);
  REQUIRE(page.status == 200);
  const auto between = [&page](const std::string& from, const std::string& to) {
    const auto begin = page.body.find(from);
    REQUIRE(begin != std::string::npos);
    const auto end = page.body.find(to, begin + from.size());
    return page.body.substr(begin + from.size(), end - begin - from.size());
  };
  const auto document =
      parse_strict_json(between("<script id=\"document\" type=\"application/json\">", "</script>"));
  REQUIRE(document);
  CHECK(document->at("test").at("start_unix_ns") == start);
  CHECK(document->at("up").at("tx").at("packets") == rows.at(0).at("up").at("sent"));
  CHECK(document->at("test").at("packets") == 20);

  CHECK(page.head.find("unsafe-inline") == std::string::npos);
  CHECK(page.head.find("default-src 'none'") != std::string::npos);
  for (const std::string& part :
       {between("<style>", "</style>"), between("<script>", "</script>")}) {
    CHECK(page.head.find("'sha256-" + crypto::sha256_base64(part) + "'") != std::string::npos);
  }
  const auto status = [&monitor](const std::string& query) {
    return monitor.get("/report" + query).status;
  };
  CHECK(status("?target=gw&module=light&time=" + time) == 200);
  CHECK(status("") == 400);
  CHECK(status("?target=gw") == 400);
  CHECK(status("?target=gw&time=now") == 400);
  CHECK(status("?target=gw&time=1000") == 404);
  CHECK(status("?target=none&time=" + time) == 404);
  CHECK(status("?target=gw&module=none&time=" + time) == 404);
  CHECK(monitor.get("/api/v1/rounds?target=gw&most=0").status == 400);
  CHECK(monitor.get("/api/v1/rounds?target=gw&most=5001").status == 400);
}

TEST_CASE("passwords of a web configuration are asked for", "[e2e][monitor]") {
  const TempDir folder;
  const std::string web = (folder.path() / "web.yaml").string();
  // "pw", at bcrypt's least cost
  std::ofstream{web} << "basic_auth_users:\n  me: "
                        "'$2b$04$bDTWu9pSuzNOqCrOWWbmxuCZKXR/HpjhKKH6pTpcQZzFB2pfuiVcS'\n";
  MonitorProcess monitor{"targets: []\n", {}, {"--web-config", web}};
  const auto status = [&](const std::string& authorization) {
    const auto answer =
        http_get(monitor.http(), "/metrics", {{"Authorization", "Basic " + authorization}});
    return answer ? answer->status : 0;
  };
  CHECK(monitor.get("/metrics").status == 401);
  CHECK(status("bWU6cHc=") == 200);  // me:pw
  CHECK(status("bWU6cHg=") == 401);  // me:px
  CHECK(status("eW91OnB3") == 401);  // you:pw
  CHECK(status("not base64") == 401);
}

TEST_CASE("promtool finds nothing wrong with any metrics", "[e2e][monitor]") {
  const auto there = run_to_end({"promtool", "--version"}, kGuard);
  if (!there || there->code() != 0) {
    skip_test("promtool (Debian's prometheus) is not installed");
    return;
  }
  const Server server{IpFamily::v4, {"--metrics", "127.0.0.1:0", "--classic"}};
  const Endpoint exporter{IpAddress::loopback(IpFamily::v4),
                          server.ready().at("data").at("metrics_port").get<std::uint16_t>()};
  MonitorProcess monitor{config_for(server.endpoint())};
  REQUIRE(monitor.until([&] { return monitor.rounds("complete") >= 1; }));
  const auto check = [&](const Endpoint& from, const std::string& path) {
    const std::string text = monitor.path("metrics");
    const auto answer = http_answer(from, path);
    std::ofstream{text} << answer.body;
    const auto checked = run_to_end({"sh", "-c", "promtool check metrics <" + text}, kGuard);
    REQUIRE(checked);
    CAPTURE(path, checked->err);
    CHECK(checked->code() == 0);
    CHECK(checked->err.empty());
    CHECK(checked->out.empty());
    return answer.body;
  };
  check(monitor.http(), "/metrics");
  check(monitor.http(), "/probe?target=gw");
  const std::string text = check(exporter, "/metrics");
  CHECK(metric_value(text, "udperf_server_sessions_total").value_or(0) >= 1);
  CHECK(metric_value(text, "udperf_server_received_packets_total").value_or(0) >= 20);
  CHECK(metric_value(text, "udperf_server_light_sessions_total").value_or(0) >= 1);
  CHECK(text.find("udperf_server_sessions_closed_total{status=\"error\"} 0\n") !=
        std::string::npos);
  CHECK(text.find("udperf_server_services_total{what=\"classic_runs\"} 0\n") != std::string::npos);
  const std::string folder = std::string{kSourceDir} + "/app/integrations/prometheus/";
  for (const std::string& what : {"check rules " + folder + "udperf.rules.yml",
                                  "test rules " + folder + "udperf.rules_test.yml",
                                  "check config --syntax-only " + folder + "prometheus.yml"}) {
    CAPTURE(what);
    CHECK(run_to_end({"sh", "-c", "promtool " + what}, kGuard)->code() == 0);
  }
}
