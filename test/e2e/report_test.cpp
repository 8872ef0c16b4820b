// `udperf report` and --report: files, exit statuses. What the pages look like: ./dev test-report.

#include <fstream>
#include <string>

#include <nlohmann/json.hpp>

#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/temp_dir.hpp"

using namespace std::chrono_literals;
using udperf::test::content_of;
using udperf::test::Finished;
using udperf::test::run_udperf;
using udperf::test::TempDir;

namespace {

bool is_page(const std::string& text) {
  return text.rfind("<!DOCTYPE html>", 0) == 0 && text.find("</html>") != std::string::npos;
}

}  // namespace

TEST_CASE("a test's page is written beside its result", "[e2e][report]") {
  const TempDir folder;
  const std::string page = folder.path().string() + "/run.html";
  const auto finished = run_udperf({"loopback", "--size", "2M", "--json", "--report", page, "-q"});

  CHECK(finished.code() == 0);
  CHECK(is_page(content_of(page)));
  CHECK_FALSE(is_page(finished.out));

  const std::string result = folder.path().string() + "/run.json";
  std::ofstream{result} << finished.out;
  const auto again = run_udperf({"report", result});
  CHECK(again.code() == 0);
  CHECK(again.err.empty());
  CHECK(is_page(again.out));
  const auto to_file = run_udperf({"report", result, "-o", folder.path().string() + "/2.html"});
  CHECK(to_file.code() == 0);
  CHECK(to_file.out.empty());
  CHECK(content_of(folder.path().string() + "/2.html") == again.out);
}

TEST_CASE("a page does not get into the way of what is printed", "[e2e][report]") {
  const TempDir folder;
  const std::string page = folder.path().string() + "/run.html";
  for (const std::string format : {"--csv", "--jsonl", "--print=goodput_bps"}) {
    CAPTURE(format);
    const auto finished = run_udperf({"loopback", "--size", "1M", format, "--report", page, "-q"});
    CHECK(finished.code() == 0);
    CHECK(is_page(content_of(page)));
    CHECK_FALSE(finished.out.empty());
    CHECK(finished.out.find('<') == std::string::npos);
  }
  const auto both = run_udperf({"loopback", "--size", "1M", "--report", "-", "--json"});
  CHECK(both.code() == 2);
  const auto apart = run_udperf({"loopback", "--size", "1M", "--report", "-", "--json", "--output",
                                 folder.path().string() + "/run.json"});
  CHECK(apart.code() == 0);
  CHECK(is_page(apart.out));
}

TEST_CASE("a test that failed has a page, too", "[e2e][report]") {
  const TempDir folder;
  const std::string page = folder.path().string() + "/run.html";
  const auto finished = run_udperf(
      {"client", "--port", std::to_string(udperf::test::unused_port()), "--report", page});

  CHECK(finished.code() == 3);
  CHECK(content_of(page).find("unreachable") != std::string::npos);
}

TEST_CASE("what cannot become a page is said before anything is done", "[e2e][report]") {
  const TempDir folder;
  const udperf::test::HostWatch watch;
  const auto unwritable = run_udperf(
      {"loopback", "--duration", "10s", "--report", folder.path().string() + "/no/run.html"});
  CHECK(unwritable.code() == 2);
  CHECK(unwritable.err.find("--report") != std::string::npos);
  // As long as the test alone would have taken.
  udperf::test::check_in_time(unwritable.took, 10s, watch.strain());

  CHECK(run_udperf({"report"}).code() == 2);
  CHECK(run_udperf({"report", folder.path().string() + "/none.json"}).code() == 2);
  const std::string other = folder.path().string() + "/other.json";
  std::ofstream{other} << R"({"schema":"other"})";
  const auto refused = run_udperf({"report", other});
  CHECK(refused.code() == 2);
  CHECK(refused.out.empty());
  CHECK(refused.err.find("other.json") != std::string::npos);
  CHECK(refused.err.find("--json") != std::string::npos);
}

TEST_CASE("rows for which iperf3's form has no room are told as left out", "[e2e][report]") {
  nlohmann::json result{{"schema", "udperf/1"}, {"test", {{"direction", "both"}}}};
  result["up"]["streams"] = nlohmann::json(1, nlohmann::json::object());
  result["up"]["intervals"] = nlohmann::json(2, nlohmann::json::object());
  result["down"]["streams"] = nlohmann::json(100'000, nlohmann::json::object());
  const TempDir folder;
  const std::string file = folder.path().string() + "/run.json";
  std::ofstream{file} << result;
  const auto told = run_udperf({"report", "--iperf3-json", file});
  CHECK(told.code() == 0);
  CHECK(told.err == "udperf: warning: 2 intervals are left out: there is room for 100000 rows\n");
}
