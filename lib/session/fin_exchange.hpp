#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/memory_account.hpp"
#include "model/reports.hpp"
#include "session/backoff.hpp"
#include "session/pull_window.hpp"
#include "wire/messages.hpp"

namespace udperf::session {

/// The data sender's side of a stream's end: says FIN until the receiver's whole report is here.
/// Where no FIN gets through, the report is asked for all the same. Pure: bytes and time in, bytes
/// and deadlines out; datagrams are unsealed.
class FinExchange {
 public:
  /// From FIN to the report: the receiver may wait Tmax (3 s) for late datagrams.
  static constexpr Duration kPatience = std::chrono::seconds{7};

  /// The peer's report is taken from `account`; null: no limit. Where it does not fit, the exchange
  /// is over without one. REPORT_PULL is padded to `pull_bytes`: a server answers with a multiple
  /// of what it gets.
  FinExchange(std::uint64_t session, std::uint8_t stream, MemoryAccount* account = nullptr,
              std::size_t pull_bytes = 0)
      : session_(session), stream_(stream), pull_bytes_(pull_bytes), memory_(account) {}

  void start(const TxReport& report, Duration rtt_max, MonoTime now);
  void on_fin_ack() { acknowledged_ = true; }
  void on_report(const wire::ReportChunk& chunk, MonoTime now);
  void on_timer(MonoTime now);
  [[nodiscard]] MonoTime next_timeout() const;
  [[nodiscard]] std::optional<std::vector<std::byte>> poll_transmit();

  [[nodiscard]] bool started() const { return started_; }
  /// Over, with a report or without.
  [[nodiscard]] bool over() const { return report_.has_value() || gave_up_; }
  [[nodiscard]] const std::optional<RxReport>& report() const { return report_; }
  [[nodiscard]] const TxReport& fin() const { return fin_.report; }
  /// Whether the receiver ever answered a FIN: tells a lost FIN from a lost report.
  [[nodiscard]] bool acknowledged() const { return acknowledged_; }

 private:
  void pull();
  void give_up();
  void keep(const wire::ReportChunk& chunk);
  void append(std::span<const std::byte> piece);
  void append_kept();
  void finish();

  std::uint64_t session_;
  std::uint8_t stream_;
  std::size_t pull_bytes_;
  wire::Fin fin_;
  bool started_ = false;
  bool acknowledged_ = false;
  bool gave_up_ = false;
  MonoTime begun_{};
  MonoTime deadline_ = kNever;
  Duration round_trips_{0};  ///< that an exchange may take, beside kPatience
  Backoff backoff_;
  std::vector<std::byte> bytes_;                          ///< of the report, from its beginning on
  std::uint32_t have_ = 0;                                ///< how many of them have come
  std::map<std::uint32_t, std::vector<std::byte>> kept_;  ///< pieces behind a lost one, by offset
  MemoryShare memory_;
  std::uint32_t total_ = 0;
  PullWindow window_;
  bool fin_due_ = false;
  bool pull_due_ = false;
  std::optional<RxReport> report_;
};

/// The receiver's side: answers FIN, closes the books when nothing more is to come, and hands the
/// report out as often as it is asked for. Who asks says once that it has all of it; where that
/// word is lost, remind() gets it said again. Pure.
class ReportExchange {
 public:
  static constexpr Duration kTmax = std::chrono::seconds{3};   ///< RFC 8912's loss threshold
  static constexpr Duration kNoFin = std::chrono::seconds{1};  ///< RFC 9097's load timeout
  static constexpr Duration kQuietLeast = std::chrono::milliseconds{200};

  /// The report's bytes are taken from `account`; null: no limit. Where they do not fit, it is cut
  /// to its totals.
  ReportExchange(std::uint64_t session, std::uint8_t stream, MemoryAccount* account = nullptr)
      : session_(session), stream_(stream), memory_(account) {}

  /// What the receiver's books say now; decides whether they may be closed (docs/protocol.md 7).
  struct Books {
    bool all_received = false;             ///< every number that FIN speaks of
    std::optional<MonoTime> last_arrival;  ///< of a DATA datagram
  };

  void on_fin(const wire::Fin& fin, MonoTime now);
  void on_pull(const wire::ReportPull& pull, MonoTime now);
  /// Nothing when the books should stay open.
  [[nodiscard]] std::optional<Finalized> due(const Books& books, MonoTime now) const;
  [[nodiscard]] MonoTime next_timeout(const Books& books) const;
  /// Closes: from now on the answer to FIN is this report, and it never changes. Where there is no
  /// memory for all of it, `report` itself is cut, too.
  void set_report(RxReport& report);
  /// The next datagram is made when it is to be sent: what is asked for is never queued.
  [[nodiscard]] std::optional<std::vector<std::byte>> poll_transmit();
  /// Says the last piece of the report again where the sender has not said for a while that it has
  /// all: who has it says so then, who has not goes on asking. Only for an end that nobody counts
  /// the bytes of.
  void remind(MonoTime now);
  /// When remind() has something to say; kNever: nothing.
  [[nodiscard]] MonoTime next_reminder() const { return delivered_ ? kNever : remind_at_; }
  /// Its length; 0 = there is none.
  [[nodiscard]] std::size_t waiting_bytes() const;

  [[nodiscard]] const std::optional<TxReport>& fin() const { return fin_; }
  [[nodiscard]] bool closed() const { return !report_bytes_.empty(); }
  /// The sender said that it has the whole report.
  [[nodiscard]] bool delivered() const { return delivered_; }
  /// When it last said FIN, or asked for the report, after the books were closed.
  [[nodiscard]] MonoTime asked_at() const { return asked_at_; }

 private:
  void asked(MonoTime now);
  [[nodiscard]] Duration reminder_wait() const;
  void offer(std::uint32_t offset, std::uint16_t chunks);
  [[nodiscard]] std::size_t piece_bytes() const;
  /// How long nothing may arrive after FIN before the books are closed.
  [[nodiscard]] Duration quiet() const;

  std::uint64_t session_;
  std::uint8_t stream_;
  std::optional<TxReport> fin_;
  Duration rtt_max_{0};
  MonoTime fin_at_{};
  std::optional<MonoTime> pulled_without_fin_;
  std::vector<std::byte> report_bytes_;
  MemoryShare memory_;
  bool delivered_ = false;
  MonoTime asked_at_{};
  MonoTime remind_at_ = kNever;
  bool ack_due_ = false;
  std::uint32_t next_ = 0;   ///< of the report: what is wanted begins here
  std::uint32_t until_ = 0;  ///< and ends here
};

}  // namespace udperf::session
