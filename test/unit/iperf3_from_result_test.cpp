#include <string>

#include <nlohmann/json.hpp>

#include "iperf3/from_result.hpp"
#include "iperf3/report_json.hpp"
#include "iperf3/summary.hpp"
#include "support/catch.hpp"

// What a result of this program is in iperf3's form.

using namespace udperf;
using namespace udperf::iperf3;
using nlohmann::json;

namespace {

/// A result of `udperf client --json` in both directions, as far as it is read.
std::string result_of_both() {
  const json stream{{"tx", {{"packets", 34}, {"payload_bytes", 50'000}}},
                    {"rx", {{"unique", 30}, {"unique_bytes", 44'000}}},
                    {"loss", {{"packets", 4}}}};
  const json way{{"tx", {{"span_ns", 1e9}}},
                 {"rx", {{"span_ns", 1e9}}},
                 {"jitter", {{"rfc3550_ns", 2000}}},
                 {"intervals",
                  {{{"start_s", 0.0},
                    {"end_s", 1.0},
                    {"sent", 34},
                    {"packets", 30},
                    {"payload_bytes", 44'000},
                    {"lost", 4}}}},
                 {"streams", json::array({stream})}};
  return json{{"schema", "udperf/1"},
              {"test",
               {{"direction", "both"},
                {"streams", 1},
                {"payload_bytes", 1472},
                {"rate_target_bps", 4e6},
                {"duration_s", 1.0}}},
              {"up", way},
              {"down", way}}
      .dump();
}

}  // namespace

TEST_CASE("A result of both directions has the rate of one, and no jitter that it does not know") {
  const auto record = record_of_result(result_of_both());
  REQUIRE(record.has_value());
  const json document = json::parse(report_json(*record));
  CHECK(document["start"]["target_bitrate"] == 2'000'000);
  const json& rows = document["intervals"][0];
  CHECK(rows["sum"]["bytes"] == 50'000);  // as in the end: the last datagram was shorter
  CHECK(rows["sum_bidir_reverse"]["bytes"] == 44'000);
  CHECK(rows["sum_bidir_reverse"]["jitter_ms"].is_null());
  CHECK(document["end"]["sum_bidir_reverse"]["jitter_ms"] == 0.002);
  CHECK(document["end"]["sum"]["lost_packets"] == 4);
  CHECK(document["end"]["sum"]["packets"] == 34);
}

TEST_CASE("Of a result without the other end's half nothing is 0 that was not measured") {
  json document = json::parse(result_of_both());
  document["test"]["direction"] = "up";
  document["test"]["ecn_sent"] = 2;
  document["test"]["omit_s"] = 3;
  document["down"] = nullptr;
  for (json* part : {&document["up"], &document["up"]["streams"][0]}) {
    for (const char* key : {"rx", "loss", "jitter", "reordering"}) {
      (*part)[key] = nullptr;
    }
  }
  const auto record = record_of_result(document.dump());
  REQUIRE(record.has_value());
  const json told = json::parse(report_json(*record));
  const json& end = told["end"];
  INFO(end.dump());
  CHECK(end["sum"]["packets"] == document["up"]["streams"][0]["tx"]["packets"]);
  CHECK(end["sum"]["lost_packets"].is_null());
  CHECK(end["streams"][0]["udp"]["out_of_order"].is_null());
  for (const char* key : {"bytes", "bits_per_second", "packets", "lost_percent", "jitter_ms"}) {
    CHECK(end["sum_received"][key].is_null());
  }
  CHECK(end["cpu_utilization_percent"]["remote_total"].is_null());
  CHECK((told["start"]["test_start"]["tos"].get<int>() & 3) == 2);
  CHECK(told["start"]["test_start"]["omit"] == 3);
}

TEST_CASE("A result of a sender that does not tell its time has the rate of the receiver's") {
  json document = json::parse(result_of_both());
  document["test"]["direction"] = "down";
  document["up"] = nullptr;
  document["down"]["tx"]["span_ns"] = nullptr;
  document["down"]["rx"]["span_ns"] = 2e9;
  const auto end_of = [&document] {
    const auto record = record_of_result(document.dump());
    REQUIRE(record.has_value());
    return json::parse(report_json(*record))["end"];
  };
  CHECK(end_of()["sum"]["bits_per_second"] == 200'000);
  CHECK(end_of()["sum_sent"]["bits_per_second"] == 200'000);
  document["down"]["rx"]["span_ns"] = nullptr;
  CHECK(end_of()["sum_received"]["bits_per_second"] ==
        352'000);  // in the second that was asked for
  document["test"]["duration_s"] = nullptr;
  for (const char* sum : {"sum", "sum_sent", "sum_received"}) {
    CHECK(end_of()[sum]["bits_per_second"].is_null());
  }
}

TEST_CASE("Rows of a mix of sizes have the mean of it, and add up") {
  json document = json::parse(result_of_both());
  json& up = document["up"];
  up["streams"][0]["tx"] = {{"packets", 7}, {"payload_bytes", 2001}};
  up["intervals"] = {{{"start_s", 0.0}, {"end_s", 1.0}, {"sent", 4}},
                     {{"start_s", 1.0}, {"end_s", 2.0}, {"sent", 3}}};
  const auto record = record_of_result(document.dump());
  REQUIRE(record.has_value());
  const json told = json::parse(report_json(*record));
  CHECK(told["intervals"][0]["sum"]["bytes"] == 1143);
  CHECK(told["intervals"][1]["sum"]["bytes"] == 858);
}

TEST_CASE("A result's amount is told as iperf3 does: datagrams as blocks, time in whole seconds") {
  json document = json::parse(result_of_both());
  const auto start_of = [&document] {
    const auto record = record_of_result(document.dump());
    REQUIRE(record.has_value());
    return json::parse(report_json(*record))["start"]["test_start"];
  };
  document["test"]["duration_s"] = 2.5;
  CHECK(start_of()["duration"] == 3);
  CHECK(start_of()["blocks"] == 0);
  document["test"]["duration_s"] = nullptr;
  document["test"]["packets"] = 500;
  CHECK(start_of()["duration"] == 0);
  CHECK(start_of()["blocks"] == 500);
}

TEST_CASE("What a result has not measured is null in iperf3's form") {
  json document = json::parse(result_of_both());
  document["up"]["jitter"]["rfc3550_ns"] = nullptr;
  document["up"]["tx"]["cpu_percent"] = 20.0;
  document["down"]["rx"]["cpu_percent"] = 5.0;
  document["down"]["tx"]["cpu_percent"] = 7.0;
  const auto record = record_of_result(document.dump());
  REQUIRE(record.has_value());
  const json end = json::parse(report_json(*record))["end"];
  CHECK(end["sum"]["jitter_ms"].is_null());
  CHECK(end["streams"][0]["udp"]["jitter_ms"].is_null());
  CHECK(end["sum_bidir_reverse"]["jitter_ms"] == 0.002);
  const json& cpu = end["cpu_utilization_percent"];
  CHECK(cpu["host_total"] == 25);
  for (const char* key :
       {"host_user", "host_system", "remote_total", "remote_user", "remote_system"}) {
    CHECK(cpu[key].is_null());
  }
}

TEST_CASE("What a result says was lost can be summed up, however much it is") {
  json document = json::parse(result_of_both());
  json& streams = document["down"]["streams"];
  streams[0]["intervals"] = json::array({{{"start_s", 0.0}, {"end_s", 1.0}, {"lost", INT64_MAX}}});
  streams.push_back(streams[0]);
  const auto record = record_of_result(document.dump());
  REQUIRE(record.has_value());
  REQUIRE_FALSE(record->intervals.empty());
  const auto sum = sum_rows(record->intervals.front(), Side::receives);
  REQUIRE(sum.has_value());
  CHECK(sum->lost > 0);
}

TEST_CASE("Of a result with more rows than a test has, those are told for which there is room") {
  json result = json::parse(result_of_both());
  result["up"]["streams"] = json(128, result["up"]["streams"][0]);
  result["up"]["streams"][0]["intervals"] = json(20'000, json::object());
  const auto record = record_of_result(result.dump());
  REQUIRE(record.has_value());
  std::size_t rows = 0;
  for (const IntervalRows& one : record->intervals) {
    rows += one.size();
  }
  CHECK(rows > 0);
  CHECK(rows <= TestRecord::kMostRows);
  CHECK(record->rows_left_out == 20'000 - record->intervals.size());
  CHECK(record_of_result(result_of_both())->rows_left_out == 0);
}
