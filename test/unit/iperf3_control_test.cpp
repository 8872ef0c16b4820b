#include <algorithm>
#include <string>

#include "iperf3/server_control.hpp"
#include "support/catch.hpp"
#include "support/iperf3_items.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::iperf3;
using namespace udperf::test;

namespace {

/// A server's side with a client's words said for it.
struct Server {
  ServerControl control{kStart};
  MonoTime now = kStart;
  std::vector<ServerControl::Event> events;
  std::vector<std::byte> output;

  void say(const std::vector<std::byte>& bytes) {
    control.on_bytes(bytes, now);
    collect();
  }
  void collect() {
    for (const auto event : control.take_events()) {
      events.push_back(event);
    }
    for (const std::byte byte : control.take_output()) {
      output.push_back(byte);
    }
  }
  void to_running() {
    say(bytes_of(std::string(36, 'a') + '\0'));
    say(framed(R"({"udp":true,"len":100,"time":5})"));
    control.admit(now);
    control.streams_made(now);
    collect();
  }
  [[nodiscard]] bool saw(ServerControl::Event event) const {
    return std::find(events.begin(), events.end(), event) != events.end();
  }
};

}  // namespace

TEST_CASE("A server says 9, 10, 1, 2, 13, its results and 14, each in its turn") {
  Server server;
  server.say(bytes_of(std::string(36, 'a')));
  CHECK(server.output.empty());  // the cookie has 37 bytes
  server.say({std::byte{0}});
  CHECK(server.output == state(State::param_exchange));
  server.say(framed(R"({"udp":true,"len":100,"time":5})"));
  CHECK(server.saw(ServerControl::Event::asked));
  CHECK(server.output.size() == 1);  // nothing before the owner has decided
  server.control.admit(server.now);
  server.collect();
  CHECK(server.output.back() == std::byte{10});
  server.control.streams_made(server.now);
  server.collect();
  REQUIRE(server.output.size() == 4);
  CHECK(server.output[2] == std::byte{1});
  CHECK(server.output[3] == std::byte{2});
  server.say(state(State::test_end));
  CHECK(server.saw(ServerControl::Event::stopped));
  CHECK(server.output.back() == std::byte{13});
  server.say(framed(one_stream_results()));
  REQUIRE(server.saw(ServerControl::Event::client_results));
  CHECK(server.control.client_results()->streams[0].packets == 10);
  Results own;
  own.streams.emplace_back();
  server.control.send_results(own, server.now);
  server.collect();
  CHECK(server.output.back() == std::byte{14});
  server.say(state(State::iperf_done));
  CHECK(server.control.ended());
  CHECK(server.control.status() == TestStatus::complete);
}

TEST_CASE("What a server is told may come byte by byte") {
  Server server;
  auto all = bytes_of(std::string(36, 'x') + '\0');
  const auto parameters = framed(R"({"udp":true,"len":64,"reverse":true})");
  all.insert(all.end(), parameters.begin(), parameters.end());
  for (const std::byte byte : all) {
    server.say({byte});
  }
  CHECK(server.saw(ServerControl::Event::asked));
  CHECK(server.control.parameters().reverse);
}

TEST_CASE("Every state of a server has an end when the client falls silent") {
  for (int stage = 0; stage < 6; ++stage) {
    Server server;
    if (stage >= 1) {
      server.say(bytes_of(std::string(37, 'a')));
    }
    if (stage >= 2) {
      server.say(framed(R"({"udp":true,"len":100,"time":5})"));
    }
    if (stage >= 3) {
      server.control.admit(server.now);
    }
    if (stage >= 4) {
      server.control.streams_made(server.now);
    }
    if (stage >= 5) {
      server.say(state(State::test_end));
    }
    for (int i = 0; i < 4 && !server.control.over(); ++i) {
      REQUIRE(server.control.deadline() != kNever);
      CHECK(server.control.deadline() - server.now <= 25s);
      server.now = server.control.deadline();
      server.control.on_time(server.now);
      server.collect();
    }
    INFO("stage " << stage);
    CHECK(server.control.over());
    CHECK(server.control.status() != TestStatus::complete);
  }
}

TEST_CASE("Time behind others that said nothing is not a client's own") {
  Server server;
  server.say(bytes_of(std::string(37, 'a')));
  server.say(framed(R"({"udp":true,"len":100,"time":5})"));
  server.now += 24s;
  server.control.waited_in_vain(server.now);
  CHECK(server.control.deadline() == server.now + 25s);
  server.control.admit(server.now);
  const MonoTime deadline = server.control.deadline();
  server.control.waited_in_vain(server.now + 1s);
  CHECK(server.control.deadline() == deadline);
}

TEST_CASE("A test has one end, however a client spreads what it has to say") {
  Server server;
  server.to_running();  // for 5 s
  CHECK(server.control.hard_end() == kStart + 17s);
  const auto wait_until = [&server](MonoTime at) {
    server.now = at;
    server.control.on_time(at);
    server.collect();
  };
  wait_until(kStart + 16s);
  server.say(state(State::test_end));
  CHECK(server.control.deadline() == kStart + 17s);
  wait_until(kStart + 16'900ms);
  server.say(framed(one_stream_results()));
  REQUIRE(server.saw(ServerControl::Event::client_results));
  Results own;
  own.streams.emplace_back();
  server.control.send_results(own, server.now);
  CHECK(server.control.deadline() == kStart + 17s);
  wait_until(kStart + 17s);
  CHECK(server.control.ended());
}

TEST_CASE("A test without a planned end has one when its client has said that it is over") {
  Server server;
  server.say(bytes_of(std::string(37, 'a')));
  server.say(framed(R"({"udp":true,"len":100,"time":0,"num":5})"));
  server.control.admit(server.now);
  server.control.streams_made(server.now);
  CHECK(server.control.hard_end() == kNever);
  server.now += 1h;
  server.say(state(State::test_end));
  CHECK(server.control.hard_end() == kStart + 1h + 12s);
  CHECK(server.control.deadline() == kStart + 1h + 10s);
}

TEST_CASE("A test for an amount has an end, whatever its client says") {
  Server server;
  server.say(bytes_of(std::string(37, 'a')));
  server.say(framed(R"({"udp":true,"len":100,"time":0,"num":5,"bidirectional":true})"));
  server.control.admit(server.now);
  server.control.streams_made(server.now, 85s);
  CHECK(server.control.hard_end() == kStart + 97s);
  CHECK(server.control.deadline() == kStart + 97s);
  server.control.on_time(kStart + 97s);
  CHECK(server.control.ended());
}

TEST_CASE("All streams of a test have one end to be made by") {
  Server server;
  server.say(bytes_of(std::string(37, 'a')));
  server.say(framed(R"({"udp":true,"len":100,"time":5,"parallel":4})"));
  server.control.admit(server.now);
  CHECK(server.control.deadline() == kStart + 10s);
  for (int i = 1; i <= 3; ++i) {
    server.now = server.control.deadline() - 100ms;
    server.control.stream_made(server.now);
    CHECK(server.control.deadline() <= kStart + 11s);  // 10 s, and 250 ms for each of the four
  }
  server.control.on_time(kStart + 11s);
  CHECK(server.control.ended());
}

TEST_CASE("Results are as long as the streams of a test need, and no longer") {
  CHECK(most_client_result_bytes(1) < 8192);
  Results most;
  for (std::uint32_t i = 0; i < 2 * kMostStreams; ++i) {
    StreamResult stream;
    stream.id = i;
    stream.bytes = UINT64_MAX;
    stream.packets = UINT64_MAX;
    stream.errors = UINT64_MAX;
    stream.omitted_packets = UINT64_MAX;
    stream.omitted_errors = UINT64_MAX;
    stream.jitter_s = 0.12345678901234567;
    stream.seconds = 12345.678901234567;
    stream.duplicates = UINT64_MAX;
    stream.out_of_order = UINT64_MAX;
    most.streams.push_back(stream);
  }
  CHECK(to_json(most).size() * 2 < most_client_result_bytes(most.streams.size()));
  Server server;
  server.to_running();
  server.say(state(State::test_end));
  server.say({std::byte{0}, std::byte{0}, std::byte{0x20}, std::byte{0}});  // 8192 bytes to come
  CHECK(server.control.closing());
}

TEST_CASE("A server refuses with the error's number, and what a client says after it is ignored") {
  Server server;
  server.say(bytes_of(std::string(37, 'a')));
  server.say(framed(R"({"udp":true,"len":100})"));
  server.control.refuse(ErrorNumber::total_rate, "too fast", server.now);
  server.collect();
  REQUIRE(server.output.size() == 1 + 9);
  CHECK(server.output[1] == std::byte{0xFE});
  CHECK(server.output[5] == std::byte{27});
  CHECK(server.control.closing());
  server.say(state(State::test_end));
  server.collect();
  CHECK(server.output.size() == 10);
  server.control.on_closed(server.now);
  CHECK(server.control.over());
}

TEST_CASE("Lengths beyond the bound, states out of turn and endless bytes end a connection") {
  {
    Server server;
    server.say(bytes_of(std::string(37, 'a')));
    server.say({std::byte{0xFF}, std::byte{0xFF}, std::byte{0xFF}, std::byte{0xFF}});
    CHECK(server.control.closing());
  }
  {
    Server server;
    server.to_running();
    server.say(state(State::exchange_results));
    CHECK(server.control.closing());
    CHECK(server.saw(ServerControl::Event::ended));
  }
  {
    Server server;
    server.say(bytes_of(std::string(37, 'a')));
    server.say({std::byte{0}, std::byte{0}, std::byte{0x7F}, std::byte{0xFF}});
    for (int i = 0; i < 100; ++i) {
      server.say(std::vector<std::byte>(4096, std::byte{'x'}));
    }
    CHECK(server.control.closing());
  }
}

TEST_CASE("A client that fails may say 16 in any state, and 12 when it is interrupted") {
  for (const State word : {State::iperf_done, State::client_terminate}) {
    Server server;
    server.to_running();
    server.say(state(word));
    CHECK(server.control.ended());
    CHECK(server.control.status() == TestStatus::incomplete);
  }
}

TEST_CASE("A client may leave where a text of it is awaited") {
  for (const State word : {State::iperf_done, State::client_terminate}) {
    for (const bool ran : {false, true}) {
      Server server;
      if (ran) {
        server.to_running();
        server.say(state(State::test_end));
      } else {
        server.say(bytes_of(std::string(37, 'a')));
      }
      server.say(state(word));
      CHECK(server.control.ended());
      CHECK(server.control.status() == TestStatus::incomplete);
      CHECK(server.control.reason().find(word == State::iperf_done ? "gave up" : "terminated") !=
            std::string::npos);
    }
  }
}
