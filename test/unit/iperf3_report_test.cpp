#include <string>

#include <nlohmann/json.hpp>

#include "iperf3/bounded_json.hpp"
#include "iperf3/peer_reports.hpp"
#include "iperf3/report_json.hpp"
#include "iperf3/report_writer.hpp"
#include "iperf3/results.hpp"
#include "iperf3/summary.hpp"
#include "support/catch.hpp"

using namespace udperf;
using namespace udperf::iperf3;
using nlohmann::json;

namespace {

/// A second of one stream of 1000-byte datagrams, of which `lost` did not arrive.
TestRecord second_of_one_stream(bool server, std::uint64_t lost) {
  TestRecord record;
  record.server = server;
  record.began = true;
  record.host = "198.51.100.7";
  record.port = 5201;
  record.cookie = "cookie";
  record.parameters.length = 1000;
  record.parameters.seconds = 1;
  record.parameters.rate_bps = 800'000;
  record.streams.push_back(StreamEnds{5, {}, {}, !server});
  Row row;
  row.end_s = 1;
  row.sender = !server;
  row.packets = 100;
  row.bytes = (100 - lost) * 1000;
  row.lost = static_cast<std::int64_t>(lost);
  record.intervals.push_back({row});
  StreamEnd end;
  end.sent_packets = end.received_packets = 100;
  end.sent_bytes = 100'000;
  end.received_bytes = (100 - lost) * 1000;
  end.sent_seconds = end.received_seconds = 1;
  end.lost = lost;
  record.ends.push_back(end);
  return record;
}

/// Two streams each way, of a second.
TestRecord second_of_both_ways(bool server) {
  TestRecord record = second_of_one_stream(server, 0);
  record.parameters.bidirectional = true;
  record.parameters.streams = 2;
  record.streams.assign(4, record.streams.front());
  record.ends.assign(4, record.ends.front());
  record.intervals.front().assign(4, record.intervals.front().front());
  for (const std::size_t i : {2U, 3U}) {
    record.streams[i].sender = server;
    record.intervals.front()[i].sender = server;
  }
  return record;
}

/// What of the lines' begins is told apart, in their order.
std::string outline(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    const std::string line = text.substr(at, end - at);
    const auto has = [&line](const char* part) { return line.find(part) != std::string::npos; };
    out += has("- - -")                  ? "-"
           : has("(sender statistics")   ? "n"
           : has("(receiver statistics") ? "m"
           : has("local/sender")         ? "c"
           : has("local/receiver")       ? "d"
           : has("printed there")        ? "o"
           : has("SUM") && has("TX")     ? "T"
           : has("SUM") && has("RX")     ? "R"
           : has("[TX")                  ? "t"
           : has("[RX")                  ? "r"
           : has("  sender")             ? "t"
           : has("receiver")             ? "r"
                                         : "";
    at = end + 1;
  }
  return out;
}

}  // namespace

TEST_CASE("Whole numbers of -J have no point, as iperf3 writes them, and others have one") {
  const std::string whole = report_json(second_of_one_stream(true, 0));
  INFO(whole);
  CHECK(whole.find("\"start\": 0,") != std::string::npos);
  CHECK(whole.find("\"seconds\": 1,") != std::string::npos);
  CHECK(whole.find("\"bits_per_second\": 800000,") != std::string::npos);
  CHECK(whole.find("\"lost_percent\": 0,") != std::string::npos);
  CHECK(whole.find(".0,") == std::string::npos);
  CHECK(whole.find(".0\n") == std::string::npos);
  TestRecord third = second_of_one_stream(true, 1);
  third.ends.front().received_packets = 3;
  CHECK(report_json(third).find("\"lost_percent\": 33.33") != std::string::npos);
}

TEST_CASE("A server's rate stands where a stock server writes it first") {
  const auto before = [](const std::string& text) {
    return text.find("\"target_bitrate\"") < text.find("\"timestamp\"");
  };
  CHECK(before(report_json(second_of_one_stream(true, 0))));
  CHECK_FALSE(before(report_json(second_of_one_stream(false, 0))));
}

TEST_CASE("What a server printed in JSON comes over with its keys in their order") {
  Results results;
  results.streams.push_back({});
  results.server_output_json = R"({"start":{"version":"v","cookie":"c"},"intervals":[],"end":{}})";
  const auto read = read_results(to_json(results), 1);
  REQUIRE(read.has_value());
  CHECK(read->server_output_json == results.server_output_json);
}

TEST_CASE("The text of an object is found in what a peer sent, and one that is too wide is not") {
  const std::string text =
      R"({"a":[{"k":{}}],"b":"\"k\":{", "k" : {"z":"}\"","a":[1,{"x":{}}]} ,"c":{"k":{"n":1}}})";
  REQUIRE(read_object(text).has_value());
  CHECK(find_object_text(text, "k") == R"({"z":"}\"","a":[1,{"x":{}}]})");
  CHECK(find_object_text(text, "c") == R"({"k":{"n":1}})");
  CHECK_FALSE(find_object_text(text, "a").has_value());
  CHECK_FALSE(find_object_text(text, "n").has_value());
  CHECK(find_object_text(R"({"k":{"a":1},"k":{"b":2}})", "k") == R"({"b":2})");
  std::string wide = R"({"k":{"list":[)";
  for (std::size_t i = 0; i < 2 * kMostMembers; ++i) {
    wide += "1,";
  }
  wide += R"(1],"m":{"0":0)";
  CHECK(find_object_text(wide + "}}}", "k").has_value());
  for (std::size_t i = 1; i <= kMostMembers; ++i) {
    wide += ",\"" + std::to_string(i) + "\":0";
  }
  CHECK_FALSE(find_object_text(wide + "}}}", "k").has_value());
}

TEST_CASE("What a server printed in a long test of many streams comes over whole") {
  Results results;
  results.streams.push_back({});
  results.server_output_text = std::string(std::size_t{3} << 20U, 'x');
  const auto read = read_results(to_json(results), 1);
  REQUIRE(read.has_value());
  CHECK(read->server_output_text->size() == results.server_output_text->size());
}

TEST_CASE("Of a peer that does not tell omitted datagrams the bytes tell what was counted") {
  Parameters parameters;
  parameters.length = 1000;
  StreamResult told;
  told.packets = 430;
  told.bytes = 288'000;
  CHECK(peer_sent(told, parameters).packets == 430);
  parameters.omit_seconds = 1;
  CHECK(peer_sent(told, parameters).packets == 288);
  told.tells_omitted = true;
  told.omitted_packets = 140;
  CHECK(peer_sent(told, parameters).packets == 290);
}

TEST_CASE("A row in which more was found than lost has less than none lost") {
  TestRecord record = second_of_one_stream(true, 0);
  record.intervals[0][0].lost = -5;
  const json told = json::parse(report_json(record))["intervals"][0]["sum"];
  CHECK(told["lost_packets"] == -5);
  CHECK(told["lost_percent"] == -5);
  CHECK(rows_text(record, record.intervals[0]).find("-5/100 (-5%)") != std::string::npos);
}

TEST_CASE(
    "-J of a test that was refused has what iperf3 says of one: when, whom and what was asked") {
  TestRecord refused;
  refused.error = "the total rate is above the server's limit";
  const auto start_of = [&refused](KeySet keys) {
    return json::parse(report_json(refused, keys))["start"];
  };
  const json nobody = start_of(KeySet::of_3_12);  // busy, or not there
  CHECK(nobody.size() == 3);
  refused.host = "198.51.100.7";
  refused.port = 5201;
  refused.cookie = "cookie";
  refused.parameters.rate_bps = 10'000'000;
  const json start = start_of(KeySet::of_3_12);
  CHECK(start["connected"].empty());
  CHECK(start["timestamp"]["timesecs"].is_number());
  CHECK(start["connecting_to"]["host"] == "198.51.100.7");
  CHECK(start["connecting_to"]["port"] == 5201);
  CHECK(start["cookie"] == "cookie");
  CHECK(start["target_bitrate"] == 10'000'000);
  CHECK(start.size() == nobody.size() + 4);
  CHECK(start_of(KeySet::of_3_21).size() == nobody.size() + 5);  // fq_rate
  refused.streams.push_back(StreamEnds{5, {}, {}, true});        // when they had been made
  const json late = start_of(KeySet::of_3_12);
  CHECK(late["connected"].size() == 1);
  CHECK(late.contains("sndbuf_actual"));
  CHECK_FALSE(late.contains("test_start"));
}

TEST_CASE("What the other end has not told is null in -J, and no line of the text") {
  TestRecord record = second_of_one_stream(false, 0);
  StreamEnd& end = record.ends.front();
  end.lost.reset();
  end.received_told = false;
  const json sent = json::parse(report_json(record))["end"];
  CHECK(sent["streams"][0]["udp"]["bytes"] == 100'000);
  CHECK(sent["streams"][0]["udp"]["packets"] == 100);
  CHECK(sent["streams"][0]["udp"]["lost_packets"].is_null());
  CHECK(sent["sum"]["bits_per_second"] == 800'000);
  CHECK(sent["sum_sent"]["packets"] == 100);
  CHECK(sent["sum_sent"]["jitter_ms"].is_null());
  for (const char* key : {"bytes", "bits_per_second", "packets", "lost_percent", "jitter_ms"}) {
    CHECK(sent["sum_received"][key].is_null());
  }
  CHECK(sent["cpu_utilization_percent"]["host_total"].is_number());
  CHECK(sent["cpu_utilization_percent"]["remote_total"].is_null());
  const std::string text = end_text(record);
  CHECK(text.find("  sender\n") != std::string::npos);
  CHECK(text.find("  receiver\n") == std::string::npos);

  end = second_of_one_stream(false, 2).ends.front();
  end.sent_told = false;
  record.streams.front().sender = false;
  record.parameters.reverse = true;
  const json received = json::parse(report_json(record))["end"];
  CHECK(received["sum_received"]["bytes"] == 98'000);
  CHECK(received["sum_received"]["lost_packets"] == 2);
  for (const char* key : {"bytes", "bits_per_second", "packets", "lost_percent"}) {
    CHECK(received["sum_sent"][key].is_null());
  }
  CHECK(end_text(record).find("  sender\n") == std::string::npos);
}

TEST_CASE("Datagrams out of order have a line of each stream behind the sender's, as in iperf3") {
  TestRecord record = second_of_one_stream(false, 0);
  CHECK(end_text(record).find("out-of-order") == std::string::npos);
  record.ends.front().out_of_order = 0;
  CHECK(end_text(record).find("out-of-order") == std::string::npos);
  record.ends.front().out_of_order = 17;
  CHECK(end_text(record).find(
            "  sender\n[SUM]  0.0- 1.0 sec  17 datagrams received out-of-order\n[") !=
        std::string::npos);
  record.parameters.streams = 2;
  record.streams.push_back(record.streams.front());
  record.ends.push_back(record.ends.front());
  record.parameters.bidirectional = true;
  const std::string two = end_text(record);
  const std::string line = "[SUM][TX-C]  0.0- 1.0 sec  17 datagrams received out-of-order\n";
  const auto first = two.find(line);
  REQUIRE(first != std::string::npos);
  const auto second = two.find(line, first + 1);
  REQUIRE(second != std::string::npos);
  CHECK(two.find(line, second + 1) == std::string::npos);  // the sum has none
}

TEST_CASE("A stream of objects ends with the error, what the server printed, and the end") {
  TestRecord record = second_of_one_stream(false, 0);
  record.error = "it failed";
  record.server_output_text = "printed";
  const std::string text = end_events(record);
  const auto error = text.find(R"("event":"error")");
  const auto output = text.find(R"("event":"server_output_text")");
  const auto end = text.find(R"("event":"end")");
  REQUIRE(end != std::string::npos);
  CHECK(error == 1);
  CHECK(error < output);
  CHECK(output < end);
}

TEST_CASE("-V tells what each end took behind the sender's lines, and what a server cannot tell") {
  const TextFormat verbose{'a', true};
  TestRecord client = second_of_one_stream(false, 0);
  CHECK(outline(end_text(client, verbose)) == "-trc");
  client.parameters.reverse = true;
  client.streams.front().sender = false;
  CHECK(outline(end_text(client, verbose)) == "-tr");
  TestRecord server = second_of_one_stream(true, 0);
  CHECK(outline(end_text(server, verbose)) == "-nr");
  CHECK(outline(end_text(server)) == "-r");
  server.parameters.reverse = true;
  server.streams.front().sender = true;
  CHECK(outline(end_text(server, verbose)) == "-tmc");
  CHECK(outline(end_text(second_of_both_ways(false), verbose)) == "ttttTTcdrrrrRR");
  CHECK(outline(end_text(second_of_both_ways(true), verbose)) == "nrnrRtmtmTcd");
}

TEST_CASE("What the server printed stands behind the lines of the way that is told first") {
  TestRecord record = second_of_one_stream(false, 0);
  record.server_output_text = "printed there";
  CHECK(outline(end_text(record)) == "-tro");
  record = second_of_both_ways(false);
  record.server_output_text = "printed there";
  CHECK(outline(end_text(record)) == "ttttTTorrrrRR");
}

TEST_CASE("Rows of several streams end with a line, one of them alone has it before the sums") {
  const TestRecord both = second_of_both_ways(false);
  CHECK(outline(rows_text(both, both.intervals.front())) == "ttTrrR-");
  const TestRecord one = second_of_one_stream(false, 0);
  CHECK(outline(rows_text(one, one.intervals.front())).find('-') == std::string::npos);
}
