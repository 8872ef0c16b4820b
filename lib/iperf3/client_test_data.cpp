#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "iperf3/amount_time.hpp"
#include "iperf3/client_test.hpp"
#include "iperf3/drain.hpp"
#include "iperf3/end_grace.hpp"
#include "iperf3/host_silence.hpp"
#include "iperf3/peer_reports.hpp"

namespace udperf::iperf3 {
namespace {

using namespace std::chrono_literals;

constexpr Duration kTick = 50ms;

}  // namespace

void ClientTest::run_data(MonoTime now) {
  if (end_.at != kNever) {
    say_end(now);
    return;
  }
  if (auto trouble = trouble_of_streams()) {
    error_ = std::move(trouble);
    end_data();
    return;
  }
  if (silent(now)) {
    leave("no data came for " + format_duration(plan_.data_patience), TxEnd::peer_silent);
    return;
  }
  if (overdue(now)) {
    leave("the amount did not arrive within " + format_duration(plan_.longest), TxEnd::interrupted);
    return;
  }
  if (host_is_gone(now)) {
    leave("the server's host no longer answers: nothing came from it for " +
              format_duration(kGone) + ", on the control connection neither",
          TxEnd::peer_silent);
    return;
  }
  if (now >= cutter_->next()) {
    note_rows(cutter_->cut(record_.streams, counters(), now));
  }
  if (parts_.progress && now >= progress_at_) {
    progress_at_ = now + kTick;
    parts_.progress(record_, counters(), now - started_);
  }
  if (data_over(now)) {
    end_data();
  }
}

/// A server that is silent, or far too slow, is not waited for once more, for its results.
void ClientTest::leave(const std::string& why, TxEnd senders) {
  stop_senders(senders);
  note_end();
  control_->give_up(Error{ErrorCode::cut_short, why, 0, "transfer"});
}

/// What is sent waits while it is in doubt whether anybody is there.
bool ClientTest::host_is_gone(MonoTime now) {
  if (plan_.control.keep_alive) {
    return false;  // then the kernel asks as the user wants it
  }
  Duration silence = connection_->silence().value_or(Duration{0});
  for (const Stream& stream : streams_) {
    if (const auto last = stream.receiver ? stream.receiver->last_arrival() : std::nullopt) {
      silence = std::min(silence, now - *last);
    }
  }
  for (Stream& stream : streams_) {
    if (stream.sender) {
      stream.sender->pause(silence > kDoubtOfServer);
    }
  }
  return silence > kGone;
}

/// Nothing has come for as long as the server's data is waited for.
bool ClientTest::silent(MonoTime now) const {
  if (!plan_.parameters.server_sends() || plan_.data_patience <= Duration{0}) {
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

/// The server sends on, but so little that the amount is not there in any time that was to be
/// expected.
bool ClientTest::overdue(MonoTime now) const {
  return plan_.parameters.server_sends() && plan_.longest > Duration{0} &&
         now - started_ > plan_.longest;
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
    if (stream.receiver && !stream.receiver->totals().exact) {  // nothing more would be right
      return Error{ErrorCode::cut_short, "no memory is left for the books of what arrives", 0,
                   "transfer"};
    }
  }
  return std::nullopt;
}

bool ClientTest::data_over(MonoTime now) const {
  const bool senders_done = std::all_of(streams_.begin(), streams_.end(), [](const Stream& s) {
    return !s.sender || s.sender->over();
  });
  if (plan_.either_amount && plan_.packets != 0 && plan_.parameters.bidirectional) {
    return senders_done || amount_received(now);
  }
  if (!senders_done || !plan_.parameters.server_sends()) {
    return senders_done;
  }
  if (plan_.duration > Duration{0}) {
    return now - started_ >= plan_.duration + std::chrono::seconds{plan_.parameters.omit_seconds};
  }
  return plan_.packets != 0 && amount_received(now);
}

/// As much has arrived: what is lost on the way is made up for. Or what came behind the omitted
/// time has ended, of a server that may have sent no more than the amount: its results tell what is
/// lost.
bool ClientTest::amount_received(MonoTime now) const {
  constexpr Duration kAnswered = 500ms;
  std::uint64_t unique = 0;
  MonoTime last = started_;
  for (const Stream& stream : streams_) {
    if (stream.receiver) {
      unique += stream.receiver->totals().unique;
      last = std::max(last, stream.receiver->last_arrival().value_or(last));
    }
  }
  const auto quiet = quiet_after_amount(plan_.parameters);
  if (unique >= plan_.packets || unique == 0 || !quiet || now - last < *quiet) {
    return unique >= plan_.packets;
  }
  // A path that is out is told from it: the host has not answered since, either.
  return plan_.control.keep_alive ||
         connection_->silence().value_or(Duration{0}) + kAnswered < now - last;
}

/// Whether a stream may have told something, and not the time is over.
bool ClientTest::wait_to_be_told(MonoTime until) const {
  const MonoTime now = parts_.clock.now();
  if (now >= until) {
    return false;
  }
  os::wait_readable(std::array<int, 1>{told_.fd()}, until - now);
  told_.take();
  return true;
}

/// Returns when what they have sent is final.
void ClientTest::stop_senders(TxEnd why) {
  for (Stream& stream : streams_) {
    if (stream.sender) {
      stream.sender->stop(why);
    }
  }
  for (const auto& worker : workers_) {
    worker->wake();
  }
  // What is told must be what has left: a sender ends within its step.
  const auto running = [](const Stream& s) { return s.sender && !s.sender->over(); };
  const MonoTime until = parts_.clock.now() + 1s;
  while (std::any_of(streams_.begin(), streams_.end(), running) && wait_to_be_told(until)) {
  }
}

bool ClientTest::ended_in_omitted_time() const {
  const Duration omitted = std::chrono::seconds{plan_.parameters.omit_seconds};
  return end_.at != kNever && end_.at < started_ + omitted;
}

/// From here on this end sends no more. Where that is in the omitted time, nothing counts at all:
/// not what still comes, either.
void ClientTest::note_end() {
  end_.at = parts_.clock.now();
  if (!ended_in_omitted_time()) {
    return;
  }
  for (Stream& stream : streams_) {
    if (stream.receiver) {
      stream.receiver->omit_until(kNever);
    }
  }
}

void ClientTest::end_data() {
  stop_senders(interrupted_ ? TxEnd::interrupted : TxEnd::complete);
  note_end();
  const bool sent = plan_.parameters.client_sends();
  end_.grace = sent ? end_grace(connection_->round_trip()) : Duration{0};
  say_end(end_.at);
}

/// Tells the server that the test is over, once what is under way has had time to arrive.
void ClientTest::say_end(MonoTime now) {
  if (now - end_.at >= end_.grace) {
    end_.said = now;
    const Duration all = end_patience(plan_.end_patience, plan_.start_by - started_);
    control_->end_test(now, all - (now - end_.at));
  }
}

/// Whoever wants to leave waits for what the server has counted, but not for long.
void ClientTest::interrupt(MonoTime now) {
  interrupted_ = true;
  if (started_ == kNever) {
    control_->terminate();
    return;
  }
  if (control_->running() && end_.at == kNever) {
    end_data();
  }
  control_->end_by(now + kInterruptedPatience);
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

void ClientTest::note_rows(const IntervalRows& rows) {
  if (rows.empty()) {
    return;
  }
  record_.keep(rows);
  if (parts_.watcher != nullptr) {
    parts_.watcher->on_test_interval(record_, rows);
  }
}

/// When a test was over that the server did not let come to its end.
void ClientTest::note_cut_off() {
  if (end_.at == kNever) {
    stop_senders(control_->abandoned() ? TxEnd::peer_silent : TxEnd::peer_stopped);
    note_end();
  }
  if (end_.said == kNever) {
    end_.said = parts_.clock.now();
  }
}

/// The server's data may still be under way when its results are there already.
void ClientTest::wait_for_arrivals() {
  const auto& told = control_->server_results();
  const MonoTime begun = parts_.clock.now();
  for (std::size_t i = 0; told && i < streams_.size(); ++i) {
    if (streams_[i].receiver) {
      streams_[i].receiver->expect(numbered_by_peer(told->streams[i], plan_.parameters));
    }
  }
  while (plan_.parameters.server_sends()) {
    bool complete = told.has_value();
    MonoTime last = begun;
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      if (streams_[i].receiver) {
        complete = complete && streams_[i].receiver->totals().all_received(
                                   numbered_by_peer(told->streams[i], plan_.parameters));
        last = std::max(last, streams_[i].receiver->last_arrival().value_or(last));
      }
    }
    if (complete || !wait_to_be_told(drained_at(last, begun))) {
      return;
    }
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

}  // namespace udperf::iperf3
