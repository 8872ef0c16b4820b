#include <string>

#include "iperf3/client_control.hpp"
#include "support/catch.hpp"
#include "support/iperf3_items.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::iperf3;
using namespace udperf::test;

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
        control.send_parameters(Parameters{});
      }
    }
    const auto more = control.take_output();
    output.insert(output.end(), more.begin(), more.end());
  }
  void to_running() {
    say({std::byte{9}});
    say({std::byte{10}});
    control.streams_made();
    say({std::byte{1}, std::byte{2}});
  }
};

}  // namespace

TEST_CASE("A client answers each state with what the protocol asks for, and says goodbye") {
  Client client;
  client.to_running();
  REQUIRE(client.control.running());
  CHECK(client.output.size() > kCookieBytes);
  client.control.end_test(kStart, 15s);
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
    CHECK(client.control.busy());
  }
  {
    Client client;
    client.say({std::byte{9}});
    client.say({std::byte{0xFE}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{27},
                std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}});
    REQUIRE(client.control.error().has_value());
    CHECK(client.control.error()->code == ErrorCode::refused);
    CHECK(client.control.error()->what.find("rate") != std::string::npos);
    CHECK_FALSE(client.control.busy());
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
        client.control.streams_made();
      }
      if (stage >= 3) {
        client.say({std::byte{1}, std::byte{2}});
        client.control.end_test(kStart, 15s);
      }
      if (closed) {
        client.control.on_closed();
      } else {
        // Behind the data a server may wait for what is late, however soon it is to be connected.
        REQUIRE(client.control.deadline() == kStart + (stage >= 3 ? 10s : 5s));
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

TEST_CASE("A server that answers each time just before the client's patience ends has it once") {
  Client client;
  const auto say_at = [&client](Duration after, const std::vector<std::byte>& bytes) {
    client.control.on_time(kStart + after);
    client.control.on_bytes(bytes, kStart + after);
    for (const auto event : client.control.take_events()) {
      if (event == ClientControl::Event::parameters_wanted) {
        client.control.send_parameters(Parameters{});
      }
    }
  };
  say_at(2s, {std::byte{9}});
  CHECK(client.control.deadline() == kStart + 5s);
  say_at(4s, {std::byte{10}});
  client.control.extend_start(100ms);  // of a second stream
  CHECK(client.control.start_by() == kStart + 5100ms);
  client.control.streams_made();
  say_at(5s, {std::byte{1}});
  CHECK(client.control.deadline() == kStart + 5100ms);
  say_at(5100ms, {std::byte{2}});
  REQUIRE(client.control.over());
  REQUIRE(client.control.error().has_value());
  CHECK(client.control.error()->code == ErrorCode::unreachable);
}

TEST_CASE(
    "All answers behind the data have one end, which a user who wants to leave brings nearer") {
  Client client;
  client.to_running();
  client.control.end_test(kStart, 6s);
  CHECK(client.control.deadline() == kStart + 6s);  // before the first answer's own 10 s
  client.control.on_bytes(state(State::exchange_results), kStart + 5s);
  Results own;
  own.streams.emplace_back();
  client.control.send_results(own, kStart + 5s);
  CHECK(client.control.deadline() == kStart + 6s);
  client.control.end_by(kStart + 5500ms);
  CHECK(client.control.deadline() == kStart + 5500ms);
  client.control.on_time(kStart + 5500ms);
  REQUIRE(client.control.error().has_value());
  CHECK(client.control.error()->code == ErrorCode::cut_short);
  CHECK(client.control.error()->what == "the server fell silent: its results did not come in time");
}

TEST_CASE("What a name's lookup took is no time of the control connection's") {
  ClientControl control{{Cookie{}, 5s, 10s, kStart + 1s}, kStart};
  CHECK(control.deadline() == kStart + 1s);
}

TEST_CASE("A refusal is told in words with one number behind it, or with none") {
  for (const bool number : {false, true}) {
    Client client;
    client.say({std::byte{9}});
    client.say({std::byte{0xFE}});
    if (number) {  // a server before 3.21 that refuses a user sends no errno
      client.say({std::byte{0}, std::byte{0}, std::byte{0}, std::byte{142}});
    }
    client.control.on_closed();
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
      client.control.streams_made();
    }
    if (stage >= 2) {
      client.say({std::byte{1}});
    }
    client.control.on_closed();
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
        client.control.streams_made();
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
    client.control.end_test(kStart, 15s);
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
