#pragma once

#include <memory>
#include <optional>

#include "engine/feedback_schedule.hpp"
#include "engine/live_feedback.hpp"
#include "engine/stream_socket.hpp"
#include "model/outcome.hpp"
#include "receiver/queue_reporter.hpp"
#include "receiver/receiver.hpp"
#include "sender/host_load.hpp"
#include "session/report_exchange.hpp"

namespace udperf::engine {

/// The receiving end of a stream: keeps the books of its DATA, tells the sender by FEEDBACK, and
/// hands out the report once the books are closed.
class ReceiveSide {
 public:
  /// `settings` takes the agreed size of datagrams, which DATA may tell first. All outlive it.
  ReceiveSide(StreamSettings& settings, StreamSocket& socket, const Clock& clock, TestState& test);

  /// The stream's thread begins: what it uses of the processor is counted from here on, or from
  /// the end of the warm-up.
  void begin_account(MonoTime now);
  /// Data may flow. Once.
  void start();

  /// Takes the DATA of a read from `offset` on; returns where it stopped.
  std::size_t on_data(const net::Received& read, std::size_t offset, MonoTime now);
  /// A datagram that is no message at all.
  void on_invalid() {
    if (!report_.closed()) {
      receiver_->count_invalid();
    }
  }
  void on_fin(const wire::Fin& fin, MonoTime now) {
    if (receiver_->allows(fin.report)) {
      report_.on_fin(fin, now);
    }
  }
  void on_pull(const wire::ReportPull& pull, MonoTime now) { report_.on_pull(pull, now); }

  /// A sender at full speed must hear of the queue before it is full.
  void tell_queue();
  void run_timers(MonoTime now);
  /// Pieces of the report as far as budget and pace go; the rest when the pace allows it, or when
  /// the peer asks again.
  void send_report(MonoTime now);
  [[nodiscard]] MonoTime next_wake() const;

  [[nodiscard]] bool closed() const { return report_.closed(); }
  /// The sender has said that it has the whole report.
  [[nodiscard]] bool delivered() const { return report_.delivered(); }
  /// When it last asked for it.
  [[nodiscard]] MonoTime asked_at() const { return report_.asked_at(); }
  /// Nothing has come lately, and no sender waits for a word.
  [[nodiscard]] bool quiet() const { return !queue_reporter_.on() && schedule_.quiet(accepted()); }
  /// The latest FEEDBACK that was said. From any thread.
  [[nodiscard]] std::optional<wire::Feedback> live() const { return live_.get(); }

  /// What is known of the stream. Closes books that are still open. Only when no thread steps the
  /// stream any more, or from its own.
  [[nodiscard]] StreamOutcome outcome();

 private:
  void adopt_payload_size();
  void make_receiver();
  receiver::Receiver& receiver_for(std::span<const std::byte> datagram, MonoTime at);
  [[nodiscard]] wire::Feedback make_feedback(MonoTime now);
  void send_feedback(MonoTime now);
  void close_books_if_due(MonoTime now);
  void close_books(Finalized why);
  void report_host(RxReport& report) const;
  [[nodiscard]] session::ReportExchange::Books books() const;
  /// DATA datagrams of this stream, of both parts.
  [[nodiscard]] std::uint64_t accepted() const {
    return receiver_->accepted() + (warm_up_ ? warm_up_->accepted() : 0);
  }
  /// The part that the latest DATA is of.
  [[nodiscard]] const receiver::Receiver& current() const {
    return warm_up_ && !receiver_->has_anchor() ? *warm_up_ : *receiver_;
  }

  StreamSettings& settings_;
  StreamSocket& socket_;
  const Clock& clock_;
  TestState& test_;
  std::optional<receiver::Receiver> receiver_;   ///< always there
  std::unique_ptr<receiver::Receiver> warm_up_;  ///< of what is left out, where something is
  receiver::QueueReporter queue_reporter_;
  FeedbackSchedule schedule_;
  std::uint64_t feedback_number_ = 0;
  session::ReportExchange report_;
  std::optional<RxReport> rx_report_;
  MonoTime next_piece_ = kNever;  ///< of the report, which waits for its pace
  MonoTime account_from_{};
  sender::HostMeter host_;
  std::uint64_t checksum_errors_before_ = 0;  ///< in the warm-up
  LiveFeedback live_;
};

}  // namespace udperf::engine
