#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/memory_account.hpp"
#include "model/reports.hpp"
#include "wire/messages.hpp"

namespace udperf::session {

/// The receiver's side: answers FIN, closes the books when nothing more is to come, and hands the
/// report out as often as it is asked for. Who asks says once that it has all of it; where that
/// word is lost, remind() gets it said again. Pure.
class ReportExchange {
 public:
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
