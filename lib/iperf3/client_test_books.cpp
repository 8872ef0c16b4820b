#include <algorithm>
#include <utility>

#include "iperf3/client_test.hpp"
#include "iperf3/end_grace.hpp"
#include "iperf3/peer_reports.hpp"

namespace udperf::iperf3 {
namespace {

double seconds_of(Duration time) {
  return std::max(std::chrono::duration<double>(time).count(), 0.0);
}

}  // namespace

/// How long a stream was counted here, without the omitted time. What the server sends flows until
/// it is told of the end.
double ClientTest::counted_seconds(const Stream& stream) const {
  const MonoTime end = stream.sender || ended_in_omitted_time() ? end_.at : end_.said;
  return seconds_of(end - started_ - std::chrono::seconds{plan_.parameters.omit_seconds});
}

/// What this end can say before it knows the server's count: of what it receives, what it has seen.
Results ClientTest::own_results() const {
  Results out;
  const CpuShare cpu = cpu_->share(parts_.clock.now());
  out.cpu_total = cpu.total;
  out.cpu_user = cpu.user;
  out.cpu_system = cpu.system;
  out.sends = plan_.parameters.client_sends();
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    const Stream& stream = streams_[i];
    StreamResult& result = out.streams.emplace_back();
    result.id = stream_id(i);
    result.seconds = counted_seconds(stream);
    if (stream.sender) {
      result.packets = stream.sender->packets();
      result.omitted_packets = stream.sender->omitted_packets();
      result.bytes = (result.packets - result.omitted_packets) * plan_.parameters.length;
      continue;
    }
    const auto totals = stream.receiver->totals();
    result.packets = totals.highest;
    result.omitted_packets = totals.highest - totals.counted;
    result.errors = totals.missing + totals.omitted.missing;
    result.omitted_errors = totals.omitted.missing;
    result.bytes = totals.bytes;
    result.jitter_s = totals.jitter ? seconds_of(*totals.jitter) : 0;
    result.duplicates = totals.duplicates;
    result.out_of_order = totals.reordered;
  }
  return out;
}

void ClientTest::close_books(ClientFinish& finish) {
  if (!finish.began) {
    return;
  }
  std::vector<StreamCounters> counted;
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    counted.push_back(close_stream(i, finish));
  }
  note_rows(cutter_->cut_last(record_.streams, counted, {end_.at, end_.said}));
  record_.local_cpu = cpu_->share(parts_.clock.now());
  if (const auto& told = control_->server_results()) {
    record_.remote_cpu = {told->cpu_total, told->cpu_user, told->cpu_system};
    if (plan_.parameters.get_server_output) {  // a server may tell it as the client before asked
      record_.server_output_text = told->server_output_text;
      record_.server_output_json = told->server_output_json;
    }
  }
  if (parts_.watcher != nullptr) {
    if (interrupted_ && !error_) {
      record_.error = "interrupt - the client has terminated";
    } else if (error_ && !record_.error) {
      record_.error = failure();
    }
    parts_.watcher->on_test_ended(record_);
  }
}

/// What this end sent, and what the server says of it.
void ClientTest::close_sender(Stream& stream, const StreamResult* told, double seconds,
                              ClientStream& out, StreamEnd& row) const {
  out.tx = stream.sender->report();
  row.sent_bytes = out.tx->payload_bytes;
  row.sent_packets = out.tx->packets;
  row.sent_seconds = seconds;
  row.received_packets = out.tx->packets;
  row.received_told = told != nullptr;
  if (told != nullptr) {
    const StreamResult word = with_seconds(*told, seconds, end_.said - end_.at);
    const Parameters& p = plan_.parameters;
    auto heard = peer_received(
        word, OwnSent{stream.sender->packets(), stream.sender->omitted_packets(), p.length,
                      p.counters_64bit ? Counters::wide : Counters::narrow});
    out.rx = std::move(heard.report);
    out.rule_was_wrong = heard.rule_was_wrong;
    out.copies_came = heard.copies_came;
    out.tells_copies = word.duplicates && word.out_of_order;
    row.received_bytes = word.bytes;
    row.received_seconds = *word.seconds;
    row.jitter_s = word.jitter_s;
    row.out_of_order = word.out_of_order;
  }
}

/// What arrived here of what the server says that it sent.
StreamAccount::Totals ClientTest::close_receiver(Stream& stream, const StreamResult* told,
                                                 double seconds, ClientStream& out,
                                                 StreamEnd& row) const {
  const auto sent =
      told != nullptr ? std::optional{numbered_by_peer(*told, plan_.parameters)} : std::nullopt;
  auto closed = stream.receiver->close(sent, parts_.clock.anchor());
  out.rx = std::move(closed.report);
  out.tells_copies = true;
  row.received_seconds = row.sent_seconds = seconds;
  row.sent_told = told != nullptr;
  row.jitter_s = closed.result.jitter_s;
  row.out_of_order = out.rx->reordered;
  if (told != nullptr) {
    const StreamResult word = with_seconds(*told, seconds);
    out.tx = peer_sent(word, plan_.parameters);
    row.sent_bytes = word.bytes;
    row.sent_packets = out.tx->packets;
    row.sent_seconds = *word.seconds;
  }
  return closed.totals;
}

StreamCounters ClientTest::close_stream(std::size_t index, ClientFinish& finish) {
  Stream& stream = streams_[index];
  std::optional<StreamResult> word;
  if (const auto& results = control_->server_results()) {
    word =
        ended_in_omitted_time() ? without_counts(results->streams[index]) : results->streams[index];
  }
  const StreamResult* const told = word ? &*word : nullptr;
  const double own_seconds = counted_seconds(stream);
  ClientStream& out = finish.streams.emplace_back();
  StreamEnd row;
  StreamCounters counted;
  out.sent = stream.sender != nullptr;
  if (out.sent) {
    close_sender(stream, told, own_seconds, out, row);
    counted.packets = stream.sender->counted_packets();
  } else {
    counted.totals = close_receiver(stream, told, own_seconds, out, row);
  }
  if (out.rx) {
    row.received_bytes = out.rx->unique_bytes;
    row.received_packets = out.rx->sent;
    row.lost = out.rx->lost;
  }
  record_.ends.push_back(row);
  return counted;
}

}  // namespace udperf::iperf3
