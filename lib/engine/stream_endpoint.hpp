#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "clock/clock.hpp"
#include "engine/probe_responder.hpp"
#include "engine/receive_side.hpp"
#include "engine/send_side.hpp"
#include "engine/session_control.hpp"
#include "engine/stream_settings.hpp"
#include "engine/stream_socket.hpp"
#include "engine/task.hpp"
#include "model/outcome.hpp"

namespace udperf::engine {

/// One stream of one test at one end: joins its socket, its sending and its receiving side, and, on
/// the first stream, the control of the session. The same class at both ends and for every
/// direction. The sending of DATA is a task of its own (TxTask), so that it can have a thread of
/// its own.
class StreamEndpoint final : public Task {
 public:
  using Settings = StreamSettings;

  /// `control` may be null (of every stream but the first).
  StreamEndpoint(const Settings& settings, std::unique_ptr<net::DatagramPort> port,
                 const Clock& clock, TestState& test, SessionControl* control);

  Wake step(MonoTime now, net::ReceiveBuffers& buffers) override;
  void abandon() noexcept override;
  [[nodiscard]] bool over() const override { return over_; }
  [[nodiscard]] int read_fd() const override { return socket_.port().fd(); }
  [[nodiscard]] bool tolerates_delay() const override { return settings_.light; }
  /// An unpaced sender must not run before other work, so neither does what sends itself.
  [[nodiscard]] Urgency urgency() const override {
    return sends() && sends_itself() ? Urgency::bulk : Urgency::arrival;
  }

  /// What arrives at full speed is as much as its thread can read.
  [[nodiscard]] std::size_t weight() const override {
    return settings_.receives() && !settings_.params.rate(settings_.receive_way()).limited()
               ? kAllThereIs
               : 1;
  }

  /// Sends a control message of this stream, sealed; see ControlChannel.
  void send(std::vector<std::byte> datagram) { socket_.send(std::move(datagram)); }
  [[nodiscard]] ControlChannel& channel() { return socket_; }

  /// Both exchanges of this stream have ended, as far as this end needs them. From any thread.
  [[nodiscard]] bool complete() const { return complete_.load(std::memory_order_acquire); }

  /// And the peer has said that it has this end's report, where there is one. From any thread.
  [[nodiscard]] bool delivered() const { return delivered_.load(std::memory_order_acquire); }
  /// When it last asked for that report; long ago where it never has. From any thread.
  [[nodiscard]] MonoTime asked_at() const {
    return mono_from_ns(asked_at_ns_.load(std::memory_order_relaxed));
  }

  /// What is known of a direction now. From any thread.
  [[nodiscard]] StreamSnapshot snapshot(Way way) const;
  /// Payload that it has sent, its warm-up's (at the mean length) included. From any thread.
  [[nodiscard]] std::uint64_t sent_bytes() const;

  [[nodiscard]] net::DatagramPort& port() { return socket_.port(); }
  [[nodiscard]] std::uint8_t stream() const { return settings_.stream; }
  [[nodiscard]] const TestParams& params() const { return settings_.params; }
  /// Of a datagram of DATA: as agreed, or as granted before it is. From any thread.
  [[nodiscard]] std::uint32_t payload_bytes() const {
    return test_.payload_bytes_or(granted_bytes_);
  }
  [[nodiscard]] bool sends() const { return settings_.sends(); }
  [[nodiscard]] bool receives() const { return settings_.receives(); }
  [[nodiscard]] bool sends_itself() const { return settings_.sends_itself(); }
  [[nodiscard]] Way send_way() const { return settings_.send_way(); }

  /// What is known of the stream, both ways. Closes books that are still open. Only when the
  /// endpoint is released() (or from its own thread).
  [[nodiscard]] StreamOutcome sent_outcome() const {
    return sending_ ? sending_->outcome() : StreamOutcome{};
  }
  [[nodiscard]] StreamOutcome received_outcome() {
    return receiving_ ? receiving_->outcome() : StreamOutcome{};
  }
  /// errno of a sender that failed, 0 otherwise.
  [[nodiscard]] int send_error() const { return sending_ ? sending_->error() : 0; }
  [[nodiscard]] bool fin_acknowledged() const { return sending_ && sending_->fin_acknowledged(); }
  /// Whether this stream's tasks run on no thread any more.
  [[nodiscard]] bool idle() const { return released() && (!sending_ || sending_->idle()); }

 private:
  friend class StreamSocket;  // hands what it reads to the next five

  std::size_t on_data(const net::Received& read, std::size_t offset, MonoTime now) {
    return receiving_->on_data(read, offset, now);
  }
  void on_control(const ControlMessage& message, MonoTime now);
  void on_stray(wire::MessageType type, std::span<const std::byte> datagram);
  void on_invalid() {
    if (receiving_) {
      receiving_->on_invalid();
    }
  }
  void after_reads();

  void begin(MonoTime now);
  void start();
  bool on_stream_message(const ControlMessage& message, MonoTime now);
  bool on_sender_message(const ControlMessage& message, MonoTime now);
  bool on_receiver_message(const ControlMessage& message, MonoTime now);
  void answer_join(std::span<const std::byte> datagram);
  void run_timers(MonoTime now);
  void flush(MonoTime now);
  void update_complete(MonoTime now);
  void update_delivered();
  void notify_control() const noexcept;
  void notify_sender() const noexcept;
  [[nodiscard]] MonoTime next_wake() const;
  [[nodiscard]] Duration slack() const;

  StreamSettings settings_;
  const std::uint32_t granted_bytes_;  // the settings' may change on this endpoint's own thread
  const Clock& clock_;
  TestState& test_;
  SessionControl* control_;
  StreamSocket socket_;
  ProbeResponder responder_;
  std::optional<SendSide> sending_;
  std::optional<ReceiveSide> receiving_;
  bool begun_ = false;  ///< data may flow, and this stream knows
  std::optional<MonoTime> first_step_;
  MonoTime control_wake_{};
  std::atomic<bool> complete_{false};
  std::atomic<bool> delivered_{false};
  std::atomic<std::int64_t> asked_at_ns_{0};
  bool over_ = false;
  bool trouble_ = false;  ///< the test was in trouble at the last step
};

}  // namespace udperf::engine
