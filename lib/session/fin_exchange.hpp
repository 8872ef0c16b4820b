#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "model/reports.hpp"
#include "session/backoff.hpp"
#include "wire/messages.hpp"

namespace udperf::session {

/// The data sender's side of a stream's end: says FIN until the receiver's whole report is here.
/// Where no FIN gets through, the report is asked for all the same. Pure: bytes and time in, bytes
/// and deadlines out; datagrams are unsealed.
class FinExchange {
 public:
  /// From FIN to the report: the receiver may wait Tmax (3 s) for late datagrams.
  static constexpr Duration kPatience = std::chrono::seconds{7};

  FinExchange(std::uint64_t session, std::uint8_t stream) : session_(session), stream_(stream) {}

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
  void say_fin();
  void pull();

  std::uint64_t session_;
  std::uint8_t stream_;
  wire::Fin fin_;
  bool started_ = false;
  bool acknowledged_ = false;
  bool gave_up_ = false;
  MonoTime begun_{};
  MonoTime deadline_ = kNever;
  Backoff backoff_;
  std::vector<std::byte> bytes_;  ///< of the report, from its beginning on
  std::uint32_t total_ = 0;
  std::uint32_t window_end_ = 0;  ///< what was asked for last ends here
  std::optional<RxReport> report_;
  std::vector<std::vector<std::byte>> out_;
};

/// The receiver's side: answers FIN, closes the books when nothing more is to come, and hands the
/// report out as often as it is asked for. Pure.
class ReportExchange {
 public:
  static constexpr Duration kTmax = std::chrono::seconds{3};   ///< RFC 8912's loss threshold
  static constexpr Duration kNoFin = std::chrono::seconds{1};  ///< RFC 9097's load timeout
  static constexpr Duration kQuietLeast = std::chrono::milliseconds{200};

  ReportExchange(std::uint64_t session, std::uint8_t stream) : session_(session), stream_(stream) {}

  /// What the receiver's books say now; decides whether they may be closed (metrics 2.3).
  struct Books {
    bool all_received = false;             ///< every number that FIN speaks of
    std::optional<MonoTime> last_arrival;  ///< of a DATA datagram
  };

  void on_fin(const wire::Fin& fin, MonoTime now);
  void on_pull(const wire::ReportPull& pull, MonoTime now);
  /// Nothing when the books should stay open.
  [[nodiscard]] std::optional<Finalized> due(const Books& books, MonoTime now) const;
  [[nodiscard]] MonoTime next_timeout(const Books& books) const;
  /// Closes: from now on the answer to FIN is this report, and it never changes.
  void set_report(const RxReport& report);
  [[nodiscard]] std::optional<std::vector<std::byte>> poll_transmit();

  [[nodiscard]] const std::optional<TxReport>& fin() const { return fin_; }
  [[nodiscard]] bool closed() const { return !report_bytes_.empty(); }
  /// The sender said that it has the whole report.
  [[nodiscard]] bool delivered() const { return delivered_; }

 private:
  void send_chunks(std::uint32_t offset, std::uint16_t chunks);
  /// How long nothing may arrive after FIN before the books are closed.
  [[nodiscard]] Duration quiet() const;

  std::uint64_t session_;
  std::uint8_t stream_;
  std::optional<TxReport> fin_;
  Duration rtt_max_{0};
  MonoTime fin_at_{};
  std::optional<MonoTime> pulled_without_fin_;
  std::vector<std::byte> report_bytes_;
  bool delivered_ = false;
  std::vector<std::vector<std::byte>> out_;
};

}  // namespace udperf::session
