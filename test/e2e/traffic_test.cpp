// Shapes, profiles and small datagrams on real sockets: the relay sees every datagram, its length
// and its time, and says what the result has to say.

#include <algorithm>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/families.hpp"
#include "support/places.hpp"
#include "support/relay.hpp"
#include "support/strict_json.hpp"
#include "support/temp_dir.hpp"
#include "traffic/trace.hpp"

using namespace std::chrono_literals;
using namespace udperf::test;
using Catch::Matchers::ContainsSubstring;
using nlohmann::json;
using udperf::Duration;
using udperf::IpFamily;

namespace {

struct Seen {
  std::size_t bytes = 0;
  Duration at{0};  ///< when the kernel took it from its sender
};

/// What passed the relay as DATA, by direction. Written by the relay's thread.
class Capture {
 public:
  void add(const Passage& passage) {
    const std::lock_guard lock{mutex_};
    seen_[static_cast<std::size_t>(passage.direction)].push_back({passage.bytes, passage.arrived});
  }
  std::vector<Seen> of(Direction direction) const {
    const std::lock_guard lock{mutex_};
    return seen_[static_cast<std::size_t>(direction)];
  }

 private:
  mutable std::mutex mutex_;
  std::array<std::vector<Seen>, 2> seen_;
};

/// A relay that loses nothing and writes down all DATA.
Relay capture_with(const Server& server, Capture& capture) {
  RelayScript script;
  script.decide = [&capture](const Passage& passage) -> std::optional<Fate> {
    if (passage.is(udperf::wire::MessageType::data)) {
      capture.add(passage);
    }
    return std::nullopt;
  };
  auto relay = Relay::start(server.endpoint(), std::move(script));
  REQUIRE(relay.has_value());
  return std::move(*relay);
}

std::map<std::size_t, std::size_t> lengths_of(const std::vector<Seen>& seen) {
  std::map<std::size_t, std::size_t> lengths;
  for (const Seen& one : seen) {
    ++lengths[one.bytes];
  }
  return lengths;
}

/// As a capture file has it; the last argument says in which order the octets come.
void put(std::string& out, std::uint32_t value, std::size_t bytes, bool big) {
  for (std::size_t i = 0; i < bytes; ++i) {
    out.push_back(static_cast<char>(value >> (8 * (big ? bytes - 1 - i : i))));
  }
}

/// A packet of a capture: an Ethernet frame with UDP over IPv4 to this port, cut after its header.
std::string captured(std::uint32_t second, std::uint32_t us, std::uint32_t port,
                     std::uint32_t payload) {
  std::string out;
  for (const std::uint32_t value : {second, us, 42U, payload + 42}) {
    put(out, value, 4, false);
  }
  out += std::string(12, '\2');
  put(out, 0x0800, 2, true);
  put(out, 0x4500, 2, true);
  put(out, payload + 28, 2, true);
  for (const std::uint32_t value : {0x0001'0000U, 0x4011'0000U, 0x0A00'0001U, 0x0A00'0002U}) {
    put(out, value, 4, true);
  }
  for (const std::uint32_t value : {40'000U, port, payload + 8, 0U}) {
    put(out, value, 2, true);
  }
  return out;
}

/// All that was due was sent, or told as skipped.
void check_due(const json& direction, std::uint64_t due) {
  CHECK(direction.at("tx").at("packets").get<std::uint64_t>() +
            direction.at("tx").at("pacing_skipped").get<std::uint64_t>() ==
        due);
}

}  // namespace

TEST_CASE("full speed with compact headers loses nothing in the hosts", "[e2e][traffic]") {
  const Server server;
  for (const auto* const way : {"up", "down"}) {
    const auto finished = run_udperf(client_arguments(
        server.endpoint(), {"--packets", "100000", "--packet-size", "18", "--direction", way}));
    CAPTURE(finished.err);
    REQUIRE(finished.code() == 0);
    const json direction = document_of(finished).at(way);
    CHECK(direction.at("tx").at("packets") == 100'000);
    CHECK(direction.at("rx").at("invalid") == 0);
    check_books(direction);
  }
}

TEST_CASE("each call sends what its profile says, both ways", "[e2e][traffic]") {
  const auto profile = GENERATE(std::string{"voip-g711"}, std::string{"voip-g729"},
                                std::string{"voip-opus"}, std::string{"gaming"});
  CAPTURE(profile);
  const auto listed = parse_strict_json(run_udperf({"profiles", "--json"}).out);
  REQUIRE(listed);
  const auto& rows = listed->at("profiles");
  const auto row = std::find_if(rows.begin(), rows.end(),
                                [&](const json& one) { return one.at("name") == profile; });
  REQUIRE(row != rows.end());

  const Server server;
  measure_under_condition([&](Attempt& attempt) {
    Capture capture;
    auto relay = capture_with(server, capture);
    const auto document =
        complete_document(relay.endpoint(), {"--profile", profile, "--duration", "1s"});
    CHECK(document.at("test").at("profile") == profile);
    CHECK(document.at("test").at("direction") == "both");
    for (const auto way : {Direction::to_server, Direction::to_client}) {
      const std::string name = way == Direction::to_server ? "up" : "down";
      const auto pps = row->at(name).at("packets_per_s").get<double>();
      const auto bytes = std::stoul(row->at(name).at("sizes").get<std::string>());
      const auto seen = capture.of(way);
      check_due(document.at(name), static_cast<std::uint64_t>(pps));
      CHECK(lengths_of(seen) == std::map<std::size_t, std::size_t>{{bytes, seen.size()}});
      check_books(document.at(name));
      if (attempt.needs(relay.log().exact(), "a relay that loses nothing")) {
        CHECK(document.at(name).at("tx").at("packets") == seen.size());
      }
    }
  });
}

TEST_CASE("each stream of a profile is a call of its own", "[e2e][traffic]") {
  const Server server;
  const auto document = complete_document(
      server.endpoint(), {"--profile", "voip-g711", "--streams", "3", "--duration", "1s"});
  CHECK(document.at("test").at("rate_target_bps") == 2 * 3 * 50 * 172 * 8);
  for (const char* const way : {"up", "down"}) {
    const json& direction = document.at(way);
    check_due(direction, 150);
    check_books(direction);
    REQUIRE(direction.at("streams").size() == 3);
    for (const json& stream : direction.at("streams")) {
      CHECK(stream.at("tx").at("packets").get<int>() <= 50);
    }
  }
}

TEST_CASE("IMIX has its three sizes by their weights", "[e2e][traffic]") {
  const auto family = GENERATE(IpFamily::v4, IpFamily::v6);
  if (!family_or_skip(family)) {
    return;
  }
  const Server server{family};
  measure_under_condition([&](Attempt& attempt) {
    Capture capture;
    auto relay = capture_with(server, capture);
    const auto document = complete_document(
        relay.endpoint(), {"--profile", "imix", "--packets", "2040", "--rate", "4000pps"});
    check_books(document.at("up"));
    if (!attempt.needs(relay.log().exact(), "a relay that loses nothing")) {
      return;
    }
    const std::size_t shorter = family == IpFamily::v4 ? 0 : 20;
    CHECK(lengths_of(capture.of(Direction::to_server)) ==
          std::map<std::size_t, std::size_t>{
              {16, 1190}, {548 - shorter, 680}, {1472 - shorter, 170}});
  });
}

TEST_CASE("frames of video are as large as their rate says, a key frame every 2 s",
          "[e2e][traffic]") {
  const Server server;
  measure_under_condition([&](Attempt& attempt) {
    Capture capture;
    auto relay = capture_with(server, capture);
    const auto document = complete_document(
        relay.endpoint(), {"--profile", "video-5M", "--duration", "1s", "--packet-size", "1000"});
    CHECK(document.at("test").at("spacing") == "frames:30");
    check_books(document.at("up"));
    // What came due while the sender was held up is given up, in the middle of a frame, too.
    const bool whole = document.at("up").at("tx").at("pacing_skipped") == 0;
    if (!attempt.keeps(whole && relay.log().exact(), "whole frames")) {
      return;
    }
    // Datagrams of less than 1000 bytes are the last ones of a frame.
    std::vector<std::size_t> frames{0};
    for (const Seen& one : capture.of(Direction::to_server)) {
      frames.back() += one.bytes;
      if (one.bytes != 1000) {
        frames.push_back(0);
      }
    }
    frames.pop_back();
    REQUIRE(!frames.empty());
    CHECK(frames.size() <= 30);
    CHECK(Approx(1'250'000.0 / 65 * 6).epsilon(0.001) == static_cast<double>(frames[0]));
    for (std::size_t i = 1; i < frames.size(); ++i) {
      CHECK(Approx(1'250'000.0 / 65).epsilon(0.001) == static_cast<double>(frames[i]));
    }
  });
}

TEST_CASE("isochronous frames begin on time", "[e2e][traffic]") {
  const Server server;
  measure_under_condition([&](Attempt& attempt) {
    Capture capture;
    auto relay = capture_with(server, capture);
    const auto document = complete_document(
        relay.endpoint(), {"--profile", "isochronous:50:2M,500K", "--duration", "3s"});
    const auto& pacing = document.at("up").at("pacing");
    attempt.keeps(pacing.at("lateness_p99_ns").get<double>() < 1e6, "wake-ups on time");
    const auto seen = capture.of(Direction::to_server);
    std::vector<Duration> starts;
    for (std::size_t i = 0; i < seen.size(); ++i) {
      if (i == 0 || seen[i].at - seen[i - 1].at > 10ms) {
        starts.push_back(seen[i].at - static_cast<std::int64_t>(starts.size()) * 20ms);
      }
    }
    if (!attempt.expect(starts.size() == 150, "150 frames")) {
      return;
    }
    auto sorted = starts;
    std::sort(sorted.begin(), sorted.end());
    const Duration usual = sorted[sorted.size() / 2];  // the first one may have been late itself
    const auto late = std::count_if(starts.begin(), starts.end(), [&](Duration start) {
      return start - usual > 1ms || start - usual < -1ms;
    });
    attempt.expect(late <= 1, "99 % of the frames within 1 ms of their time");
  });
}

TEST_CASE("other options win over a profile", "[e2e][traffic]") {
  const Server server;
  const auto finished = run_udperf(client_arguments(
      server.endpoint(), {"--packet-size", "200", "--profile", "voip-g711", "--direction", "up",
                          "--packets", "20", "--rate", "100pps", "--spacing", "burst:5"}));
  CAPTURE(finished.err);
  REQUIRE(finished.code() == 0);
  const auto test = document_of(finished).at("test");
  CHECK(test.at("payload_bytes") == 200);
  CHECK(test.at("direction") == "up");
  CHECK(test.at("spacing") == "burst:5");
  CHECK(test.at("rate_target_bps") == 100 * 200 * 8);
}

TEST_CASE("a trace is sent packet by packet, at its times", "[e2e][traffic]") {
  const Server server;
  const TempDir dir;
  const std::string file = dir.path().string() + "/call.csv";
  std::ofstream{file} << "seconds,bytes\n0,172\n0.020,60\n0.020,1400\n0.060,20\n0.100,300\n";
  measure_under_condition([&](Attempt& attempt) {
    Capture capture;
    auto relay = capture_with(server, capture);
    const auto document = complete_document(relay.endpoint(), {"--profile", "trace:" + file});
    CHECK(document.at("test").at("profile") == "trace");
    CHECK(document.at("test").at("spacing") == "trace");
    CHECK(document.at("test").at("header") == "compact");
    CHECK(document.at("test").at("packets") == 5);
    std::vector<std::size_t> lengths;
    for (const Seen& one : capture.of(Direction::to_server)) {
      lengths.push_back(one.bytes);
    }
    CHECK(lengths == std::vector<std::size_t>{172, 60, 1400, 20, 300});
    CHECK(document.at("up").at("tx").at("payload_bytes") == 1952);
    // Of a first one that is late less is left.
    attempt.expect(document.at("up").at("tx").at("span_ns").get<double>() > 99e6,
                   "a tenth of a second");
    check_books(document.at("up"));
  });

  for (const auto& more : std::vector<std::vector<std::string>>{{"--direction", "down"},
                                                                {"--size", "1M"},
                                                                {"--packet-size", "100"},
                                                                {"--spacing", "poisson"},
                                                                {"--rate", "10pps"}}) {
    std::vector<std::string> arguments{"--profile", "trace:" + file};
    arguments.insert(arguments.end(), more.begin(), more.end());
    CAPTURE(more.front());
    CHECK(run_udperf(client_arguments(server.endpoint(), arguments)).code() == 2);
  }
  CHECK(run_udperf(client_arguments(server.endpoint(), {"--profile", "trace:/none"})).code() == 2);

  const std::string years = dir.path().string() + "/years.csv";
  std::ofstream{years} << "0,100\n4000000000,100\n";
  const auto endless =
      run_udperf(client_arguments(server.endpoint(), {"--profile", "trace:" + years}));
  CHECK(endless.code() == 2);
  CHECK_THAT(endless.err, ContainsSubstring("look at its times"));
}

TEST_CASE("who has no libpcap is told a command that makes CSV of a capture", "[traffic]") {
  const auto tool = run_to_end({"tcpdump", "--version"}, kGuard);
  if (!tool || tool->code() != 0) {
    skip_test("there is no tcpdump");
    return;
  }
  const TempDir dir;
  const std::string file = dir.path().string() + "/call.pcap";
  std::string capture;
  for (const std::uint32_t value : {0xA1B2C3D4U, 0x0004'0002U, 0U, 0U, 65'535U, 1U}) {
    put(capture, value, 4, false);
  }
  // To ports whose protocols tcpdump knows: it must not print those in place of the length.
  capture += captured(1'700'000'000, 0, 53, 172) + captured(1'700'000'000, 20'000, 5004, 0) +
             captured(1'700'000'000, 500'000, 123, 1472) + captured(1'700'000'001, 7, 4789, 60);
  std::ofstream{file, std::ios::binary} << capture;
  std::string command{udperf::traffic::kCaptureToCsv};
  command.replace(command.find("FILE"), 4, file);

  const auto made = run_to_end({"/bin/sh", "-c", command}, kGuard);

  REQUIRE(made);
  CAPTURE(command, made->out, made->err);
  udperf::traffic::TraceNotes notes;
  const auto rows = udperf::traffic::parse_trace_csv(made->out, notes);
  REQUIRE(rows);
  constexpr Duration kBegin = 1'700'000'000s;
  using Rows = std::vector<udperf::traffic::TraceRow>;
  CHECK(*rows ==
        Rows{{kBegin, 172}, {kBegin + 20ms, 0}, {kBegin + 500ms, 1472}, {kBegin + 1s + 7us, 60}});
  const std::string page =
      udperf::test::content_of(udperf::test::kSourceDir + std::string{"/docs/traffic.md"});
  CHECK_THAT(page, ContainsSubstring(std::string{udperf::traffic::kCaptureToCsv}));
}
