#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"
#include "model/outcome.hpp"
#include "model/test_params.hpp"
#include "monitor/time_histogram.hpp"

namespace udperf::result {
struct ResultDocument;
}  // namespace udperf::result

namespace udperf::monitor {

/// What became of a round.
enum class RoundStatus : std::uint8_t {
  complete,     ///< both ends closed their books
  cut_short,    ///< it had started and could not be finished: what is told is what is certain
  unreachable,  ///< nobody answered, or ICMP says that nobody listens
  refused,      ///< the server said no: busy, policy, authentication, version
  failed,       ///< this host could not: no route, no socket, name unknown
  /// This end did not ask: it slept, was too busy or was stopped, or waits since the target was
  /// down. Never loss.
  not_measured,
};

/// How a round that was a call sounded at the end of one way (docs/voice.md).
struct RoundVoice {
  std::optional<double> mos;           ///< 1..4.5; absent where codec or delay do not allow to say
  std::optional<double> r;             ///< 0..93.2; as above
  std::optional<double> missed_ratio;  ///< 0..1, lost or too late for the de-jitter buffer

  bool operator==(const RoundVoice&) const = default;
};

/// One way of a round, both ends' books in one. sent == unique + lost, and
/// lost == lost_rx_socket + lost_tx_host + what the network lost, where these are known.
struct RoundWay {
  std::uint64_t sent = 0;
  std::uint64_t unique = 0;
  std::uint64_t lost = 0;
  std::optional<std::uint64_t> lost_rx_socket;  ///< absent: not told apart from the network
  std::optional<std::uint64_t> lost_tx_host;    ///< absent: not told apart from the network
  std::uint64_t duplicates = 0;                 ///< copies beyond the first
  std::uint64_t reordered = 0;                  ///< RFC 4737
  std::uint64_t late = 0;                       ///< beyond the loss threshold, so among the lost
  std::uint64_t sent_bytes = 0;                 ///< payload
  std::uint64_t unique_bytes = 0;               ///< payload
  std::optional<double> goodput_bps;            ///< payload that arrived
  std::optional<Duration> jitter;               ///< RFC 3550 s6.4.1 at the end of the round
  TimeHistogram delay_variation;                ///< over the round's smallest delay (RFC 5481)
  /// One way, by clocks compared; absent where their difference is not known well enough to say.
  std::optional<TimeHistogram> delay;
  std::optional<std::uint8_t> hops;            ///< from the TTL that arrived
  std::optional<std::uint32_t> payload_bytes;  ///< largest that crossed whole (--packet-size auto)
  std::optional<RoundVoice> voice;             ///< of a call, as far as its listener told
  std::optional<double> found_bps;             ///< payload; what a search (find-rate) came to

  /// What is left for the network: all of it where nothing else is known.
  [[nodiscard]] std::uint64_t lost_network() const {
    const std::uint64_t hosts = lost_rx_socket.value_or(0) + lost_tx_host.value_or(0);
    return lost > hosts ? lost - hosts : 0;
  }
  bool operator==(const RoundWay&) const = default;
};

/// Round trips of a round's probes, or of its own datagrams (RFC 2681).
struct RoundTrips {
  std::uint64_t sent = 0;  ///< probes; those that came back are `times.total()`
  TimeHistogram times;

  bool operator==(const RoundTrips&) const = default;
};

/// One round to one target: what a monitor adds up, stores, shows and tells. Plain values, no
/// reference to a test, so that it can cross threads and wait in queues.
struct RoundResult {
  std::uint64_t target = 0;       ///< as the round's source was told it
  std::uint64_t number = 0;       ///< of this target, since the process started
  std::uint64_t rounds = 1;       ///< that it stands for; more where many were not measured
  std::uint64_t session = 0;      ///< the test's id; 0 where none was agreed on
  UnixTime start;                 ///< by this host's clock when the round began
  Duration length{0};             ///< monotonic, from the round's start to its end
  Duration lateness{0};           ///< of its start, after the schedule
  Duration host_lateness{0};      ///< of that, what this host's scheduler kept from everybody
  bool tried = true;              ///< false: nothing is known anew
  bool not_asked = false;         ///< not tried, since nobody had answered before
  std::uint64_t server = 0;       ///< another number for each start of the server; 0 = not told
  bool server_restarted = false;  ///< the server is another process than in the round before
  RoundStatus status = RoundStatus::not_measured;
  std::optional<Error> error;  ///< why it is not complete
  bool fell_silent = false;    ///< cut short since nothing came from the server any more
  std::optional<RoundWay> up;
  std::optional<RoundWay> down;
  std::optional<RoundTrips> rtt;
  std::optional<std::int64_t> clock_offset_ns;       ///< server's UTC minus ours
  std::optional<std::int64_t> clock_uncertainty_ns;  ///< of that
  bool clock_stepped = false;         ///< the wall clock of either end stepped within the round
  bool server_clock_stepped = false;  ///< the server's did, which is not this host's
  TestParams params;                  ///< as granted, or as asked where nothing was
  std::optional<Endpoint> address;    ///< of the server; absent where none is known
  /// The whole result document (udperf/1) in one line, of a round whose source was told to keep it.
  std::string document;

  [[nodiscard]] bool measured() const {
    return status == RoundStatus::complete || status == RoundStatus::cut_short;
  }
};

/// "complete", "cut_short", ...: the word in JSON, in metrics and in the history.
[[nodiscard]] const char* to_string(RoundStatus status);

/// The round that an ordinary test was. Pure. Its target, number and lateness are for the caller
/// to fill in.
[[nodiscard]] RoundResult make_round(const TestOutcome& outcome);
/// The same where the outcome's document is made already.
[[nodiscard]] RoundResult make_round(const TestOutcome& outcome,
                                     const result::ResultDocument& document);

/// What this host's absence makes of a round: one in which it slept, and one that is not whole
/// while the process did not run for so long, is not measured, and has no books. Nobody can say
/// what of it was the path's.
void judge_host(RoundResult& round, bool slept, Duration stood_still);

/// What one way of a round came to that cannot be added up with others.
struct WayFigures {
  std::optional<double> goodput_bps;
  std::optional<Duration> jitter;
  std::optional<RoundVoice> voice;
  std::optional<double> found_bps;

  bool operator==(const WayFigures&) const = default;
};

/// Those of a round, as RoundWay has them; a way is absent where it has no books.
struct RoundFigures {
  std::optional<WayFigures> up;
  std::optional<WayFigures> down;

  bool operator==(const RoundFigures&) const = default;
};

[[nodiscard]] RoundFigures figures_of(const RoundResult& round);

/// Whether the books balance, way by way.
[[nodiscard]] bool balanced(const RoundResult& round);

}  // namespace udperf::monitor
