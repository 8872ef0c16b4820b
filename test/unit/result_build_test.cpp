#include <string>

#include "result/document.hpp"
#include "support/catch.hpp"
#include "support/example_outcomes.hpp"

using namespace udperf;
using result::build_result;
using result::violated_identity;

namespace {

bool notes(const result::ResultDocument& document, const std::string& field,
           const std::string& code) {
  for (const auto& note : document.notes) {
    if (note.field == field && note.code == code) {
      return true;
    }
  }
  return false;
}

}  // namespace

TEST_CASE("every example's document keeps the identities", "[result]") {
  for (const auto& [name, outcome] : test::example_outcomes()) {
    CAPTURE(name);
    const auto document = build_result(outcome);

    CHECK(violated_identity(document) == std::nullopt);
    CHECK(document.warnings.empty());
    CHECK(document.status == outcome.status);
    CHECK_FALSE(document.version.empty());
    CHECK_FALSE(document.verdict.empty());
  }
}

TEST_CASE("rates leave out the first datagram, which only starts the clock", "[result]") {
  const auto document = build_result(test::normal_up());

  // 990 datagrams of 1000 B in 2.5 s, by hand.
  const auto& rx = document.up->rx;
  CHECK(rx.span_ns == 2'500'000'000);
  CHECK(*rx.goodput_bps == Approx(3'164'800.0));
  CHECK(*rx.pps == Approx(395.6));
  CHECK(*rx.ip_bps == Approx(8.0 * 989 * 1028 / 2.5));
  CHECK(*rx.wire_bps == Approx(8.0 * 989 * 1066 / 2.5));
  CHECK(*document.up->tx.offered_bps == Approx(8.0 * 999 * 1000 / 2.0));
  CHECK(*document.up->tx.pps == Approx(999 / 2.0));
  CHECK(document.goodput_bps == rx.goodput_bps);
  CHECK(*document.kilobytes_per_second == Approx(396.0));
}

TEST_CASE("marks that the way changed are called out", "[result]") {
  const auto warned = [](std::uint8_t sent, std::array<std::uint64_t, 4> marks, std::uint8_t dscp) {
    auto outcome = test::normal_up();
    outcome.params.ecn = sent;
    outcome.params.dscp = 46;
    outcome.up->streams.front().rx->ecn = marks;
    outcome.up->streams.front().rx->dscp = dscp;
    std::vector<std::string> codes;
    for (const Warning& warning : build_result(outcome).warnings) {
      codes.push_back(warning.code);
    }
    return codes;
  };
  using Codes = std::vector<std::string>;
  CHECK(warned(0, {990, 0, 0, 0}, 46) == Codes{});
  CHECK(warned(2, {0, 0, 890, 100}, 46) == Codes{});  // CE is what ECN is for
  CHECK(warned(2, {5, 0, 985, 0}, 46) == Codes{"ecn_bleached"});
  CHECK(warned(2, {0, 5, 985, 0}, 46) == Codes{"ecn_changed"});
  CHECK(warned(1, {1, 900, 89, 0}, 46) == (Codes{"ecn_bleached", "ecn_changed"}));
  CHECK(warned(0, {900, 0, 90, 0}, 46) == Codes{"ecn_changed"});
  CHECK(warned(0, {990, 0, 0, 0}, 8) == Codes{"dscp_changed"});
}

TEST_CASE("marks are counted by their code points", "[result]") {
  auto outcome = test::normal_up();
  outcome.up->streams.front().rx->ecn = std::array<std::uint64_t, 4>{900, 10, 60, 20};

  const auto ecn = build_result(outcome).up->ecn;
  CHECK(ecn.not_ect == 900U);
  CHECK(ecn.ect1 == 10U);
  CHECK(ecn.ect0 == 60U);
  CHECK(ecn.ce == 20U);
  CHECK(ecn.dscp_received == 0U);

  outcome.up->streams.front().rx->ecn.reset();
  CHECK(build_result(outcome).up->ecn.not_ect == std::nullopt);
}

TEST_CASE("IPv6 headers are 20 bytes longer than IPv4's", "[result]") {
  auto outcome = test::normal_up();
  outcome.server = Endpoint{IpAddress::loopback(IpFamily::v6), 5555};

  const auto document = build_result(outcome);

  CHECK(*document.up->rx.ip_bps == Approx(8.0 * 989 * 1048 / 2.5));
}

TEST_CASE("nothing is known of a receiver whose report is missing", "[result]") {
  const auto document = build_result(test::interrupted_tx_only());

  REQUIRE(document.up);
  CHECK(document.up->tx.packets == 700U);
  CHECK(document.up->rx.unique == std::nullopt);
  CHECK(document.up->loss.packets == std::nullopt);
  CHECK(document.up->loss.local_tx_drop == std::nullopt);
  CHECK(document.up->duplicates.packets == std::nullopt);
  CHECK(document.up->reordering.packets == std::nullopt);
  CHECK(document.up->delay_variation.n == std::nullopt);
  CHECK(document.up->intervals.empty());
  CHECK(document.up->streams.size() == 1);
  CHECK(document.goodput_bps == std::nullopt);
  CHECK(document.loss_percent == std::nullopt);
  CHECK(document.limited_by == std::nullopt);
  CHECK(notes(document, "up.rx", "no_report"));
}

TEST_CASE("a side of which one stream's report is missing is not known", "[result]") {
  auto outcome = test::three_streams();
  outcome.up->streams[1].rx.reset();

  const auto document = build_result(outcome);

  CHECK(document.up->tx.packets == 1300U);
  CHECK(document.up->rx.unique == std::nullopt);
  CHECK(document.up->streams[0].rx_unique == 100U);
  CHECK(document.up->streams[1].rx_unique == std::nullopt);
  CHECK(document.up->streams[1].silent == std::nullopt);
}

TEST_CASE("a test without a datagram has counts of zero and no rates", "[result]") {
  const auto document = build_result(test::zero_packets());

  CHECK(document.up->tx.packets == 0U);
  CHECK(document.up->rx.unique == 0U);
  CHECK(document.up->loss.packets == 0U);
  CHECK(document.up->loss.ratio == std::nullopt);
  CHECK(document.up->loss.ci95 == std::nullopt);
  CHECK(document.up->tx.first_unix_ns == std::nullopt);
  CHECK(document.up->tx.offered_bps == std::nullopt);
  CHECK(document.up->tx.pps == std::nullopt);
  CHECK(document.up->rx.goodput_bps == std::nullopt);
  CHECK(document.loss_percent == std::nullopt);
  CHECK(document.goodput_bps == std::nullopt);
  CHECK(document.kilobytes_per_second == std::nullopt);
}

TEST_CASE("when all is lost the ratio is one and what needs arrivals is unknown", "[result]") {
  const auto document = build_result(test::total_loss());

  const auto& up = *document.up;
  CHECK(up.loss.ratio == 1.0);
  CHECK(document.loss_percent == 100.0);
  CHECK(up.loss.ci95->first == Approx(0.99617).epsilon(1e-4));  // Wilson for 1000 of 1000
  CHECK(up.loss.ci95->second == Approx(1.0));
  CHECK(up.rx.span_ns == std::nullopt);
  CHECK(up.rx.goodput_bps == std::nullopt);
  CHECK(up.rx.first_unix_ns == std::nullopt);
  CHECK(up.duplicates.fraction == std::nullopt);
  CHECK(up.reordering.ratio == std::nullopt);
  CHECK(up.ecn.not_ect == std::nullopt);
  CHECK(up.jitter.rfc3550_ns == std::nullopt);
  CHECK(up.delay_variation.p50_ns == std::nullopt);
  CHECK(notes(document, "up.rx.goodput_bps", "nothing_arrived"));
}

TEST_CASE("one arrival has no span and no rate", "[result]") {
  auto outcome = test::normal_up();
  auto& rx = *outcome.up->streams.front().rx;
  rx.unique = 1;
  rx.unique_bytes = 1000;
  rx.last_mono_ns = rx.first_mono_ns;

  const auto document = build_result(outcome);

  CHECK(document.up->rx.span_ns == std::nullopt);
  CHECK(document.up->rx.goodput_bps == std::nullopt);
  CHECK(document.up->rx.pps == std::nullopt);
  CHECK(notes(document, "up.rx.goodput_bps", "single_packet"));
}

TEST_CASE("two arrivals of the same nanosecond have no rate", "[result]") {
  auto outcome = test::normal_up();
  auto& rx = *outcome.up->streams.front().rx;
  rx.last_mono_ns = rx.first_mono_ns;

  const auto document = build_result(outcome);

  CHECK(document.up->rx.span_ns == 0);
  CHECK(document.up->rx.goodput_bps == std::nullopt);
  CHECK(document.kilobytes_per_second == std::nullopt);
}

TEST_CASE("the headline sums both directions", "[result]") {
  const auto document = build_result(test::both_directions());

  CHECK(*document.up->rx.goodput_bps == Approx(3'164'800.0));
  CHECK(*document.down->rx.goodput_bps == Approx(8.0 * 499'000 / 2));
  CHECK(*document.goodput_bps == Approx(3'164'800.0 + 1'996'000.0));
  CHECK(*document.loss_percent == Approx(100.0 * 10 / 1500));
  CHECK(*document.kilobytes_per_second == Approx(396.0));  // the classic test knows only up
}

TEST_CASE("the headline is unknown when one of two directions is", "[result]") {
  auto outcome = test::both_directions();
  outcome.down->streams.front().rx.reset();

  const auto document = build_result(outcome);

  CHECK(document.goodput_bps == std::nullopt);
  CHECK(document.loss_percent == std::nullopt);
}

TEST_CASE("a sender that stood still did not offer its rate", "[result]") {
  auto outcome = test::both_directions();  // down: 500 datagrams of 1000 B, 2 s from first to last
  TxReport& tx = *outcome.down->streams.front().tx;
  const auto before = build_result(outcome);
  CHECK(sustained_bps(before) == before.goodput_bps);
  tx.time.emplace().window_ns = 4'000'000'000;
  tx.time->silent_ns = tx.time->tail_ns = 2'000'000'000;
  tx.time->pauses = {SendPause{2'000'000'000, 2'000'000'000, 0, 11}};

  const auto document = build_result(outcome);

  CHECK(*document.down->tx.offered_bps ==
        Approx(8.0 * static_cast<double>(tx.payload_bytes) / 4.0));
  CHECK(*document.down->tx.pps == Approx(500 / 4.0));
  CHECK(*document.down->pacing.rate_error_ratio < -0.45);
  CHECK(document.down->tx.pauses.at(0).reason == "Resource temporarily unavailable (EAGAIN)");
  CHECK(*sustained_bps(document) < *before.goodput_bps - 0.9e6);
  CHECK_THAT(document.verdict, Catch::Matchers::ContainsSubstring("nothing was sent"));
  CHECK(document.warnings.size() > before.warnings.size());
}

TEST_CASE("what the sending host was not looked at for is not known", "[result]") {
  auto outcome = test::both_directions();
  TxReport& up = *outcome.up->streams.front().tx;
  up.local_drop = 0;
  SECTION("an older peer") {
    const auto document = build_result(outcome);
    CHECK(document.up->loss.local_tx_drop == std::nullopt);
    CHECK(*document.up->loss.packets ==
          *document.up->loss.rx_socket_drop + *document.up->loss.network_packets);
    CHECK(violated_identity(document) == std::nullopt);
  }
  SECTION("a queue that dropped nothing") {
    up.time.emplace().queue_drops = 0;
    const auto document = build_result(outcome);
    CHECK(document.up->loss.local_tx_drop == 0U);
    CHECK(document.up->loss.local_tx_drop_is_bound == false);
  }
  SECTION("a queue that dropped after it had taken") {
    up.time.emplace().queue_drops = 5;
    up.time->queue_full = 3;
    up.gso_segments = 0;
    const auto document = build_result(outcome);
    CHECK(document.up->loss.local_tx_drop == 2U);
    CHECK(document.up->loss.local_tx_drop_is_bound == true);
    CHECK(violated_identity(document) == std::nullopt);
  }
  SECTION("others' drops do not make more of them than were lost") {
    up.time.emplace().queue_drops = UINT64_MAX;
    const auto document = build_result(outcome);
    CHECK(document.up->loss.network_packets == 0U);
    CHECK(violated_identity(document) == std::nullopt);
  }
}

TEST_CASE("intervals that were told are kept when the report is missing", "[result]") {
  auto outcome = test::interrupted_tx_only();
  outcome.up->seen = {
      SeenInterval{Duration{0}, std::chrono::seconds{1}, 90, 90'000, 100, 1, 2},
      SeenInterval{std::chrono::seconds{1}, std::chrono::seconds{2}, 50, 50'000, 49, 0, 0}};

  const auto document = build_result(outcome);

  REQUIRE(document.up->intervals.size() == 2);
  CHECK(document.up->intervals[0].packets == 90);
  CHECK(document.up->intervals[0].lost == 10);
  CHECK(*document.up->intervals[0].goodput_bps == Approx(720'000));
  CHECK(document.up->intervals[1].lost == 0);
  CHECK(document.up->rx.unique == std::nullopt);
}

TEST_CASE("the pacing error counts gaps, however many left together", "[result]") {
  auto outcome = test::both_directions();
  // 500 datagrams in 50 batches of 10 in 2 s: the last was due then, 499 gaps after the first.
  const auto document = build_result(outcome);

  CHECK(*document.down->pacing.rate_error_ratio == Approx(249.5 / 250.0 - 1.0));
  CHECK(document.down->pacing.pacer == "sleep_spin");
  CHECK(document.up->pacing.rate_error_ratio == std::nullopt);
}

TEST_CASE("figures of absurd reports do not overflow", "[result]") {
  auto outcome = test::normal_up();
  auto& rx = *outcome.up->streams.front().rx;
  rx.first_mono_ns = INT64_MIN;
  rx.last_mono_ns = INT64_MAX;
  rx.anchor_mono_ns = INT64_MIN;
  rx.raw_delay_min_ns = INT64_MAX;
  rx.delay_variation->max_ns = INT64_MAX;
  rx.first_bytes = UINT32_MAX;
  rx.interval_ns = INT64_MAX;
  outcome.clock->theta_ns = INT64_MIN;

  CHECK(build_result(outcome).up->rx.unique == 990U);  // the sanitizers watch the rest
}
