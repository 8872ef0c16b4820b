#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/endpoint.hpp"
#include "base/time.hpp"
#include "base/token_bucket.hpp"
#include "classic/run_outcome.hpp"

namespace udperf::classic {

/// The server's side of the classic test for all its clients: who they are is told by address and
/// port alone. Pure: time is an argument, answers and finished runs are values.
///
/// Its peers prove nothing, so what they can cause is bounded: runs at a time, in all and of an
/// address; what is remembered of finished ones; and answers, which as a whole are never more bytes
/// than their address has sent but for kFreeAnswersPerSecond.
class RunTable {
 public:
  /// A run that hears nothing for so long is over: clients say STOP once a second.
  static constexpr Duration kSilence = std::chrono::seconds{5};
  /// How long a STOP that comes again gets the same answer.
  static constexpr Duration kLinger = std::chrono::seconds{10};
  /// A run whose client was quiet for so long after the answer surely has it.
  static constexpr Duration kSettled = std::chrono::milliseconds{2500};
  /// Data and START that come this soon after STOP may have been overtaken by it.
  static constexpr Duration kStragglers = std::chrono::milliseconds{500};
  /// START with data behind it is another run from this long after STOP.
  static constexpr Duration kOvertaken = std::chrono::milliseconds{50};
  /// So much data after STOP is another run, however soon it comes.
  static constexpr std::uint64_t kManyStragglers = 16;
  /// Answers to peers that have sent fewer bytes than they would get.
  static constexpr std::uint32_t kFreeAnswersPerSecond = 10;

  /// Runs at a time that no setting exceeds: each turn of the server looks at all of them.
  static constexpr std::uint32_t kMostRuns = 256;

  struct Settings {
    std::vector<IpPrefix> allow;  ///< empty: everyone
    std::vector<IpPrefix> deny;
    std::uint32_t most_runs = 64;  ///< more than kMostRuns are taken for that
    std::uint32_t most_runs_per_address = 32;
    std::optional<Duration> max_duration;
  };
  struct Arrival {
    std::span<const std::byte> bytes;  ///< its head is enough
    std::uint64_t length = 0;          ///< of the whole datagram
    Endpoint from;
    Endpoint to;
    /// It begins like a message of the other protocol: data of a run that goes on, but never the
    /// beginning of one.
    bool native = false;
    bool may_begin = true;  ///< whether a new run is welcome at all now
  };
  struct Counters {
    std::uint64_t runs = 0;
    std::uint64_t refused = 0;  ///< datagrams that would have begun one run too many
    std::uint64_t denied = 0;   ///< datagrams from addresses that are not served
    std::uint64_t answers = 0;
    std::uint64_t withheld = 0;  ///< answers not given, for want of data from their address
    std::uint64_t stragglers = 0;
  };

  explicit RunTable(Settings settings);

  /// What to answer the sender, if anything.
  [[nodiscard]] std::optional<std::string> on_datagram(const Arrival& arrival, MonoTime now,
                                                       UnixTime unix_now);
  /// Ends runs that are overdue. Returns when to be called next at the latest.
  MonoTime expire(MonoTime now);
  /// Ends every run; nothing begins any more.
  void shut_down(MonoTime now);
  /// Runs that have ended since last asked.
  [[nodiscard]] std::vector<RunOutcome> take_finished() { return std::move(finished_); }

  /// Runs that go on, and those of one address.
  [[nodiscard]] std::size_t active() const { return active_; }
  [[nodiscard]] std::size_t active_of(const IpAddress& address) const;
  /// Runs that have ended and whose client wants nothing more.
  [[nodiscard]] std::uint64_t settled() const { return settled_; }
  /// Peers that something is kept of: at most twice the runs that are allowed.
  [[nodiscard]] std::size_t remembered() const { return peers_.size(); }
  [[nodiscard]] const Counters& counters() const { return counters_; }
  /// Whether something is known of this client.
  [[nodiscard]] bool knows(const Endpoint& from, const Endpoint& to) const {
    return peers_.count({from, to}) != 0;
  }

 private:
  struct Run {
    MonoTime begun;  ///< of the clock
    MonoTime last_data;
    MonoTime heard;
    UnixTime first;
    std::uint64_t datagrams = 0;
    std::uint64_t bytes = 0;
    bool start_seen = false;
  };
  struct Answered {
    std::string text;
    MonoTime stopped;  ///< when its first STOP came
    MonoTime heard;
    bool closed = false;   ///< cut by the server: more data of it is no new run
    bool settled = false;  ///< counted as such
  };
  struct Peer {
    std::optional<Run> run;  ///< beside `last`: perhaps only its stragglers
    std::optional<Answered> last;
    std::uint64_t credit = 0;  ///< bytes it has sent, less those it was answered
  };
  using Key = std::pair<Endpoint, Endpoint>;
  using Peers = std::map<Key, Peer>;

  [[nodiscard]] bool welcome(const IpAddress& address) const;
  [[nodiscard]] bool admitted(const Arrival& arrival) const;
  /// Whether the peer's run is one, and not what came late of the run before it.
  [[nodiscard]] static bool certain(const Peer& peer);
  Peer* begin(const Arrival& arrival, MonoTime now, UnixTime unix_now);
  void on_start(const Arrival& arrival, MonoTime now, UnixTime unix_now);
  void on_data(const Arrival& arrival, MonoTime now, UnixTime unix_now);
  std::optional<std::string> on_stop(const Arrival& arrival, MonoTime now);
  std::optional<std::string> paid(std::string answer, Peer* peer, MonoTime now);
  void end_run(const Key& key, Peer& peer, TestStatus status, std::string reason, MonoTime now);
  void drop_stragglers(const Key& key, Peer& peer);
  void count_active(const IpAddress& address, bool more);
  void forget_one();
  MonoTime expire_run(const Key& key, Peer& peer, MonoTime now);

  Settings settings_;
  Peers peers_;
  std::vector<RunOutcome> finished_;
  Counters counters_;
  std::size_t active_ = 0;
  std::map<IpAddress, std::size_t> active_by_address_;
  std::uint64_t settled_ = 0;
  TokenBucket free_answers_{kFreeAnswersPerSecond, kFreeAnswersPerSecond};
  bool shutting_down_ = false;
};

}  // namespace udperf::classic
