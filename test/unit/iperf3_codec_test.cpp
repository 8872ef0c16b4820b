#include <string>

#include "iperf3/bounded_json.hpp"
#include "iperf3/datagram.hpp"
#include "iperf3/parameters.hpp"
#include "iperf3/results.hpp"
#include "support/catch.hpp"

using namespace udperf;
using namespace udperf::iperf3;

TEST_CASE("Parameters survive being written and read") {
  Parameters p;
  p.bidirectional = true;
  p.omit_seconds = 3;
  p.seconds = 0;
  p.bytes = UINT64_MAX;
  p.streams = 128;
  p.length = 65507;
  p.rate_bps = 12'345'678'901;
  p.ip.tos = 0xB8;
  p.counters_64bit = true;
  p.get_server_output = true;
  p.labels.title = "a \"title\"";
  const auto read = read_parameters(to_json(p));
  REQUIRE(read.has_value());
  CHECK(read->bidirectional);
  CHECK_FALSE(read->reverse);
  CHECK(read->omit_seconds == 3);
  CHECK(read->seconds == 0);
  CHECK(read->bytes == UINT64_MAX);
  CHECK(read->streams == 128);
  CHECK(read->length == 65507);
  CHECK(read->rate_bps == 12'345'678'901);
  CHECK(read->ip.tos == 0xB8);
  CHECK(read->counters_64bit);
  CHECK(read->get_server_output);
  CHECK(read->labels.title == "a \"title\"");
  CHECK(read->sockets() == 256);
  CHECK(read->offload.gso == false);
}

TEST_CASE("What a client says beside the test is passed on, and a CPU is within bounds") {
  Parameters p;
  p.length = 500;
  p.offload.gso = true;
  p.extras.server_affinity = 3;
  p.extras.pacing_timer_us = 250;
  p.extras.zerocopy = true;
  p.extras.skip_rx_copy = true;
  p.extras.authtoken = "dG9rZW4=";
  const std::string text = to_json(p);
  const auto read = read_parameters(text);
  REQUIRE(read.has_value());
  CHECK(read->extras.server_affinity == 3U);
  CHECK(read->extras.zerocopy);
  CHECK(read->extras.skip_rx_copy);
  CHECK(read->extras.authtoken == "dG9rZW4=");
  CHECK(text.find("\"pacing_timer\":250") != std::string::npos);
  // Whole datagrams, and no more of them than a kernel cuts at once.
  CHECK(text.find("\"gso_dg_size\":500") != std::string::npos);
  CHECK(text.find("\"gso_bf_size\":32000") != std::string::npos);
  CHECK_FALSE(read_parameters(R"({"udp":true})")->extras.server_affinity.has_value());
  CHECK_FALSE(read_parameters(R"({"udp":true,"server_affinity":-1})")->extras.server_affinity);
  for (const char* const bad :
       {R"({"udp":true,"server_affinity":1025})", R"({"udp":true,"server_affinity":-2})",
        R"({"udp":true,"server_affinity":1e99})"}) {
    const auto refused = read_parameters(bad);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error() == ErrorNumber::affinity);
  }
}

TEST_CASE("A parameter object of two keys is enough for a test") {
  const auto read = read_parameters(R"({"udp":true,"len":100})");
  REQUIRE(read.has_value());
  CHECK(read->streams == 1);
  CHECK(read->client_sends());
  CHECK(read->rate_bps == 0);
}

TEST_CASE("Parameters out of range are refused with the number for it") {
  const auto error_of = [](const std::string& text) {
    const auto read = read_parameters(text);
    return read ? ErrorNumber::none : read.error();
  };
  CHECK(error_of(R"({"udp":true,"len":15})") == ErrorNumber::datagram_length);
  CHECK(error_of(R"({"udp":true,"len":65508})") == ErrorNumber::datagram_length);
  CHECK(error_of(R"({"udp":true,"len":1e300})") == ErrorNumber::datagram_length);
  CHECK(error_of(R"({"udp":true,"parallel":0})") == ErrorNumber::stream_count);
  CHECK(error_of(R"({"udp":true,"parallel":129})") == ErrorNumber::stream_count);
  CHECK(error_of(R"({"udp":true,"time":86401})") == ErrorNumber::duration);
  CHECK(error_of(R"({"udp":true,"omit":601})") == ErrorNumber::omit_time);
  CHECK(error_of(R"({"tcp":true})") == ErrorNumber::protocol);
  CHECK(error_of(R"({"udp":1})") == ErrorNumber::protocol);
  CHECK(error_of(R"([1,2])") == ErrorNumber::bad_parameters);
  CHECK(error_of(R"({"udp":true)") == ErrorNumber::bad_parameters);
  CHECK(error_of(R"({"udp":true,"len":-5})") == ErrorNumber::datagram_length);
  CHECK(error_of(R"({"udp":true,"num":-5})") == ErrorNumber::bad_parameters);
}

TEST_CASE("A key of the wrong type is as good as none, and of two alike the last counts") {
  const auto read = read_parameters(
      R"({"udp":true,"len":"large","parallel":[3],"time":4,"time":7,"reverse":1,"title":5})");
  REQUIRE(read.has_value());
  CHECK(read->length == 1460);
  CHECK(read->streams == 1);
  CHECK(read->seconds == 7);
  CHECK_FALSE(read->reverse);
  CHECK_FALSE(read->labels.title.has_value());
}

TEST_CASE("Text that is not UTF-8 is replaced, in what either end says") {
  const auto read = read_parameters("{\"udp\":true,\"len\":100,\"title\":\"caf\xE9\"}");
  REQUIRE(read.has_value());
  CHECK(read->labels.title == "caf\xEF\xBF\xBD");
  const std::string told =
      R"({"streams":[{"id":1,"bytes":5,"packets":1,"errors":0,"jitter":0}],)"
      "\"server_output_text\":\"\xFF\",\"server_output_json\":{\"title\":\"\xE9\"}}";
  const auto results = read_results(told, 1);
  REQUIRE(results.has_value());
  CHECK(results->server_output_text == "\xEF\xBF\xBD");
  CHECK(results->server_output_json == "{\"title\":\"\xEF\xBF\xBD\"}");
}

TEST_CASE("JSON nested without end is not read") {
  CHECK_FALSE(read_object(std::string(100'000, '[')).has_value());
  CHECK_FALSE(read_object(R"({"a":)" + std::string(40, '[') + std::string(40, ']') + "}"));
  CHECK(read_object(R"({"a":"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["})").has_value());
}

TEST_CASE("Results survive, and streams are put in the order of their numbers") {
  Results results;
  results.sends = true;
  for (const std::uint32_t id : {4U, 1U, 3U}) {
    StreamResult stream;
    stream.id = id;
    stream.bytes = (std::uint64_t{1} << 59U) + id;
    stream.packets = 100 + id;
    stream.errors = id;
    stream.jitter_s = 0.25;
    stream.seconds = 2.5;
    results.streams.push_back(stream);
  }
  const auto read = read_results(to_json(results), 3);
  REQUIRE(read.has_value());
  CHECK(read->streams[0].id == 1);
  CHECK(read->streams[2].id == 4);
  CHECK(read->streams[2].bytes == (std::uint64_t{1} << 59U) + 4);
  CHECK(read->streams[1].packets == 103);
  CHECK(read->streams[1].errors == 3);
  CHECK(read->streams[0].seconds == 2.5);
  CHECK_FALSE(read_results(to_json(results), 2).has_value());
}

TEST_CASE("Results as versions up to 3.16 write them are read") {
  const auto read = read_results(
      R"({"cpu_util_total":1.5,"cpu_util_user":1,"cpu_util_system":0.5,
          "sender_has_retransmits":18446744073709551615,
          "streams":[{"id":1,"bytes":1000,"retransmits":18446744073709551615,"jitter":0.001,
                      "errors":0,"packets":10,"start_time":0,"end_time":1.5}]})",
      1);
  REQUIRE(read.has_value());
  CHECK(read->cpu_total == 1.5);
  CHECK(read->streams[0].bytes == 1000);
  CHECK_FALSE(read->streams[0].tells_omitted);
}

TEST_CASE("A version up to 3.1 does not tell how long it counted") {
  const auto read = read_results(
      R"({"streams":[{"id":1,"bytes":1000,"retransmits":-1,"jitter":0,"errors":0,"packets":10}]})",
      1);
  REQUIRE(read.has_value());
  CHECK_FALSE(read->streams[0].seconds.has_value());
}

TEST_CASE("Results that name a stream twice, or one that is not there, are refused") {
  const std::string stream = R"("bytes":1,"packets":1,"errors":0,"jitter":0,"retransmits":-1})";
  const auto reads = [&stream](const std::string& first, const std::string& second) {
    return read_results(R"({"streams":[{"id":)" + first + "," + stream + R"(,{"id":)" + second +
                            "," + stream + "]}",
                        2)
        .has_value();
  };
  CHECK(reads("1", "3"));
  CHECK(reads("3", "1"));
  CHECK_FALSE(reads("1", "2"));
  CHECK_FALSE(reads("1", "1"));
  CHECK_FALSE(reads("3", "3"));
  CHECK_FALSE(reads("1", "-3"));
}

TEST_CASE("Results of more than anybody can have sent are not believed") {
  const auto with = [](const std::string& bytes, const std::string& packets) {
    return read_results(R"({"streams":[{"id":1,"bytes":)" + bytes + R"(,"packets":)" + packets +
                            R"(,"errors":0,"jitter":0,"start_time":0,"end_time":1}]})",
                        1);
  };
  CHECK(with("1000", "10"));
  CHECK(with("86400000000000000", "86400000000000"));  // a datagram a nanosecond for a day
  CHECK_FALSE(with("1000", "18446744073709551615"));
  CHECK_FALSE(with("18446744073709551615", "10"));
  for (const std::string name : {"errors", "duplicates", "out_of_order"}) {
    CAPTURE(name);
    const auto told = [&name](const std::string& value) {
      return read_results(R"({"streams":[{"id":1,"bytes":1000,"packets":10,"jitter":0,")" + name +
                              "\":" + value + "}]}",
                          1);
    };
    CHECK(told("7"));
    CHECK_FALSE(told("18446744073709551615"));
  }
}

TEST_CASE("The head of a datagram has the layout of the protocol, narrow and wide") {
  std::array<std::byte, 16> bytes{};
  encode(bytes.data(), Counters::narrow, 0x01020304, 5'000'006'000);
  CHECK(bytes[3] == std::byte{5});  // seconds
  CHECK(bytes[7] == std::byte{6});  // microseconds
  CHECK(bytes[8] == std::byte{1});
  CHECK(bytes[11] == std::byte{4});
  CHECK(decode(bytes.data(), Counters::narrow, 0x01020300).sequence == 0x01020304);
  CHECK(decode(bytes.data(), Counters::narrow, 1).tx_ns == 5'000'006'000);
  encode(bytes.data(), Counters::wide, 0x0102030405060708, 0);
  CHECK(bytes[8] == std::byte{1});
  CHECK(bytes[15] == std::byte{8});
  CHECK(decode(bytes.data(), Counters::wide, 1).sequence == 0x0102030405060708);
}

TEST_CASE("A narrow counter may wrap, and late numbers are put before the wrap") {
  constexpr std::uint64_t kWrap = std::uint64_t{1} << 32U;
  std::array<std::byte, 16> bytes{};
  for (const std::uint64_t sequence : {kWrap - 2, kWrap - 1, kWrap, kWrap + 5, 3 * kWrap + 7}) {
    encode(bytes.data(), Counters::narrow, sequence, 0);
    CHECK(decode(bytes.data(), Counters::narrow, sequence + 100).sequence == sequence);
    CHECK(decode(bytes.data(), Counters::narrow, sequence - 100).sequence == sequence);
  }
  encode(bytes.data(), Counters::narrow, 0xFFFFFFFF, 0);  // nothing is before the first
  CHECK(decode(bytes.data(), Counters::narrow, 1).sequence == 0xFFFFFFFF);
}

TEST_CASE("Hellos and their answers are known in the forms of all versions, and nothing else is") {
  const auto bytes = [](std::string_view text) { return std::as_bytes(std::span{text}); };
  CHECK(is_hello(bytes("9876")));
  CHECK(is_hello(bytes("\x15\xcd\x5b\x07")));  // 123456789 of a little-endian host
  CHECK(is_hello(bytes("\x07\x5b\xcd\x15")));
  CHECK_FALSE(is_hello(bytes("98765")));
  CHECK_FALSE(is_hello(bytes("987")));
  CHECK(is_hello(bytes("abcd")));  // other clients say other things
  CHECK(is_hello_reply(bytes("6789")));
  CHECK(is_hello_reply(bytes("\xb1\x68\xde\x3a")));
  CHECK_FALSE(is_hello_reply(bytes("1234")));
}

TEST_CASE("Times that no test can have taken become large ones, not infinite") {
  const auto told = read_results(
      R"({"cpu_util_total":0,"cpu_util_user":0,"cpu_util_system":0,"sender_has_retransmits":-1,)"
      R"("streams":[{"id":1,"bytes":500,"retransmits":-1,"jitter":1e308,"errors":0,"packets":1,)"
      R"("start_time":-1e308,"end_time":1e308}]})",
      1);
  REQUIRE(told.has_value());
  CHECK(told->streams[0].jitter_s == 1e9);
  CHECK(told->streams[0].seconds == 1e9);
}
