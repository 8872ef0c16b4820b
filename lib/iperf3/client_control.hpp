#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "iperf3/inbox.hpp"
#include "iperf3/parameters.hpp"
#include "iperf3/results.hpp"

namespace udperf::iperf3 {

/// The client's side of the control connection, from the moment it stands. Pure: bytes and the time
/// go in; bytes, events and the next deadline come out.
class ClientControl {
 public:
  enum class Event : std::uint8_t {
    parameters_wanted,  ///< send_parameters()
    create_streams,     ///< the server listens: make the streams, then streams_made()
    started,            ///< data may flow
    results_wanted,     ///< the server has stopped: send_results()
    server_results,     ///< server_results() are there
    ended,              ///< nothing follows; error() says whether something went wrong
  };

  struct Settings {
    Cookie cookie{};
    Duration patience = std::chrono::seconds{5};           ///< until data flows
    Duration results_patience = std::chrono::seconds{10};  ///< for each answer behind the data
    MonoTime start_by = kNever;  ///< where `patience` began before: when it ends
  };

  ClientControl(Settings settings, MonoTime now);

  void on_bytes(std::span<const std::byte> bytes, MonoTime now);
  void on_closed();
  void on_time(MonoTime now);

  void send_parameters(const Parameters& parameters);
  /// Every stream had its answer.
  void streams_made();
  /// So much more time until data flows.
  void extend_start(Duration by) { start_by_ += by; }
  /// A stream could not be made: the server is left.
  void give_up(Error error);
  /// What was to be sent has been sent, or received. All answers have `patience`, and each its own.
  void end_test(MonoTime now, Duration patience);
  /// No answer behind the data is waited for longer than until then.
  void end_by(MonoTime by);
  void send_results(const Results& results, MonoTime now);
  /// Leaves at once; the server is told.
  void terminate();

  [[nodiscard]] std::vector<std::byte> take_output() { return out_.take(); }
  [[nodiscard]] std::vector<Event> take_events() { return std::exchange(events_, {}); }
  [[nodiscard]] MonoTime deadline() const { return deadline_; }
  /// When data has to flow at the latest.
  [[nodiscard]] MonoTime start_by() const { return start_by_; }
  [[nodiscard]] bool over() const { return phase_ == Phase::over; }
  [[nodiscard]] bool running() const { return phase_ == Phase::running; }
  /// The test had begun.
  [[nodiscard]] bool began() const { return began_; }
  /// The server closed the connection while more was to come.
  [[nodiscard]] bool abandoned() const { return abandoned_; }
  /// The server is full, by its own word: it may have room later.
  [[nodiscard]] bool busy() const { return busy_; }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  [[nodiscard]] const std::optional<Results>& server_results() const { return server_results_; }

 private:
  enum class Phase : std::uint8_t {
    invitation,  ///< PARAM_EXCHANGE is awaited
    own_parameters,
    permission,  ///< CREATE_STREAMS
    creating,    ///< the owner makes streams
    start,       ///< TEST_START
    run,         ///< TEST_RUNNING
    running,
    exchange,  ///< EXCHANGE_RESULTS
    own_results,
    results,  ///< of the server
    display,  ///< DISPLAY_RESULTS
    reason,   ///< two numbers behind SERVER_ERROR
    over,
  };

  bool step(MonoTime now);
  bool read_state(MonoTime now);
  bool read_results(MonoTime now);
  bool read_reason();
  bool on_state(State state, MonoTime now);
  bool expect(State state, Phase phase, State wanted);
  [[nodiscard]] Duration patience() const;
  [[nodiscard]] MonoTime answer_by(MonoTime now) const;
  void enter(Phase phase, MonoTime deadline);
  void fail(ErrorCode code, const std::string& what);
  void fail_without_reason();
  [[nodiscard]] const char* phase_name() const;

  Settings settings_;
  std::size_t sockets_ = 1;
  Inbox in_;
  Outbox out_;
  std::vector<Event> events_;
  Phase phase_ = Phase::invitation;
  MonoTime start_by_;
  MonoTime end_by_ = kNever;  ///< of all that comes behind the data
  MonoTime deadline_;
  bool began_ = false;
  bool abandoned_ = false;
  bool busy_ = false;
  std::optional<std::uint32_t> error_number_;
  std::optional<Results> server_results_;
  std::optional<Error> error_;
};

}  // namespace udperf::iperf3
