#include <algorithm>
#include <iterator>
#include <utility>

#include "base/saturating.hpp"
#include "iperf3/end_grace.hpp"
#include "iperf3/report_json.hpp"
#include "iperf3/server_test.hpp"

namespace udperf::iperf3 {
namespace {

/// `rx`: absent where it is not known. `word`: of the client; absent where it did not say its half.
StreamEnd sent_end(const TxReport& tx, const std::optional<RxReport>& rx, const StreamResult& own,
                   const std::optional<StreamResult>& word) {
  const StreamResult told = word.value_or(StreamResult{});
  StreamEnd end;
  end.sent_bytes = tx.payload_bytes;
  end.sent_packets = tx.packets;
  end.sent_seconds = own.seconds.value_or(0);
  end.received_bytes = rx ? rx->unique_bytes : told.bytes;  // without copies
  end.received_packets = rx ? rx->sent : tx.packets;
  end.received_seconds = told.seconds.value_or(0);
  end.lost = rx ? std::optional{rx->lost} : std::nullopt;
  end.out_of_order = told.out_of_order;
  end.jitter_s = told.jitter_s;
  end.received_told = word.has_value();
  return end;
}

StreamEnd received_end(const std::optional<TxReport>& tx, const RxReport& rx,
                       const StreamResult& own, const std::optional<StreamResult>& word) {
  const StreamResult told = word.value_or(StreamResult{});
  StreamEnd end;
  end.sent_bytes = told.bytes;
  end.sent_packets = tx ? tx->packets : 0;
  end.sent_seconds = told.seconds.value_or(0);
  end.received_bytes = rx.unique_bytes;
  end.received_packets = rx.sent;
  end.received_seconds = own.seconds.value_or(0);
  end.lost = rx.lost;
  end.out_of_order = rx.reordered;
  end.jitter_s = own.jitter_s;
  end.sent_told = word.has_value();
  return end;
}

}  // namespace

void ServerTest::note_rows(MonoTime now) {
  if (!cutter_ || !control_.running() || now < cutter_->next()) {
    return;
  }
  std::vector<StreamCounters> counters;
  for (const Stream& stream : streams_) {
    StreamCounters& c = counters.emplace_back();
    if (stream.sender) {
      c.packets = stream.sender->counted_packets();
    } else {
      c.totals = stream.receiver->totals();
    }
  }
  keep_rows(cutter_->cut(record_.streams, counters, now));
}

void ServerTest::keep_rows(const IntervalRows& rows) {
  if (rows.empty()) {
    return;
  }
  if (record_.keep_needs_room() && !memory_.take_rows(rows.size() * sizeof(Row))) {
    record_.make_do();
  }
  record_.keep(rows);
  if (setting_.watcher != nullptr) {
    setting_.watcher->on_test_interval(record_, rows);
  }
}

/// Not before the books are closed: what is late belongs to the last row.
void ServerTest::note_last_rows(const std::vector<StreamCounters>& counted) {
  if (cutter_) {
    const MonoTime end = times_.has_stopped() ? times_.stopped() : setting_.clock.now();
    keep_rows(cutter_->cut_last(record_.streams, counted, {end, end}));
    cutter_.reset();
  }
}

void ServerTest::close_books() {
  if (!times_.has_started()) {
    return;
  }
  std::vector<StreamCounters> counted;
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    counted.push_back(close_stream(i));
  }
  note_last_rows(counted);
  record_.local_cpu = cpu_->share(setting_.clock.now());
  if (const auto& told = control_.client_results()) {
    record_.remote_cpu = {told->cpu_total, told->cpu_user, told->cpu_system};
  }
}

StreamCounters ServerTest::close_stream(std::size_t index) {
  Stream& stream = streams_[index];
  const Parameters& p = control_.parameters();
  const double seconds =
      times_.measured_seconds(setting_.clock.now(), std::chrono::seconds{p.omit_seconds});
  StreamCounters counted;
  std::optional<StreamResult> told;
  if (const auto& results = control_.client_results()) {
    told = p.omit_seconds != 0 && seconds == 0 ? without_counts(results->streams[index])
                                               : with_seconds(results->streams[index], seconds);
  }
  if (stream.sender) {
    stream.tx = stream.sender->report();
    counted.packets = stream.sender->counted_packets();
    stream.own.bytes = stream.tx->payload_bytes;
    stream.own.packets = stream.sender->packets();
    stream.own.omitted_packets = stream.sender->omitted_packets();
    if (told) {
      stream.rx = client_received(*told, {stream.own.packets, stream.own.omitted_packets, p.length,
                                          p.counters_64bit ? Counters::wide : Counters::narrow});
    }
  } else {
    const auto sent = told ? std::optional{told->packets} : std::nullopt;
    auto closed = stream.receiver->close(sent, setting_.clock.anchor());
    stream.rx = std::move(closed.report);
    stream.own = closed.result;
    counted.totals = closed.totals;
    if (told) {
      stream.tx = peer_sent(*told, p);
    }
  }
  stream.own.id = stream_id(index);
  stream.own.seconds = seconds;
  record_.ends.push_back(stream.sender ? sent_end(*stream.tx, stream.rx, stream.own, told)
                                       : received_end(stream.tx, *stream.rx, stream.own, told));
  return counted;
}

/// Who asks, and what for, as far as it has been said.
void ServerTest::note_client() {
  record_.server = true;
  record_.parameters = control_.parameters();
  record_.host = client().address.to_string();
  record_.port = client().port;
  record_.start = setting_.clock.unix_now();
  const Cookie& cookie = control_.cookie();
  if (cookie.front() != std::byte{0}) {
    std::transform(cookie.begin(), cookie.end() - 1, std::back_inserter(record_.cookie),
                   [](std::byte b) { return static_cast<char>(b); });
  }
}

void ServerTest::tell_end() {
  if (setting_.watcher == nullptr) {
    return;
  }
  record_.shut_down = control_.shut_down_ended_it();
  if (record_.shut_down) {
    record_.error = kServerInterrupted;
  } else if (control_.ended() && control_.status() != TestStatus::complete) {
    record_.error = control_.reason();
  }
  if (times_.has_started()) {
    setting_.watcher->on_test_ended(record_);
  } else if (!admission_.turned_away()) {
    note_client();
    setting_.watcher->on_test_unstarted(record_);
  }
}

std::uint64_t ServerTest::sent_bytes() const {
  std::uint64_t packets = 0;
  for (const Stream& stream : streams_) {
    packets += stream.sender && times_.has_started() ? stream.sender->packets() : 0;
  }
  return saturating_mul(packets, control_.parameters().length);
}

Results ServerTest::own_results() {
  Results out;
  out.cpu_total = record_.local_cpu.total;
  out.cpu_user = record_.local_cpu.user;
  out.cpu_system = record_.local_cpu.system;
  out.sends = control_.parameters().server_sends();
  for (const Stream& stream : streams_) {
    out.streams.push_back(stream.own);
  }
  if (control_.parameters().get_server_output) {
    tell_report(out);
  }
  return out;
}

/// This server's own report, for the client. What it is made of many rows would take memory that
/// nobody granted, and time of the thread that answers everybody: then it has the sums alone.
void ServerTest::tell_report(Results& out) {
  constexpr std::size_t kMostRows = 2000;
  constexpr std::size_t kBytesOfRow = 4096;  // as JSON, in every form that it is in at a time
  std::size_t rows = 0;
  for (const IntervalRows& each : record_.intervals) {
    rows += each.size();
  }
  const bool told = rows <= kMostRows && memory_.take_rows(rows * kBytesOfRow);
  auto kept = told ? std::vector<IntervalRows>{} : std::exchange(record_.intervals, {});
  if (setting_.json_output) {
    out.server_output_json = report_json(record_, *setting_.json_output);
  } else {
    out.server_output_text = report_text(record_, setting_.text_output);
  }
  if (!told) {
    record_.intervals = std::move(kept);
  }
}

SessionOutcome ServerTest::outcome() const {
  SessionOutcome out;
  out.session = id_;
  out.client = client();
  out.server = local();
  out.opened = times_.opened();
  out.closed = times_.at(setting_.clock.now());
  out.params = params();
  out.status = control_.status();
  out.reason = control_.reason();
  out.iperf3.emplace();
  if (!times_.has_started()) {
    return out;
  }
  for (const Stream& stream : streams_) {
    auto& way = stream.sender ? out.down : out.up;
    if (!way) {
      way.emplace();
    }
    way->streams.push_back(StreamOutcome{stream.tx, stream.rx});
    if (stream.sender && stream.tx && stream.rx) {
      auto& tx = way->streams.back().tx;
      tx = judged_part(*tx, *stream.rx, control_.parameters().length);
    }
  }
  return out;
}

}  // namespace udperf::iperf3
