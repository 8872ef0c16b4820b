#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "iperf3/inbox.hpp"
#include "iperf3/parameters.hpp"
#include "iperf3/results.hpp"
#include "model/outcome.hpp"

namespace udperf::iperf3 {

/// The server's side of one control connection. Pure: bytes and the time go in; bytes, events and
/// the next deadline come out. Every state has a deadline, so a peer that falls silent is let go.
class ServerControl {
 public:
  /// What its owner has to act on.
  enum class Event : std::uint8_t {
    asked,           ///< parameters() are there: admit() or refuse()
    started,         ///< data flows from now on
    stopped,         ///< the client says that the test is over: stop sending, results() are due
    client_results,  ///< client_results() are there
    ended,           ///< no more data; `status` and `reason` are final
  };

  explicit ServerControl(MonoTime now);

  void on_bytes(std::span<const std::byte> bytes, MonoTime now);
  /// The client closed its side, or the connection broke.
  void on_closed(MonoTime now);
  void on_time(MonoTime now);

  /// The test is granted: streams can be made from now on.
  void admit(MonoTime now);
  /// The test is not granted, or cannot go on; the client is told the number.
  void refuse(ErrorNumber error, const std::string& reason, MonoTime now);
  /// Instead of any of it: the server is full.
  void say_busy(MonoTime now);
  /// Every stream of the test is there. Starts it. `longest`: of a test whose end is an amount, how
  /// long that may take; nothing: its data alone are what ends it.
  void streams_made(MonoTime now, std::optional<Duration> longest = std::nullopt);
  /// A hello has come: the next has its time again, as long as all of them together have some.
  void stream_made(MonoTime now);
  /// A test before this one has let its turn lapse: the time that it took is not this one's.
  void waited_in_vain(MonoTime now);
  /// This end's results, after `client_results`.
  void send_results(const Results& results, MonoTime now);
  /// The server is stopped: the client is told.
  void shut_down(MonoTime now);
  /// The client is gone in another way than by its connection.
  void give_up(const std::string& reason, MonoTime now);

  [[nodiscard]] std::vector<std::byte> take_output() { return out_.take(); }
  [[nodiscard]] std::vector<Event> take_events() { return std::exchange(events_, {}); }
  [[nodiscard]] MonoTime deadline() const { return deadline_; }
  /// When the test is over, whatever its client says; kNever: nothing ends it but its data.
  [[nodiscard]] MonoTime hard_end() const { return end_by_; }

  [[nodiscard]] const Cookie& cookie() const { return cookie_; }
  /// Precondition: `asked` was told.
  [[nodiscard]] const Parameters& parameters() const { return parameters_; }
  [[nodiscard]] const std::optional<Results>& client_results() const { return client_results_; }

  [[nodiscard]] bool creating() const { return phase_ == Phase::creating; }
  [[nodiscard]] bool running() const { return phase_ == Phase::running; }
  /// Nothing is awaited but the end of the connection: what is left to send is to be sent, then
  /// this side closed.
  [[nodiscard]] bool closing() const { return phase_ >= Phase::closing; }
  /// The connection can go.
  [[nodiscard]] bool over() const { return phase_ == Phase::over; }
  [[nodiscard]] bool ended() const { return ended_; }
  /// By shut_down().
  [[nodiscard]] bool shut_down_ended_it() const { return shut_down_; }
  /// What came as the client's parameters cannot be read.
  [[nodiscard]] bool failed_asking() const { return failed_asking_; }
  [[nodiscard]] TestStatus status() const { return status_; }
  [[nodiscard]] const std::string& reason() const { return reason_; }

  static constexpr Duration kPatience = std::chrono::seconds{10};  ///< for an item
  static constexpr Duration kSlotPatience = std::chrono::seconds{25};
  static constexpr Duration kPatienceForStream = std::chrono::milliseconds{250};  ///< beside it
  /// For all that follows the test's time, and for all that follows the client's word that it is
  /// over.
  static constexpr Duration kGrace = std::chrono::seconds{12};
  static constexpr Duration kLinger = std::chrono::seconds{1};  ///< for the client to close

 private:
  enum class Phase : std::uint8_t {
    cookie,
    parameters,
    deciding,
    creating,
    running,
    results,      ///< of the client
    own_results,  ///< from the owner
    goodbye,
    closing,
    over,
  };

  bool step(MonoTime now);
  bool read_cookie(MonoTime now);
  bool read_parameters(MonoTime now);
  bool read_state(MonoTime now);
  bool read_results(MonoTime now);
  void enter(Phase phase, MonoTime deadline);
  [[nodiscard]] MonoTime item_deadline(MonoTime now) const {
    return std::min(now + kPatience, end_by_);
  }
  void finish(TestStatus status, std::string reason, MonoTime now);
  void fail(ErrorNumber error, const std::string& reason, MonoTime now);

  Inbox in_;
  Outbox out_;
  std::vector<Event> events_;
  Phase phase_ = Phase::cookie;
  MonoTime deadline_;
  MonoTime end_by_ = kNever;  ///< of the state of making streams, then of the test
  Cookie cookie_{};
  Parameters parameters_;
  std::optional<Results> client_results_;
  bool ended_ = false;
  bool failed_asking_ = false;
  bool shut_down_ = false;
  TestStatus status_ = TestStatus::incomplete;
  std::string reason_;
};

}  // namespace udperf::iperf3
