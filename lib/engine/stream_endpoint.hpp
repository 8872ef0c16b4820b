#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "clock/clock.hpp"
#include "crypto/crypto.hpp"
#include "engine/executor.hpp"
#include "engine/read_moderation.hpp"
#include "engine/task.hpp"
#include "engine/test_state.hpp"
#include "model/outcome.hpp"
#include "net/datagram_port.hpp"
#include "receiver/queue_teller.hpp"
#include "receiver/receiver.hpp"
#include "sender/rate_adjuster.hpp"
#include "sender/sender.hpp"
#include "session/control_budget.hpp"
#include "session/fin_exchange.hpp"
#include "session/path_mtu_search.hpp"
#include "session/prober.hpp"
#include "session/sealer.hpp"

namespace udperf::engine {

class StreamEndpoint;

/// The transmit loop of a lane as a task.
class TxTask final : public Task {
 public:
  /// `lane` is notified at its end.
  TxTask(sender::Sender& sender, TestState& shared, Urgency urgency, const Task& lane)
      : sender_(sender), shared_(shared), urgency_(urgency), lane_(lane) {}

  Wake step(MonoTime now, net::ReceiveBuffers& buffers) override;
  void abandon() noexcept override;
  [[nodiscard]] bool over() const override { return over_; }
  [[nodiscard]] Urgency urgency() const override { return urgency_; }
  [[nodiscard]] bool patient() const override { return lane_.patient(); }
  void on_scheduling(Scheduling scheduling) override { sender_.set_scheduling(scheduling); }

 private:
  sender::Sender& sender_;
  TestState& shared_;
  Urgency urgency_;
  const Task& lane_;
  bool over_ = false;
};

/// When a datagram came, and whether the kernel says so: else it may have waited to be read.
struct Arrival {
  MonoTime at{};
  bool kernel = false;
};

/// What only one end, and only its first lane, does: the talk about the session as a whole.
class SessionControl {
 public:
  SessionControl() = default;
  SessionControl(const SessionControl&) = delete;
  SessionControl& operator=(const SessionControl&) = delete;
  virtual ~SessionControl() = default;

  /// A control message that is not about one stream; authentic, trailer removed.
  virtual void on_message(wire::MessageType type, std::span<const std::byte> datagram,
                          StreamEndpoint& lane, const Arrival& arrival) = 0;
  /// A message without a session (HELLO, REQUEST, JOIN) that came to the session's own socket.
  virtual void on_stray(std::span<const std::byte> datagram, StreamEndpoint& lane,
                        MonoTime now) = 0;
  /// Does what is due; returns when something is due next.
  virtual MonoTime on_timer(StreamEndpoint& lane, MonoTime now) = 0;
  /// The lane's thread ran out of memory: nothing more will be asked of it.
  virtual void abandon() noexcept {}
};

/// One stream of one test at one end: its socket, everything that arrives there, and the control
/// messages about the stream. The same class at both ends and for every direction. The sending of
/// DATA is a task of its own (TxTask), so that it can have a thread of its own.
class StreamEndpoint final : public Task {
 public:
  struct Settings {
    session::Role role = session::Role::client;
    std::uint64_t session = 0;
    std::uint8_t stream = 0;
    TestParams params;
    session::Sealer sealer;
    crypto::Key token_key{};  ///< secret of this end; makes the tokens of its DATA
    std::uint64_t payload_seed = 0;
    const traffic::TraceInput* trace = nullptr;  ///< of --profile trace; of the client only
    /// A client stops sending after so long without FEEDBACK; 0 = never. A server always does.
    Duration feedback_patience{0};
    MemoryAccount* memory = nullptr;  ///< of the session, for what is kept of it; null: no limit
    session::ControlBudget* budget = nullptr;  ///< of the session, for all but DATA; null: no limit
    bool light = false;   ///< the test is light: nothing of it must be done to the millisecond
    bool seldom = false;  ///< and both ends know: see session/light.hpp
    /// Runs the transmit loop, unless the lane sends_itself(); null where the lane does not send.
    Executor* senders = nullptr;
  };

  /// `conversation` may be null (every lane but the first).
  StreamEndpoint(const Settings& settings, std::unique_ptr<net::DatagramPort> port,
                 const Clock& clock, TestState& shared, SessionControl* conversation);

  Wake step(MonoTime now, net::ReceiveBuffers& buffers) override;
  void abandon() noexcept override;
  [[nodiscard]] bool over() const override { return over_; }
  [[nodiscard]] int read_fd() const override { return port_->fd(); }
  [[nodiscard]] bool patient() const override { return settings_.light; }

  /// Sends a control message of this lane, sealed; not at all where the session's budget forbids
  /// it: whoever needs it asks again.
  void send(std::vector<std::byte> datagram,
            session::ControlBudget::Kind kind = session::ControlBudget::Kind::answer);
  /// Whether a handshake message that came again is from who holds the session's key.
  [[nodiscard]] bool authentic(std::span<const std::byte> datagram) {
    return settings_.sealer.open(datagram, session::Sealer::Replay::accepted).has_value();
  }
  /// Bytes of control messages that the session's budget holds.
  [[nodiscard]] std::uint64_t affordable() const;

  /// Sends a message that must not be fragmented, padded to `bytes` with what sealing adds. The
  /// status says whether this host could.
  net::SendOutcome::Status send_probe(const wire::Probe& probe, std::size_t bytes);

  /// Sends the probes as one buffer, each padded to `bytes`: what Preflight asks for.
  /// False when the session's budget does not allow that now.
  bool send_merged(const std::vector<wire::Probe>& probes, std::size_t bytes);

  /// Where strays go that are not this session's (the server's front door). Called on the lane's
  /// thread.
  std::function<void(net::Letter)> on_stray;

  /// Both exchanges of this stream have ended, as far as this end needs them.
  [[nodiscard]] bool complete() const { return complete_.load(std::memory_order_acquire); }

  /// The latest view of a direction, for people: from FEEDBACK sent or received.
  struct Live {
    wire::Feedback feedback;
    bool valid = false;
  };
  [[nodiscard]] Live live(Way way) const;
  /// Null until data may flow, and where this end does not send.
  [[nodiscard]] const sender::Sender* sender() const {
    return live_sender_.load(std::memory_order_acquire);
  }

  [[nodiscard]] net::DatagramPort& port() { return *port_; }
  [[nodiscard]] const TestParams& params() const { return settings_.params; }
  /// Of a datagram of DATA: as GO says or will say, as granted before that is known.
  [[nodiscard]] std::uint32_t payload_bytes() const {
    const std::uint32_t agreed = shared_.payload_bytes.load(std::memory_order_relaxed);
    return agreed != 0 ? agreed : settings_.params.payload_bytes;
  }
  [[nodiscard]] MonoTime clock_now() const { return clock_.now(); }
  /// Both clocks of this host.
  [[nodiscard]] ClockAnchor clock_anchor() const { return clock_.anchor(); }
  /// What sealing adds to a control message.
  [[nodiscard]] std::size_t trailer_bytes() const {
    return settings_.sealer.keyed() ? wire::kTrailerBytes : 0;
  }
  [[nodiscard]] std::uint64_t session() const { return settings_.session; }
  [[nodiscard]] std::uint8_t stream() const { return settings_.stream; }
  [[nodiscard]] bool sends() const { return includes(settings_.params.direction, send_way()); }
  [[nodiscard]] bool receives() const {
    return includes(settings_.params.direction, receive_way());
  }
  /// Without a rate, and nothing to receive meanwhile: the lane's own steps send.
  [[nodiscard]] bool sends_itself() const {
    return !receives() && !settings_.params.rate(send_way()).limited();
  }
  /// An unpaced sender must not run before other work, so neither does the lane that is one.
  [[nodiscard]] Urgency urgency() const override {
    return sends() && sends_itself() ? Urgency::bulk : Urgency::arrival;
  }
  [[nodiscard]] Way send_way() const {
    return settings_.role == session::Role::client ? Way::up : Way::down;
  }
  [[nodiscard]] Way receive_way() const {
    return settings_.role == session::Role::client ? Way::down : Way::up;
  }

  /// What is known of the stream, both ways. Closes books that are still open. Only when the lane
  /// is released() (or from its own thread).
  [[nodiscard]] StreamOutcome sent_outcome() const;
  [[nodiscard]] StreamOutcome received_outcome();
  /// errno of a sender that failed, 0 otherwise.
  [[nodiscard]] int send_error() const;
  [[nodiscard]] bool fin_acknowledged() const { return fin_.acknowledged(); }
  /// Whether this lane's tasks run on no thread any more.
  [[nodiscard]] bool idle() const {
    return released() && (!tx_task_ || sends_itself() || tx_task_->released());
  }

 private:
  /// What one turn read; `more` may be waiting.
  struct Reading {
    std::uint64_t reads = 0;
    std::uint64_t bytes = 0;
    bool more = false;
  };

  Reading read(MonoTime now, net::ReceiveBuffers& buffers);
  void on_read(const net::Received& read, MonoTime now);
  void on_control(std::span<const std::byte> datagram, const Arrival& arrival, MonoTime now);
  bool on_stream_message(wire::MessageType type, std::span<const std::byte> inner,
                         std::size_t bytes, const Arrival& arrival, MonoTime now);
  void on_feedback(const wire::Feedback& told, MonoTime arrived, MonoTime now);
  void govern(const wire::Feedback& feedback, bool authentic, MonoTime arrived);
  Wake send_data(net::ReceiveBuffers& buffers);
  void tell_queue();
  void answer(const wire::Probe& probe, std::size_t bytes, const Arrival& arrival);
  void take_payload_size();
  void hand_on_stray(std::span<const std::byte> datagram, wire::MessageType type, MonoTime now);
  void check_licence(MonoTime now);
  [[nodiscard]] Duration echo_licence() const;
  [[nodiscard]] Duration first_licence() const;
  [[nodiscard]] Duration licence() const;
  [[nodiscard]] MonoTime licence_end(MonoTime now) const;
  void run_timers(MonoTime now);
  void send_feedback(MonoTime now);
  [[nodiscard]] Duration feedback_every() const;
  [[nodiscard]] Duration feedback_wait();
  [[nodiscard]] Duration slack() const;
  [[nodiscard]] MonoTime watch_sender(MonoTime now) const;
  void tell_sender() const noexcept;
  void stop_sender(TxEnd why);
  void hold_sender(bool held);
  void close_books_if_due(MonoTime now);
  void close_books(Finalized why);
  [[nodiscard]] bool speechless(MonoTime now) const;
  void flush(MonoTime now);
  void send_report(MonoTime now);
  [[nodiscard]] bool afford(std::size_t bytes, session::ControlBudget::Kind kind, MonoTime now);
  void send_sealed(std::span<const std::byte> datagram);
  void update_complete();
  [[nodiscard]] MonoTime next_wake() const;
  [[nodiscard]] session::ReportExchange::Books books() const;
  receiver::Receiver& receiver_for(std::span<const std::byte> datagram, MonoTime at);
  /// DATA datagrams of this stream, of both parts.
  [[nodiscard]] std::uint64_t accepted() const {
    return receiver_->accepted() + (warm_up_ ? warm_up_->accepted() : 0);
  }
  /// The part that the latest DATA is of.
  [[nodiscard]] const receiver::Receiver& current() const {
    return warm_up_ && !receiver_->has_anchor() ? *warm_up_ : *receiver_;
  }
  void make_receiver();
  void start();

  Settings settings_;
  std::unique_ptr<net::DatagramPort> port_;
  const Clock& clock_;
  TestState& shared_;
  SessionControl* conversation_;
  std::optional<receiver::Receiver> receiver_;
  std::unique_ptr<receiver::Receiver> warm_up_;  ///< of what is left out, where something is
  std::unique_ptr<sender::Sender> sender_;
  std::unique_ptr<TxTask> tx_task_;
  std::atomic<const sender::Sender*> live_sender_{nullptr};
  std::optional<sender::RateAdjuster> adjuster_;  ///< where the rate follows the feedback
  bool begun_ = false;
  receiver::QueueTeller teller_;
  ReadModeration moderation_;
  session::FinExchange fin_;
  session::ReportExchange report_;
  std::optional<RxReport> rx_report_;
  std::optional<Duration> cpu_at_start_;
  HeldUp held_up_at_start_;
  MonoTime cpu_from_{};
  std::uint64_t feedback_number_ = 0;
  MonoTime next_feedback_ = kNever;
  std::uint64_t feedback_accepted_ = 0;  ///< datagrams that had come when FEEDBACK last left
  MonoTime next_piece_ = kNever;         ///< of the report, which waits for its pace
  std::uint32_t mtu_hint_ = 0;           ///< what ICMP told of the path to the peer, for its probes
  std::uint32_t padded_answers_ = 0;     ///< that were larger than their questions
  MonoTime conversation_wake_{};
  // what lets this end go on sending
  std::uint64_t feedback_seen_ = 0;
  MonoTime licensed_{};  ///< latest FEEDBACK
  MonoTime echoed_{};    ///< latest FEEDBACK that echoed recent data
  MonoTime last_licensed_{};
  struct Mark {
    MonoTime at;
    std::uint64_t batches;
  };
  std::deque<Mark> marks_;  ///< how far the sender was in the last two seconds
  mutable std::mutex live_mutex_;
  Live live_sent_;
  Live live_received_;
  std::atomic<bool> complete_{false};
  bool over_ = false;
};

}  // namespace udperf::engine
