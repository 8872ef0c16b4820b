#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.hpp"
#include "model/outcome.hpp"

namespace udperf::session {

/// Finds the largest payload that crosses one direction of a path in one piece: padded probes that
/// must not be fragmented, answered by their number (RFC 8899 s5.3). Some hops say by ICMP what
/// they take, others drop in silence: what is said is only believed when a probe of that size has
/// passed. Pure; ends within its budget whatever the path does.
class PathMtuSearch {
 public:
  /// It takes 1.5 s at most, or 15 round trips up to 3.5 s.
  static constexpr Duration kShortest = std::chrono::milliseconds{1500};
  static constexpr Duration kBudget = std::chrono::milliseconds{3500};
  /// Smallest size tried: the least that every IPv4 host must take whole, less headers.
  static constexpr std::uint32_t kLeast = 548;

  struct Settings {
    std::uint32_t highest = 0;   ///< payload bytes, at least kLeast; never probed beyond
    std::uint32_t headers = 28;  ///< IP and UDP, bytes
    std::uint64_t first_id = 0;  ///< probes are numbered from here, fewer than kMostProbes
    Duration rtt{0};             ///< of the idle path
  };
  static constexpr std::uint64_t kMostProbes = 2000;

  struct Probe {
    std::uint64_t id = 0;
    std::uint32_t bytes = 0;  ///< UDP payload, everything included
  };

  PathMtuSearch(const Settings& settings, MonoTime now);

  /// What to send now.
  [[nodiscard]] std::vector<Probe> poll(MonoTime now);
  /// Probe `id` has arrived with `bytes`. False when the number is not one of ours.
  bool on_reply(std::uint64_t id, std::uint32_t bytes, MonoTime now);
  /// This or the other host could not send so much at all.
  void on_local_limit(std::uint32_t bytes);
  /// Somebody on the way says by ICMP that IP packets of `mtu` bytes pass.
  void on_hint(std::uint32_t mtu);

  [[nodiscard]] bool done() const { return done_; }
  [[nodiscard]] MonoTime next_timeout() const {
    return done_ ? kNever : next_ < deadline_ ? next_ : deadline_;
  }
  /// What is known so far; all of it when done().
  [[nodiscard]] PathMtu result() const;

 private:
  struct Sent {
    std::uint32_t bytes;
    MonoTime at;
  };

  void begin_round(std::vector<std::uint32_t> sizes);
  void choose_round();
  void send_round(MonoTime now, std::vector<Probe>& out);
  void send(std::uint32_t bytes, MonoTime now, std::vector<Probe>& out);
  void judge_round();
  [[nodiscard]] std::uint32_t control_size() const;
  [[nodiscard]] bool round_answered() const;

  Settings settings_;
  MonoTime deadline_;
  MonoTime next_;  ///< when the next try is due, or the round has had its time
  Duration wait_;
  std::uint32_t passed_ = 0;  ///< largest that arrived
  std::uint32_t failed_;      ///< smallest that is known not to pass
  std::uint32_t hint_ = 0;    ///< payload that ICMP speaks of
  bool hint_tried_ = false;
  bool ladder_tried_ = false;
  bool local_limit_ = false;
  std::vector<std::uint32_t> sizes_;  ///< of the present round, ascending
  int tries_ = 0;                     ///< of this round: each size has been sent so often
  std::uint32_t controls_back_ = 0;   ///< tries whose control came back, one bit each
  std::vector<std::uint64_t> controls_;
  std::vector<Sent> sent_;
  bool done_ = false;
  bool exact_ = false;
};

}  // namespace udperf::session
