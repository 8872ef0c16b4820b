#include <algorithm>
#include <cerrno>
#include <thread>
#include <utility>

#include "iperf3/client_test.hpp"
#include "iperf3/drain.hpp"
#include "iperf3/peer_reports.hpp"

namespace udperf::iperf3 {
namespace {

using namespace std::chrono_literals;

constexpr Duration kTick = 50ms;
/// A server that sends a certain amount has sent all of it when nothing has come for so long.
constexpr Duration kDried = 2s;

double seconds_of(Duration time) {
  return std::max(std::chrono::duration<double>(time).count(), 0.0);
}

}  // namespace

void ClientTest::run_data(MonoTime now) {
  if (auto trouble = trouble_of_streams()) {
    error_ = std::move(trouble);
    end_data(now);
    return;
  }
  if (silent(now)) {
    // A server that sends nothing is not waited for once more, for its results.
    ended_ = now;
    note_rows(now, true);
    control_->give_up(Error{ErrorCode::cut_short,
                            "no data came for " + format_duration(plan_.data_patience), 0,
                            "transfer"});
    return;
  }
  if (now >= cutter_->next()) {
    note_rows(now, false);
  }
  if (parts_.progress && now >= progress_at_) {
    progress_at_ = now + kTick;
    parts_.progress(record_, counters(), now - started_);
  }
  if (data_over(now)) {
    end_data(now);
  }
}

/// Nothing has come for as long as data is waited for, where all of it comes from the server.
bool ClientTest::silent(MonoTime now) const {
  if (plan_.parameters.client_sends() || plan_.data_patience <= Duration{0}) {
    return false;
  }
  MonoTime last = started_;
  for (const Stream& stream : streams_) {
    if (stream.receiver) {
      last = std::max(last, stream.receiver->last_arrival().value_or(last));
    }
  }
  return now - last > plan_.data_patience;
}

std::optional<Error> ClientTest::trouble_of_streams() const {
  for (const Stream& stream : streams_) {
    if (stream.sender && stream.sender->failed()) {
      const int reason = stream.sender->os_error();
      const bool too_big = reason == EMSGSIZE;
      return Error{ErrorCode::cut_short,
                   too_big ? "the packet size is larger than the path takes unfragmented: give a "
                             "smaller one"
                           : "send to " + plan_.server.to_string(),
                   too_big ? 0 : reason, "transfer"};
    }
  }
  return std::nullopt;
}

bool ClientTest::data_over(MonoTime now) const {
  const bool senders_done = std::all_of(streams_.begin(), streams_.end(), [](const Stream& s) {
    return !s.sender || s.sender->over();
  });
  const Duration omitted = std::chrono::seconds{plan_.parameters.omit_seconds};
  if (plan_.either_amount && plan_.packets != 0 && plan_.parameters.bidirectional) {
    return senders_done || (now - started_ >= omitted && amount_received(now));
  }
  if (!senders_done || !plan_.parameters.server_sends()) {
    return senders_done;
  }
  if (plan_.duration > Duration{0}) {
    return now - started_ >= plan_.duration + omitted;
  }
  return plan_.packets != 0 && now - started_ >= omitted && amount_received(now);
}

bool ClientTest::amount_received(MonoTime now) const {
  std::uint64_t unique = 0;
  MonoTime last = started_;
  for (const Stream& stream : streams_) {
    if (stream.receiver) {
      unique += stream.receiver->totals().unique;
      last = std::max(last, stream.receiver->last_arrival().value_or(last));
    }
  }
  return unique >= plan_.packets || now - last >= kDried;
}

void ClientTest::end_data(MonoTime now) {
  for (Stream& stream : streams_) {
    if (stream.sender) {
      stream.sender->stop(interrupted_ ? TxEnd::interrupted : TxEnd::complete);
    }
  }
  for (const auto& worker : workers_) {
    worker->wake();
  }
  // What the server is told must be what has left: a sender ends within its step.
  const auto running = [](const Stream& s) { return s.sender && !s.sender->over(); };
  for (int i = 0; i < 2000 && std::any_of(streams_.begin(), streams_.end(), running); ++i) {
    std::this_thread::sleep_for(500us);
  }
  ended_ = parts_.clock.now();
  note_rows(ended_, true);
  control_->end_test(now);
}

std::vector<StreamCounters> ClientTest::counters() const {
  std::vector<StreamCounters> out;
  for (const Stream& stream : streams_) {
    StreamCounters& c = out.emplace_back();
    if (stream.sender) {
      c.packets = stream.sender->counted_packets();
    } else {
      c.totals = stream.receiver->totals();
    }
  }
  return out;
}

void ClientTest::note_rows(MonoTime now, bool last) {
  if (last && !cutter_->pending(now)) {
    return;
  }
  const IntervalRows rows = cutter_->cut(record_.streams, counters(), now);
  record_.keep(rows);
  if (parts_.watcher != nullptr) {
    parts_.watcher->on_test_interval(record_, rows);
  }
}

/// The last row of a test that the server did not let come to its end.
void ClientTest::note_cut_off() {
  if (ended_ == kNever) {
    ended_ = parts_.clock.now();
    note_rows(ended_, true);
  }
}

/// What this end can say before it knows the server's count: of what it receives, what it has seen.
Results ClientTest::own_results() const {
  Results out;
  const CpuShare cpu = cpu_->share(parts_.clock.now());
  out.cpu_total = cpu.total;
  out.cpu_user = cpu.user;
  out.cpu_system = cpu.system;
  out.sends = plan_.parameters.client_sends();
  const Duration omitted = std::chrono::seconds{plan_.parameters.omit_seconds};
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    const Stream& stream = streams_[i];
    StreamResult& result = out.streams.emplace_back();
    result.id = stream_id(i);
    result.seconds = seconds_of(ended_ - started_ - omitted);
    if (stream.sender) {
      result.packets = stream.sender->packets();
      result.omitted_packets = stream.sender->omitted_packets();
      result.bytes = stream.sender->counted_packets() * plan_.parameters.length;
      continue;
    }
    const auto totals = stream.receiver->totals();
    result.packets = totals.highest;
    result.omitted_packets = totals.highest - totals.counted;
    result.errors = totals.missing + totals.omitted_missing;
    result.omitted_errors = totals.omitted_missing;
    result.bytes = totals.bytes;
    result.jitter_s = totals.jitter ? seconds_of(*totals.jitter) : 0;
    result.duplicates = totals.duplicates;
    result.out_of_order = totals.reordered;
  }
  return out;
}

/// The server's data may still be under way when its results are there already.
void ClientTest::wait_for_arrivals() {
  const auto& told = control_->server_results();
  const MonoTime begun = parts_.clock.now();
  while (plan_.parameters.server_sends()) {
    const MonoTime now = parts_.clock.now();
    bool complete = told.has_value();
    MonoTime last = begun;
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      if (streams_[i].receiver) {
        complete =
            complete && streams_[i].receiver->totals().all_received(told->streams[i].packets);
        last = std::max(last, streams_[i].receiver->last_arrival().value_or(last));
      }
    }
    if (complete || has_drained(now - last, now - begun)) {
      return;
    }
    std::this_thread::sleep_for(2ms);
  }
}

void ClientTest::stop_streams() {
  for (Stream& stream : streams_) {
    if (stream.sender) {
      stream.sender->stop(TxEnd::interrupted);
    } else if (stream.receiver) {
      stream.receiver->stop();
    }
  }
  workers_.clear();  // joins: nothing is touched by another thread any more
}

void ClientTest::close_books(ClientFinish& finish) {
  if (!finish.began) {
    return;
  }
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    close_stream(i, finish);
  }
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
  if (told != nullptr) {
    auto heard = peer_received(*told, stream.sender->packets(), stream.sender->omitted_packets(),
                               plan_.parameters.length);
    out.rx = std::move(heard.report);
    out.rule_was_wrong = heard.rule_was_wrong;
    out.copies_came = heard.copies_came;
    out.tells_copies = told->duplicates && told->out_of_order;
    row.received_seconds = told->seconds;
    row.jitter_s = told->jitter_s;
    row.out_of_order = told->out_of_order;
  }
}

/// What arrived here of what the server says that it sent.
void ClientTest::close_receiver(Stream& stream, const StreamResult* told, double seconds,
                                ClientStream& out, StreamEnd& row) const {
  const auto sent = told != nullptr ? std::optional{told->packets} : std::nullopt;
  auto closed = stream.receiver->close(sent, parts_.clock.anchor());
  out.rx = std::move(closed.report);
  out.tells_copies = true;
  row.received_seconds = seconds;
  row.jitter_s = closed.result.jitter_s;
  row.out_of_order = out.rx->reordered;
  if (told != nullptr) {
    out.tx = peer_sent(*told, plan_.parameters);
    row.sent_bytes = told->bytes;
    row.sent_packets = out.tx->packets;
    row.sent_seconds = told->seconds;
  }
}

void ClientTest::close_stream(std::size_t index, ClientFinish& finish) {
  Stream& stream = streams_[index];
  const auto& results = control_->server_results();
  const StreamResult* const told = results ? &results->streams[index] : nullptr;
  const Duration omitted = std::chrono::seconds{plan_.parameters.omit_seconds};
  const MonoTime end = ended_ != kNever ? ended_ : parts_.clock.now();
  const double own_seconds = seconds_of(end - started_ - omitted);
  ClientStream& out = finish.streams.emplace_back();
  StreamEnd row;
  out.sent = stream.sender != nullptr;
  if (out.sent) {
    close_sender(stream, told, own_seconds, out, row);
  } else {
    close_receiver(stream, told, own_seconds, out, row);
  }
  if (out.rx) {
    row.received_bytes = out.rx->unique_bytes;
    row.received_packets = out.rx->sent;
    row.lost = out.rx->lost;
  }
  if (told != nullptr) {
    record_.ends.push_back(row);
  }
}

}  // namespace udperf::iperf3
