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

}  // namespace udperf::session
