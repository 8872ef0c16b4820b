#include <algorithm>
#include <random>
#include <set>
#include <vector>

#include "support/catch.hpp"
#include "support/example_messages.hpp"
#include "wire/messages.hpp"

using namespace udperf;
using namespace udperf::test;
using wire::MessageType;

namespace {

/// Every shorter form of a message is refused, but those of earlier versions, that end before one
/// of the `later` fields (bytes of each); the message itself and a padded form are not.
template <typename Message>
void check_truncations(MessageType type, const Message& message,
                       const std::vector<std::size_t>& later = {}) {
  const auto bytes = wire::encode(type, 1, 0, message);
  std::set<std::size_t> earlier;
  std::size_t end = bytes.size();
  for (auto field = later.rbegin(); field != later.rend(); ++field) {
    end -= *field;
    earlier.insert(end);
  }
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    CAPTURE(static_cast<int>(type), length);
    CHECK(wire::decode<Message>(std::span{bytes}.first(length)).has_value() ==
          earlier.contains(length));
  }
  auto padded = bytes;
  padded.resize(bytes.size() + 100);
  CHECK(wire::decode<Message>(padded));
}

}  // namespace

TEST_CASE("a REJECT has exactly the bytes of the specification", "[wire]") {
  wire::Reject reject;
  reject.nonce = nonce_of(0);
  reject.reason = wire::RejectReason::busy;
  reject.retry_after_ms = 1500;
  reject.limit = 7;
  const auto bytes = wire::encode(MessageType::reject, 0, 0, reject);

  const std::vector<int> expected{'U', 'D', 'P', 'F', 1,  5,  0,  0,    0,
                                  0,   0,   0,   0,   0,  0,  0,  // common header
                                  0,   1,   2,   3,   4,  5,  6,  7,    8,
                                  9,   10,  11,  12,  13, 14, 15,  // nonce
                                  0,   2,   1,   1,   0,  0,  5,  0xDC, 0,
                                  0,   0,   0,   0,   0,  0,  7};  // reason, versions, retry, limit
  REQUIRE(bytes.size() == expected.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    CAPTURE(i);
    CHECK(std::to_integer<int>(bytes[i]) == expected[i]);
  }
}

TEST_CASE("parameters come back as they were sent", "[wire]") {
  const auto decoded =
      wire::decode<wire::Request>(wire::encode(MessageType::request, 0, 0, request(), 512));
  REQUIRE(decoded);
  CHECK(decoded->params == some_params());
  CHECK(decoded->nonce == nonce_of(1));
}

TEST_CASE("an ACCEPT says how the server sees the client", "[wire]") {
  wire::Accept message = accept();
  message.client.address.family = IpFamily::v6;
  message.client.address.bytes[15] = 1;
  const auto decoded = wire::decode<wire::Accept>(wire::encode(MessageType::accept, 9, 0, message));
  REQUIRE(decoded);
  CHECK(decoded->client == message.client);
  CHECK(decoded->params == message.params);
  CHECK(decoded->server_nonce == message.server_nonce);
  CHECK(decoded->instance == message.instance);
}

TEST_CASE("every message cut at any length is refused", "[wire]") {
  check_truncations(MessageType::hello, wire::Hello{});
  check_truncations(MessageType::challenge, wire::Challenge{});
  std::vector<std::size_t> traffic;  // two shapes of a spacing and 8 sizes, the seed,
                                     // the header, frames of both ways, the profile
  for (int way = 0; way < 2; ++way) {
    traffic.insert(traffic.end(), {1, 4});
    traffic.insert(traffic.end(), 2 * kMostSizes, 2);
  }
  traffic.insert(traffic.end(), {8, 1});
  traffic.insert(traffic.end(), {4, 2, 2, 2, 4, 2, 2, 2, 1});
  std::vector<std::size_t> later{8};
  later.insert(later.end(), traffic.begin(), traffic.end());
  auto asked = later;
  asked.insert(asked.end(), {1, 8, 8});  // a listener, its buffer, a warm-up
  check_truncations(MessageType::request, request(), asked);
  later.front() = 4;
  later.push_back(8);
  check_truncations(MessageType::accept, accept(), later);
  check_truncations(MessageType::reject, wire::Reject{});
  wire::Go go;
  go.payload_bytes = 1448;
  check_truncations(MessageType::go, go, {4, 8});
  check_truncations(MessageType::probe, wire::Probe{});
  check_truncations(MessageType::probe_reply, wire::ProbeReply{}, {1});
  check_truncations(MessageType::feedback, wire::Feedback{}, {4, 4, 4, 4, 8});
  check_truncations(MessageType::fin, wire::Fin{}, {1, 8, 8, 8, 8, 1, 2, 2, 2, 2});
  check_truncations(MessageType::report_pull, wire::ReportPull{});
  check_truncations(MessageType::bye, wire::Bye{});
  check_truncations(MessageType::join, wire::Join{});
  wire::ReportChunk chunk;
  chunk.total = 3;
  chunk.bytes.resize(3);
  check_truncations(MessageType::report, chunk);
}

TEST_CASE("what an earlier version does not tell is not taken for told", "[wire]") {
  constexpr std::size_t kLater = 33 + 9;  // of a rate, and of the governor and the host
  wire::Fin fin;
  fin.report.packets = 7;
  fin.report.scheduling = Scheduling::fifo;
  fin.report.burst_ns = 250'000;
  fin.report.lateness_max_ns = 9;
  fin.report.governor = TxGovernor::receiver;
  fin.report.held_permille = 7;
  fin.report.load.waited_permille = 12;
  fin.report.time.emplace();
  fin.report.held_path_permille = 5;
  const auto full = wire::encode(MessageType::fin, 1, 0, fin);
  CHECK(wire::decode<wire::Fin>(full)->report == fin.report);
  const auto earlier = wire::decode<wire::Fin>(std::span{full}.first(full.size() - 2));
  REQUIRE(earlier);
  CHECK(earlier->report.time == fin.report.time);
  CHECK(earlier->report.held_path_permille == UINT16_MAX);
  fin.report.time.reset();
  fin.report.held_path_permille = UINT16_MAX;
  const auto bytes = wire::encode(MessageType::fin, 1, 0, fin);
  const auto whole = wire::decode<wire::Fin>(bytes);
  REQUIRE(whole);
  CHECK(whole->report == fin.report);
  const auto old = wire::decode<wire::Fin>(std::span{bytes}.first(bytes.size() - kLater));
  REQUIRE(old);
  CHECK(old->report.packets == 7);
  CHECK(old->report.scheduling == Scheduling::untold);
  CHECK(old->report.burst_ns == -1);
  CHECK(old->report.lateness_max_ns == -1);
  CHECK(old->report.governor == TxGovernor::untold);
  CHECK(old->report.held_permille == UINT16_MAX);
  CHECK(old->report.load == HostLoad{});

  auto asked = request();
  asked.params.burst = std::chrono::milliseconds{2};
  const auto burst = wire::decode<wire::Request>(wire::encode(MessageType::request, 0, 0, asked));
  REQUIRE(burst);
  CHECK(burst->params.burst == std::chrono::milliseconds{2});

  wire::Feedback feedback;
  feedback.queue_limit = 425'984;
  feedback.queue_cost = 1100;
  const auto told = wire::encode(MessageType::feedback, 1, 0, feedback);
  CHECK(wire::decode<wire::Feedback>(told)->queue_limit == 425'984);
  CHECK(wire::decode<wire::Feedback>(std::span{told}.first(135))->queue_limit == 0);
}

TEST_CASE("values outside their ranges are refused", "[wire]") {
  const auto refused = [](auto change) {
    auto message = request();
    change(message.params);
    return !wire::decode<wire::Request>(wire::encode(MessageType::request, 0, 0, message));
  };
  CHECK(refused([](TestParams& p) { p.streams = 0; }));
  CHECK(refused([](TestParams& p) { p.streams = kMaxStreams + 1; }));
  CHECK(refused([](TestParams& p) { p.payload_bytes = kDataHeaderBytes - 1; }));
  CHECK(refused([](TestParams& p) { p.payload_bytes = kMaxPayloadBytes + 1; }));
  CHECK(refused([](TestParams& p) { p.direction = static_cast<Direction>(4); }));
  CHECK(refused([](TestParams& p) { p.interval = std::chrono::milliseconds{9}; }));
  CHECK(refused([](TestParams& p) { p.amount.packets = 5; }));
  CHECK(refused([](TestParams& p) { p.amount = {}; }));
  CHECK(refused([](TestParams& p) { p.amount.duration = -p.amount.duration; }));
  CHECK(refused([](TestParams& p) { p.rate_up.kind = static_cast<SendRate::Kind>(4); }));
  CHECK(refused([](TestParams& p) { p.dscp = 64; }));
  CHECK(refused([](TestParams& p) { p.ecn = 4; }));
  CHECK(refused([](TestParams& p) { p.burst = std::chrono::nanoseconds{-1}; }));
  CHECK(refused([](TestParams& p) { p.burst = std::chrono::milliseconds{51}; }));
  CHECK_FALSE(refused([](TestParams&) {}));

  wire::Bye bye;
  bye.reason = static_cast<wire::ByeReason>(4);
  CHECK_FALSE(wire::decode<wire::Bye>(wire::encode(MessageType::bye, 1, 0, bye)));
  wire::Reject reject;
  reject.reason = static_cast<wire::RejectReason>(0);
  CHECK_FALSE(wire::decode<wire::Reject>(wire::encode(MessageType::reject, 0, 0, reject)));
}

TEST_CASE("no answer to an unproven address is larger than what it answers", "[wire]") {
  const auto hello =
      wire::encode(MessageType::hello, 0, 0, wire::Hello{}, wire::kPaddedRequestBytes);
  CHECK(hello.size() == 512);
  const auto challenge = wire::encode(MessageType::challenge, 0, 0, wire::Challenge{});
  CHECK(challenge.size() <= 96 - wire::kTrailerBytes + 1);
  CHECK(wire::encode(MessageType::reject, 0, 0, wire::Reject{}).size() <= 64);
}

TEST_CASE("random bytes never decode to something out of range", "[wire][property]") {
  for (unsigned seed = 1; seed <= 2000; ++seed) {
    CAPTURE(seed);
    std::mt19937 random{seed};
    std::vector<std::byte> bytes(random() % 300);
    for (std::byte& byte : bytes) {
      byte = static_cast<std::byte>(random());
    }
    if (const auto message = wire::decode<wire::Request>(bytes)) {
      CHECK_FALSE(check_params(message->params));
    }
    if (const auto message = wire::decode<wire::Fin>(bytes)) {
      CHECK(message->report.local_drop <= message->report.packets);
    }
    if (const auto message = wire::decode<wire::ReportChunk>(bytes)) {
      CHECK(message->offset + message->bytes.size() <= message->total);
    }
    CHECK_FALSE(wire::decode_data(bytes));
    static_cast<void>(wire::decode<wire::Accept>(bytes));
    static_cast<void>(wire::decode<wire::Feedback>(bytes));
    static_cast<void>(wire::decode_report(bytes));
  }
}
