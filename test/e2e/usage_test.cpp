// What the command line refuses, and how.

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "e2e/program.hpp"
#include "result/version.hpp"
#include "support/catch.hpp"
#include "support/places.hpp"
#include "support/spawn.hpp"
#include "support/strict_json.hpp"
#include "support/temp_dir.hpp"

using namespace std::chrono_literals;
using udperf::test::content_of;
using udperf::test::document_of;
using udperf::test::kGuard;
using udperf::test::kProgram;
using udperf::test::parse_strict_json;
using udperf::test::run_to_end;
using udperf::test::run_udperf;
using udperf::test::TempDir;

namespace {

struct Refusal {
  std::vector<std::string> arguments;
  std::vector<std::string> said;  ///< all of it stands in the one line on stderr
};

constexpr const char* kSizeSentence =
    "size must be between 25 and 200 (MB); give a unit for any other size, e.g. --size 10M";

}  // namespace

TEST_CASE("a usage error is one line on stderr, nothing on stdout, and exit 2", "[e2e]") {
  const auto refusal = GENERATE(values<Refusal>({
      {{"client", "--size", "10"}, {kSizeSentence}},
      {{"client", "--size", "24"}, {kSizeSentence}},
      {{"client", "--size", "201"}, {kSizeSentence}},
      {{"client", "--size", "0"}, {kSizeSentence}},
      {{"loopback", "--size", "201"}, {kSizeSentence}},
      {{"client", "--size", "abc"}, {"not a number: abc"}},
      {{"client", "--packet-size", "70000"}, {"--packet-size", "70000", "65507"}},
      {{"client", "--packet-size", "10"}, {"--packet-size", "10", "16"}},
      {{"client", "--no-such-option"}, {"no-such-option"}},
      {{"client", "--direction", "sideways"}, {"--direction", "sideways", "both"}},
      {{"client", "--interval", "1ms"}, {"--interval", "1ms", "10ms"}},
      {{"client", "--port", "65536"}, {"--port", "65536"}},
      {{"client", "--size", "25", "--duration", "1s"}, {"--duration", "size"}},
      {{"client", "--print", "no_such_field"}, {"no_such_field"}},
      {{"server", "--size", "25"}, {"size"}},
      {{"server", "--port", "-1"}, {"--port"}},
      {{"measure"}, {"measure"}},
  }));
  CAPTURE(refusal.arguments);

  const auto finished = run_udperf(refusal.arguments);

  CAPTURE(finished.err);
  CHECK(finished.code() == 2);
  CHECK(finished.out.empty());
  CHECK(finished.err.find('\n') == finished.err.size() - 1);
  for (const auto& part : refusal.said) {
    CHECK_THAT(finished.err, Catch::Matchers::ContainsSubstring(part));
  }
}

TEST_CASE("a usage error with --json is a document too", "[e2e]") {
  const auto finished = run_udperf({"client", "--json", "--size", "10"});

  CHECK(finished.code() == 2);
  const auto document = document_of(finished);
  CHECK(document.at("status") == "error");
  CHECK_THAT(document.at("error").at("message").get<std::string>(),
             Catch::Matchers::ContainsSubstring(kSizeSentence));
  CHECK(document.at("goodput_bps").is_null());
  CHECK(document.at("up").is_null());
}

TEST_CASE("--print has its line where a file is missing, too", "[e2e]") {
  for (const char* const option : {"--profile=trace:/no/such/file", "--key-file=/no/such/file"}) {
    CAPTURE(option);
    const auto finished = run_udperf({"client", option, "--print", "status,error.code"});
    CHECK(finished.code() == 2);
    CHECK(finished.out == "error usage\n");
  }
}

TEST_CASE("a usage error takes the place of an older result", "[e2e]") {
  const TempDir dir;
  const std::string file = dir.path().string() + "/result.json";
  std::ofstream{file} << "{\"status\": \"complete\"}\n";
  const auto finished =
      run_udperf({"client", "--json", "--output", file, "--rate", "1M", "--nonsense"});
  CHECK(finished.code() == 2);
  CHECK(finished.out.empty());
  const auto document = parse_strict_json(content_of(file));
  REQUIRE(document.has_value());
  CHECK(document->at("status") == "error");
}

TEST_CASE("help goes to stdout and names what it is about", "[e2e]") {
  const auto [command, word] = GENERATE(table<std::vector<std::string>, std::string>({
      {{"--help"}, "client"},
      {{"client", "--help"}, "--size"},
      {{"server", "--help"}, "--one-off"},
      {{"loopback", "--help"}, "--size"},
  }));

  const auto finished = run_udperf(command);

  CHECK(finished.code() == 0);
  CHECK(finished.err.empty());
  CHECK_THAT(finished.out, Catch::Matchers::ContainsSubstring(word));
}

TEST_CASE("the version is its first line, and one item a line follows", "[e2e]") {
  const auto finished = run_udperf({"--version"});

  CHECK(finished.code() == 0);
  CHECK(finished.err.empty());
  std::istringstream lines{finished.out};
  std::string line;
  REQUIRE(std::getline(lines, line));
  CHECK(line == "udperf " + std::string{udperf::result::program_version()});
  for (const std::string item :
       {"commit", "compiler", "libraries", "captures", "monitor", "kernel", "UDP_SEGMENT",
        "UDP_GRO", "SO_TXTIME", "SO_MAX_PACING_RATE", "SO_TIMESTAMPNS", "SO_TIMESTAMPING",
        "SO_RXQ_OVFL", "default queue"}) {
    REQUIRE(std::getline(lines, line));
    CAPTURE(item, line);
    CHECK(line.rfind(item + " ", 0) == 0);
    CHECK(line.find_first_not_of(' ', item.size()) != std::string::npos);
  }
  CHECK_FALSE(std::getline(lines, line));
}

TEST_CASE("each profile's way is listed", "[e2e]") {
  const auto listed = parse_strict_json(run_udperf({"profiles", "--json"}).out);
  REQUIRE(listed);
  for (const auto& row : listed->at("profiles")) {
    CAPTURE(row);
    const bool both =
        row.at("name").get<std::string>().starts_with("voip") || row.at("name") == "gaming";
    CHECK(row.at("direction") == (both ? "both" : "up"));
  }
}

TEST_CASE("what cannot be printed is said, and the exit status is 1", "[e2e]") {
  const TempDir folder;
  const auto file = (folder.path() / "run.json").string();
  REQUIRE(run_udperf({"loopback", "--packets", "10", "--json", "--output", file}).code() == 0);
  for (const std::string& command :
       {std::string{"profiles"}, std::string{"keygen"}, std::string{"--version"},
        std::string{"client --help"}, "compare " + file + " " + file}) {
    CAPTURE(command);
    const auto finished = run_to_end(
        {"/bin/sh", "-c", std::string{"exec "} + kProgram + " " + command + " >/dev/full"}, kGuard);
    REQUIRE(finished.has_value());
    CHECK(finished->code() == 1);
    CHECK(finished->err == "udperf: write stdout: No space left on device\n");
  }
}

TEST_CASE("an error before the test goes where the result was to go", "[e2e]") {
  const TempDir folder;
  const auto file = folder.path() / "run.json";
  const auto finished = run_udperf({"client", "127.0.0.1", "--json", "--output", file.string(),
                                    "--key-file", (folder.path() / "none").string()});
  CHECK(finished.code() == 2);
  CHECK(finished.out.empty());
  const auto document = parse_strict_json(content_of(file));
  REQUIRE(document);
  CHECK(document->at("status") == "error");
}
