#include <sys/stat.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "receiver/receiver.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"
#include "traffic/plan.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using Catch::Matchers::ContainsSubstring;
using traffic::read_trace;
using traffic::Trace;
using traffic::TraceRow;

namespace {

std::string written(const test::TempDir& dir, const std::string& bytes) {
  const std::string file = dir.path().string() + "/trace";
  std::ofstream{file, std::ios::binary} << bytes;
  return file;
}

Result<std::vector<TraceRow>> parse_trace_csv(std::string_view csv) {
  traffic::TraceNotes notes;
  return traffic::parse_trace_csv(csv, notes);
}

std::string refusal(const std::string& csv) {
  const auto rows = parse_trace_csv(csv);
  REQUIRE_FALSE(rows);
  CHECK(rows.error().code == ErrorCode::usage);
  return rows.error().what;
}

}  // namespace

TEST_CASE("a trace of seconds and bytes is read to the nanosecond", "[traffic]") {
  const auto rows = parse_trace_csv(
      "time,bytes\n# a call\n0,172\r\n0.020000001;60\n\n1.5\t1472 \n1700000000.25, 0, more\n");
  REQUIRE(rows);
  CHECK(*rows == std::vector<TraceRow>{
                     {0s, 172}, {20ms + 1ns, 60}, {1500ms, 1472}, {1'700'000'000s + 250ms, 0}});
  CHECK(parse_trace_csv("")->empty());
  CHECK(parse_trace_csv("\xEF\xBB\xBF"
                        "0,172\n1,60\n")
            ->size() == 2);  // a spreadsheet's
  CHECK(parse_trace_csv("\xEF\xBB\xBF"
                        "Time;Bytes\n0;172\n")
            ->size() == 1);
  CHECK(parse_trace_csv("-1.5,100")->front().at == -1500ms);
}

TEST_CASE("lines that are no row of a trace are named", "[traffic]") {
  CHECK_THAT(refusal("0,100\nx,100\n"), ContainsSubstring("line 2"));
  CHECK_THAT(refusal("0,70000\n1,100\n"), ContainsSubstring("line 1"));  // no heading
  CHECK_THAT(refusal(".5\n1,100\n"), ContainsSubstring("line 1"));
  CHECK_THAT(refusal("0,100\n1,65508\n"), ContainsSubstring("line 2"));
  CHECK_THAT(refusal("0,100\n\n1,-5\n"), ContainsSubstring("line 3"));
  CHECK_THAT(refusal("0,100\n1\n"), ContainsSubstring("line 2"));
  CHECK_THAT(refusal("0,100\n1,10x\n"), ContainsSubstring("line 2"));
  CHECK_THAT(refusal("0,100\n1e5,10\n"), ContainsSubstring("line 2"));
  CHECK_THAT(refusal("0,100\n99999999999999999999,10\n"), ContainsSubstring("line 2"));
  CHECK_THAT(refusal("0,100\n1.2.3,10\n"), ContainsSubstring("line 2"));
}

TEST_CASE("a decimal comma is refused where it would be read as a separator", "[traffic]") {
  for (const char* const csv :
       {"0,020;172\n", "0.020,172\n0,040;172\n", "-1,5\t172\n", "0,020 172\n", "0,020 ;172\n"}) {
    CAPTURE(csv);
    CHECK_THAT(refusal(csv), ContainsSubstring("use a point in numbers"));
  }
  for (const char* const csv : {"0.020,172;up\n", "0,172\n", "0, 172\n", "0,172 up\n",
                                "1,172,5;6\n", "0;172,5\n", "0.5,172 64\n"}) {
    CAPTURE(csv);
    CHECK(parse_trace_csv(csv)->front().bytes == 172);
  }
}

TEST_CASE("only what names columns is a heading, and it is told of", "[traffic]") {
  for (const char* const csv :
       {"time,bytes\n0,172\n", "\"t1\",\"b2\"\n0,172\n", " Zeit 1;Bytes\n0,172\n", "--\n0,172\n",
        "\xC3\xA9tape 1,x\n0,172\n", "# by tool 1.2\n\ntime,bytes\n0,172\n"}) {
    CAPTURE(csv);
    traffic::TraceNotes notes;
    const auto rows = traffic::parse_trace_csv(csv, notes);
    REQUIRE(rows);
    CHECK(rows->size() == 1);
    CHECK(notes.heading);
  }
  for (const char* const csv :
       {"+0.02,172\n1,60\n", "\"0.02\",\"172\"\n1,60\n", ">1,172\n1,60\n"}) {
    CAPTURE(csv);
    CHECK_THAT(refusal(csv), ContainsSubstring("line 1"));
  }
  for (const char* const csv :
       {"# a\ntime,bytes\nagain,bytes\n0,172\n", "# a\n0,172\ntime,bytes\n"}) {
    CAPTURE(csv);
    CHECK_THAT(refusal(csv), ContainsSubstring("line 3"));
  }
  CHECK(parse_trace_csv("  0.02,172\n\t1,60\n")->size() == 2);
}

TEST_CASE("a trace is sorted, counted from its first packet and raised to a header", "[traffic]") {
  const Trace trace{{{5s, 100}, {7s, 5}, {6s, 0}}, 16, {}};
  CHECK(trace.packets() == 3);
  CHECK(trace.row(0) == TraceRow{0s, 100});
  CHECK(trace.row(1) == TraceRow{1s, 16});
  CHECK(trace.row(2) == TraceRow{2s, 16});
  CHECK(trace.notes().reordered == 1);
  CHECK(trace.notes().raised == 2);
  CHECK(trace.turn() == 3s);
  CHECK(trace.bytes() == 132);
  CHECK(trace.mean_bps() == 132 * 8 / 3);
  CHECK(trace.stretch(trace.mean_bps() * 4, 4) == 1);
  CHECK(trace.stretch(176, 1) == 2);
  CHECK(trace.largest() == 100);
  CHECK(trace.smallest() == 16);
  CHECK(Trace{{{1s, 50}, {1s, 50}}, 16, {}}.turn() == 1s);
  // Two of 16 B in 20 000 s are 0.0128 bit/s.
  const Trace slow{{{0s, 16}, {10'000s, 16}}, 16, {}};
  CHECK(slow.mean_bps() == 1);
  CHECK(slow.stretch(128, 1) == Catch::Detail::Approx(0.0128 / 128));
  // As far apart as a file can say.
  const auto far = parse_trace_csv("-4000000000,50\n4000000000,50\n");
  REQUIRE(far);
  CHECK(Trace{*far, 16, {}}.turn() >= 8'000'000'000s);
}

TEST_CASE("a trace is sent at its own times, or stretched, once or again and again", "[traffic]") {
  const auto once = GENERATE(true, false);
  traffic::TraceInput input{Trace{{{0s, 100}, {1s, 200}, {1s, 300}, {3s, 40}}, 40, {}}, !once};
  TestParams params;
  params.amount.duration = 60s;
  params.payload_bytes = 300;
  params.shape_up.spacing = Spacing::trace;
  params.shape_up.sizes.front() = {160, 1};
  for (const std::uint64_t times : {1U, 2U}) {
    params.rate_up = SendRate{SendRate::Kind::bits, input.trace.mean_bps() / times};
    REQUIRE_FALSE(check_params(params));
    const traffic::TrafficPlan plan{params, Way::up, 0, &input};
    CHECK(plan.packets() == (once ? 4 : UINT64_MAX));
    CHECK(plan.length(2) == 300);
    CHECK(plan.length(4 + 3) == 40);
    CHECK(plan.run_at(0, 10) == 1);
    auto at = plan.deadlines();
    for (const Duration due : {0s, 1s, 1s, 3s, 4s, 5s, 5s, 7s, 8s}) {
      const Duration off = at.due() - due * static_cast<std::int64_t>(times);
      CHECK(off < 10ms);  // a rate has whole bits
      CHECK(off > -10ms);
      at.advance();
    }
  }
  params.rate_up = SendRate{SendRate::Kind::bits, std::uint64_t{160} * 8 * 10'000'001};
  CHECK(check_params(params));
  params.rate_up = SendRate{SendRate::Kind::bits, 160 * 8};
  params.direction = Direction::both;
  CHECK(check_params(params));
  params.direction = Direction::up;
  params.amount = {1000, 0, 0s};
  CHECK(check_params(params));
}

TEST_CASE("a receiver that does not know the lengths counts bytes by what was sent", "[traffic]") {
  receiver::Receiver::Settings settings;
  settings.session = 7;
  settings.params.payload_bytes = 300;
  settings.params.amount.duration = 1s;
  settings.params.rate_up = SendRate{SendRate::Kind::bits, 1000};
  settings.params.shape_up.spacing = Spacing::trace;
  settings.params.shape_up.sizes.front() = {160, 1};
  receiver::Receiver receiver{settings};
  receiver.set_anchor(MonoTime{1s});
  std::vector<std::byte> bytes(301);
  const auto arrive = [&](std::uint64_t sequence, std::size_t length) {
    wire::DataHeader header;
    header.session = 7;
    header.sequence = sequence;
    wire::encode(header, std::span{bytes}.first<kDataHeaderBytes>());
    net::Received read;
    read.data = std::span{bytes}.first(length);
    read.segment = static_cast<std::uint32_t>(length);
    read.at = MonoTime{2s};
    receiver.on_read(read, 0);
  };
  arrive(0, 100);
  arrive(1, 40);
  arrive(1, 40);
  arrive(3, 300);
  arrive(4, 301);  // more than any
  arrive(4, 39);   // less than a header
  TxReport fin;
  fin.packets = 5;
  fin.payload_bytes = 100 + 40 + 250 + 300 + 60;
  const RxReport report = receiver.finalize(fin, Finalized::quiet, ClockAnchor{}, 0U);
  CHECK(report.unique == 3);
  CHECK(report.unique_bytes == 440);
  CHECK(report.lost == 2);
  CHECK(report.lost_bytes == 310);
  CHECK(report.duplicates == 1);
  CHECK(report.invalid == 2);
}

TEST_CASE("a file that cannot be read is a usage error that names it", "[traffic]") {
  const test::TempDir dir;
  for (const std::string& file : {dir.path().string() + "/none", dir.path().string(),
                                  std::string{"/dev/zero"}, written(dir, "")}) {
    const auto trace = read_trace(file, 16);
    REQUIRE_FALSE(trace);
    CHECK(trace.error().code == ErrorCode::usage);
    CHECK_THAT(trace.error().what, ContainsSubstring(file));
  }
}

TEST_CASE("a pipe that nobody writes to is refused and not waited for", "[traffic]") {
  const test::TempDir dir;
  const std::string pipe = dir.path().string() + "/pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const auto trace = read_trace(pipe, 16);
  REQUIRE_FALSE(trace);
  CHECK(trace.error().code == ErrorCode::usage);
  CHECK_THAT(trace.error().what, ContainsSubstring("pipe"));
}
