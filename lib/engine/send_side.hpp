#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "engine/live_feedback.hpp"
#include "engine/send_permit.hpp"
#include "engine/stream_socket.hpp"
#include "engine/tx_task.hpp"
#include "model/outcome.hpp"
#include "sender/rate_adjuster.hpp"
#include "sender/sender.hpp"
#include "session/fin_exchange.hpp"

namespace udperf::engine {

/// The sending end of a stream: its sender and transmit loop, what the receiver's FEEDBACK means to
/// them, and the exchange of FIN for the receiver's report. Where the stream does not send itself
/// the loop is a task of its own (TxTask), so that it can have a thread of its own.
class SendSide {
 public:
  /// `endpoint`: the task whose steps call this; notified when the sender ends. All outlive it.
  SendSide(const StreamSettings& settings, StreamSocket& socket, const Clock& clock,
           TestState& test, const Task& endpoint);

  /// Data may flow. Once; after the size of datagrams is settled.
  void start();

  void on_feedback(const wire::Feedback& told, MonoTime arrived, MonoTime now);
  void on_fin_ack() { fin_.on_fin_ack(); }
  void on_report(const wire::ReportChunk& chunk, MonoTime now) { fin_.on_report(chunk, now); }

  /// Sends DATA where the stream does that itself: what the receiver tells is then read between two
  /// batches, without waking anybody up.
  Wake transmit(net::ReceiveBuffers& buffers);
  void run_timers(MonoTime now);
  /// Sends what the exchange of FIN has to say; `mute`: drops it.
  void flush(bool mute);
  [[nodiscard]] MonoTime next_wake() const;
  /// Has the transmit loop look at what has changed: it may sleep until its next datagram is due.
  void notify_sender() const noexcept;

  [[nodiscard]] bool started() const { return sender_ != nullptr; }
  /// The exchange of FIN has ended, with a report or without.
  [[nodiscard]] bool over() const { return fin_.over(); }
  [[nodiscard]] bool fin_acknowledged() const { return fin_.acknowledged(); }
  /// Whether the transmit loop runs on no thread of its own any more.
  [[nodiscard]] bool idle() const {
    return !tx_task_ || settings_.sends_itself() || tx_task_->released();
  }
  /// Null until data may flow. From any thread.
  [[nodiscard]] const sender::Sender* sender() const {
    return live_sender_.load(std::memory_order_acquire);
  }
  /// The latest FEEDBACK that came. From any thread.
  [[nodiscard]] std::optional<wire::Feedback> live() const { return live_.get(); }

  /// What is known of the stream. Only when no thread sends any more, or from the stream's own.
  [[nodiscard]] StreamOutcome outcome() const;
  /// errno of a sender that failed, 0 otherwise.
  [[nodiscard]] int error() const;

 private:
  [[nodiscard]] sender::Sender::Settings sender_settings() const;
  [[nodiscard]] Duration echo_patience() const;
  [[nodiscard]] SendPermit::Peer peer(MonoTime now) const {
    return {test_.round_trip(), test_.unproven(now)};
  }
  [[nodiscard]] wire::Feedback whole(const wire::Feedback& told, std::uint64_t batches,
                                     MonoTime now) const;
  void govern(const wire::Feedback& feedback, bool authentic, MonoTime arrived);
  void govern_sender(MonoTime now);
  void start_fin(MonoTime now);
  void stop_sender(TxEnd why);
  void hold_sender(bool held);
  [[nodiscard]] MonoTime watch_sender(MonoTime now) const;

  const StreamSettings& settings_;
  StreamSocket& socket_;
  const Clock& clock_;
  TestState& test_;
  const Task& endpoint_;
  std::unique_ptr<sender::Sender> sender_;
  std::unique_ptr<TxTask> tx_task_;
  std::atomic<const sender::Sender*> live_sender_{nullptr};
  std::optional<sender::RateAdjuster> adjuster_;  ///< where the rate follows the feedback
  SendPermit permit_;
  session::FinExchange fin_;
  LiveFeedback live_;
};

}  // namespace udperf::engine
