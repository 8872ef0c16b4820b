#include <algorithm>
#include <string>

#include "iperf3/client_control.hpp"
#include "iperf3/server_control.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::iperf3;

namespace {

constexpr MonoTime kStart{1000s};

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span{text});
  return {bytes.begin(), bytes.end()};
}

std::vector<std::byte> framed(const std::string& text) {
  Outbox out;
  out.put_text(text);
  return out.take();
}

std::vector<std::byte> state(State value) {
  return {static_cast<std::byte>(value)};
}

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

std::string one_stream_results() {
  Results results;
  results.streams.emplace_back().packets = 10;
  return to_json(results);
}

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
      CHECK(server.control.deadline() - server.now <= 46s);
      server.now = server.control.deadline();
      server.control.on_time(server.now);
      server.collect();
    }
    INFO("stage " << stage);
    CHECK(server.control.over());
    CHECK(server.control.status() != TestStatus::complete);
  }
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

namespace {

/// A client's side with a server's words said for it.
struct Client {
  ClientControl control{{Cookie{}, 5s}, kStart};
  std::vector<ClientControl::Event> events;
  std::vector<std::byte> output;

  void say(const std::vector<std::byte>& bytes) {
    control.on_bytes(bytes, kStart);
    for (const auto event : control.take_events()) {
      events.push_back(event);
      if (event == ClientControl::Event::parameters_wanted) {
        control.send_parameters(Parameters{}, kStart);
      }
    }
    const auto more = control.take_output();
    output.insert(output.end(), more.begin(), more.end());
  }
  void to_running() {
    say({std::byte{9}});
    say({std::byte{10}});
    control.streams_made(kStart);
    say({std::byte{1}, std::byte{2}});
  }
};

}  // namespace

TEST_CASE("A client answers each state with what the protocol asks for, and says goodbye") {
  Client client;
  client.to_running();
  REQUIRE(client.control.running());
  CHECK(client.output.size() > kCookieBytes);
  client.control.end_test(kStart);
  client.say(state(State::exchange_results));
  CHECK(client.output.back() == std::byte{4});
  REQUIRE(client.events.back() == ClientControl::Event::results_wanted);
  Results own;
  own.streams.emplace_back();
  client.control.send_results(own, kStart);
  client.say(framed(one_stream_results()));
  CHECK(client.events.back() == ClientControl::Event::server_results);
  client.say(state(State::display_results));
  CHECK(client.control.over());
  CHECK_FALSE(client.control.error().has_value());
  CHECK(client.output.back() == std::byte{16});
}

TEST_CASE("A busy server, a refusal with a reason, and a server that fails are told apart") {
  {
    Client client;
    client.say(state(State::access_denied));
    REQUIRE(client.control.error().has_value());
    CHECK(client.control.error()->code == ErrorCode::refused);
    CHECK(client.control.error()->what.find("busy") != std::string::npos);
  }
  {
    Client client;
    client.say({std::byte{9}});
    client.say({std::byte{0xFE}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{27},
                std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}});
    REQUIRE(client.control.error().has_value());
    CHECK(client.control.error()->code == ErrorCode::refused);
    CHECK(client.control.error()->what.find("rate") != std::string::npos);
  }
  {
    Client client;
    client.to_running();
    client.say({std::byte{0xFE}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{160},
                std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}});
    REQUIRE(client.control.error().has_value());
    CHECK(client.control.error()->code == ErrorCode::cut_short);
  }
}

TEST_CASE("Silence and a closed connection end a client in every state") {
  for (int stage = 0; stage < 4; ++stage) {
    for (const bool closed : {false, true}) {
      Client client;
      if (stage >= 1) {
        client.say({std::byte{9}});
      }
      if (stage >= 2) {
        client.say({std::byte{10}});
        client.control.streams_made(kStart);
      }
      if (stage >= 3) {
        client.say({std::byte{1}, std::byte{2}});
        client.control.end_test(kStart);
      }
      if (closed) {
        client.control.on_closed(kStart);
      } else {
        REQUIRE(client.control.deadline() == kStart + 5s);
        client.control.on_time(client.control.deadline());
      }
      INFO("stage " << stage << (closed ? ", closed" : ", silent"));
      REQUIRE(client.control.over());
      REQUIRE(client.control.error().has_value());
      CHECK(client.control.abandoned() == closed);
      // A server that closes once it has read the parameters, or has the streams, refuses the test.
      const bool refused = (stage == 1 || stage == 2) && closed;
      CHECK(client.control.error()->code == (stage >= 3 ? ErrorCode::cut_short
                                             : refused  ? ErrorCode::refused
                                                        : ErrorCode::unreachable));
    }
  }
}

TEST_CASE("A refusal is told in words with one number behind it, or with none") {
  for (const bool number : {false, true}) {
    Client client;
    client.say({std::byte{9}});
    client.say({std::byte{0xFE}});
    if (number) {  // a server before 3.21 that refuses a user sends no errno
      client.say({std::byte{0}, std::byte{0}, std::byte{0}, std::byte{142}});
    }
    client.control.on_closed(kStart);
    REQUIRE(client.control.error().has_value());
    CHECK_FALSE(client.control.abandoned());  // it had a reason
    CHECK(client.control.error()->code == ErrorCode::refused);
    CHECK(client.control.error()->what ==
          (number ? "the server says: authentication failed (iperf3 error 142)"
                  : "the server refuses the test and does not say why: it may want a user and "
                    "password"));
  }
}

TEST_CASE("A server that closes when streams are made refuses the test, as one with a limit does") {
  for (int stage = 0; stage < 3; ++stage) {
    Client client;
    client.say({std::byte{9}});
    client.say({std::byte{10}});
    if (stage >= 1) {
      client.control.streams_made(kStart);
    }
    if (stage >= 2) {
      client.say({std::byte{1}});
    }
    client.control.on_closed(kStart);
    INFO("stage " << stage);
    REQUIRE(client.control.error().has_value());
    CHECK(client.control.error()->code == ErrorCode::refused);
    CHECK(client.control.error()->what.find("above their limit") != std::string::npos);
  }
}

TEST_CASE("A server may say in any state that it is busy, or that it has terminated") {
  for (int stage = 0; stage < 4; ++stage) {
    for (const State word : {State::access_denied, State::server_terminate}) {
      Client client;
      if (stage >= 1) {
        client.say({std::byte{9}});
      }
      if (stage >= 2) {
        client.say({std::byte{10}});
      }
      if (stage >= 3) {
        client.control.streams_made(kStart);
        client.say({std::byte{1}, std::byte{2}});
      }
      client.say(state(word));
      INFO("stage " << stage);
      REQUIRE(client.control.error().has_value());
      CHECK(client.control.error()->code ==
            (stage == 3 ? ErrorCode::cut_short : ErrorCode::refused));
      CHECK(client.control.error()->what.find(
                word == State::access_denied ? "busy" : "terminated") != std::string::npos);
    }
  }
}

TEST_CASE("Where results are awaited a server may say in their place what went wrong") {
  const auto awaiting = [] {
    Client client;
    client.to_running();
    client.control.end_test(kStart);
    client.say(state(State::exchange_results));
    Results own;
    own.streams.emplace_back();
    client.control.send_results(own, kStart);
    return client;
  };
  Client failed = awaiting();
  failed.say({std::byte{0xFE}, std::byte{0}, std::byte{0}});
  CHECK_FALSE(failed.control.over());
  failed.say(
      {std::byte{0}, std::byte{117}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}});
  REQUIRE(failed.control.error().has_value());
  CHECK(failed.control.error()->code == ErrorCode::cut_short);
  CHECK(failed.control.error()->what.find("could not read the results") != std::string::npos);

  Client ended = awaiting();
  ended.say(state(State::server_terminate));
  REQUIRE(ended.control.error().has_value());
  CHECK(ended.control.error()->what == "the server has terminated");

  // The length of a text that comes is none of these.
  Client good = awaiting();
  good.say(framed(one_stream_results()));
  CHECK(good.control.server_results().has_value());
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
