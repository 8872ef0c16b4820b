#include "sender/sender.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "sender/batch_room.hpp"
#include "sender/native_format.hpp"

namespace udperf::sender {
namespace {

using Status = net::SendOutcome::Status;

// Refusals in a row after which a sender that nothing paces waits a moment each time.
constexpr std::uint32_t kFewRefusals = 8;
constexpr Duration kRetry = std::chrono::milliseconds{1};
// Where no rate is asked for, the caller gets its turn after so long, or so many batches.
constexpr Duration kTurn = std::chrono::microseconds{50};
constexpr int kBatchesPerTurn = 32;
// The same where a rate is: what a late wake-up owes mostly leaves in one turn. The clock is looked
// at after so many datagrams, about as many as one system call takes.
constexpr Duration kPacedTurn = std::chrono::milliseconds{1};
constexpr std::uint64_t kLookEvery = 64;
// The last of a test has so long to leave; then it is given up.
constexpr Duration kLastTurn = std::chrono::milliseconds{20};
/// So long at the end of a test a receiver may just have been held up: its report tells.
constexpr Duration kSilent = std::chrono::seconds{1};
/// A test that begins later than this after its warm-up was held up, and has its time all the same.
constexpr Duration kLateStart = std::chrono::milliseconds{5};

std::unique_ptr<const DatagramFormat> native_format(const Sender::Settings& s) {
  NativeFormatSettings out;
  out.session = s.session;
  out.stream = s.stream;
  out.header = s.params.header;
  out.tag = s.compact_tag;
  out.token_key = s.token_key;
  out.payload = s.params.payload;
  out.seed = s.payload_seed;
  out.warm_up = s.params.omit > Duration{0};
  return make_native_format(out);
}

/// The largest first: what is shorter and alone can be sent from that one.
std::vector<BatchBuffer> make_buffers(const Sender::Settings& s, const DatagramFormat& format,
                                      const net::DatagramPort& port) {
  std::vector<std::uint32_t> lengths;
  const TrafficShape& shape = s.params.shape(s.way);
  for (const SizeShare& share : shape.mix()) {
    if (shape.spacing != Spacing::trace) {
      lengths.push_back(share.bytes);
    }
  }
  std::sort(lengths.begin(), lengths.end(), std::greater<>{});
  lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
  const bool mixed = lengths.size() > 1;
  if (lengths.empty()) {
    lengths.push_back(s.params.payload_bytes);
  }
  std::vector<BatchBuffer> buffers;
  for (const std::uint32_t length : lengths) {
    const std::uint32_t limit =
        std::min(port.batch_limit(length), most_together(s.params, s.way, length));
    buffers.emplace_back(format, length, mixed ? std::min(limit, Sender::kMixedBatch) : limit,
                         mixed ? nullptr : s.batches);
  }
  return buffers;
}

}  // namespace

Sender::Sender(const Settings& settings, net::DatagramPort& port, const Clock& clock)
    : Sender(settings, native_format(settings), port, clock) {}

Sender::Sender(const Settings& settings, std::unique_ptr<const DatagramFormat> format,
               net::DatagramPort& port, const Clock& clock)
    : settings_(settings),
      port_(port),
      clock_(clock),
      format_(std::move(format)),
      plan_(settings.params, settings.way, settings.stream, settings.trace, traffic::Part::test,
            format_->least_bytes()),
      buffers_(make_buffers(settings, *format_, port)),
      pacer_(settings_.params, settings_.way, port, settings.kernel_pacing),
      stats_(port.queue_drops()) {
  if (settings.params.omit > Duration{0}) {
    warm_up_.emplace(settings.params, settings.way, settings.stream, settings.trace,
                     traffic::Part::warm_up, format_->least_bytes());
  }
  const SendRate& rate = settings.params.rate(settings.way);
  TxReport& report = stats_.report();
  report.governor = rate.flood ? TxGovernor::flood : TxGovernor::none;
  if (!rate.limited() && !rate.flood && settings.receive_buffer != 0) {
    report.governor = TxGovernor::receiver;
    gate_ = std::make_unique<QueueGate>(pacing::Governor::Start{
        settings.params.payload_bytes, settings.receive_buffer, settings.round_trip});
  }
}

std::uint32_t Sender::batch_of(const BatchBuffer& buffer, std::uint32_t length) const {
  return std::min(buffer.capacity(), port_.batch_limit(length));
}

/// Of the largest datagrams.
std::uint32_t Sender::batch_now() const {
  return batch_of(buffers_.front(), buffers_.front().payload_bytes());
}

/// What is due together: a burst that was asked for may be longer than a batch, and then takes
/// several.
std::uint32_t Sender::burst_limit() const {
  return settings_.params.burst == Duration{0}
             ? batch_now()
             : port_.batch_limit(buffers_.front().payload_bytes());
}

/// The one whose datagrams have this length, else the largest.
BatchBuffer& Sender::buffer_for(std::uint32_t length) {
  const auto fits = [length](const BatchBuffer& b) { return b.payload_bytes() == length; };
  const auto found = std::find_if(buffers_.begin(), buffers_.end(), fits);
  return found == buffers_.end() ? buffers_.front() : *found;
}

void Sender::begin(MonoTime now) {
  started_ = true;
  begun_ = now;
  stats_.begin(now, clock_.anchor());
  host_.begin(clock_);
  pacer_.begin(plan_, burst_limit(), now);
  stats_.plan_gap(pacer_.longest_gap());
}

void Sender::end_warm_up(MonoTime now) {
  warm_up_.reset();
  stats_.end_warm_up(now, port_.queue_drops());
  pacer_.end_warm_up();
  if (gate_) {
    gate_->end_warm_up(now);
  }
  host_.restart(clock_);
  // Late by a wake-up, the test ends as late: it lasts as long as was asked for.
  begun_ = std::max(begun_ + settings_.params.omit, now - kLateStart);
  for (BatchBuffer& buffer : buffers_) {
    buffer.end_warm_up();
  }
}

bool Sender::over(MonoTime now) const {
  const Duration limit = settings_.params.amount.duration;
  if (warm_up_) {
    return false;
  }
  return stats_.next() >= plan_.packets() || (limit != Duration{0} && now - begun_ >= limit);
}

Wake Sender::step(MonoTime now) {
  if (finished()) {
    return Wake{};
  }
  if (!started_) {
    begin(now);
  }
  const int stop = stop_.load(std::memory_order_relaxed);
  if (stop >= 0) {
    finish(static_cast<TxEnd>(stop));
    return Wake{};
  }
  if (warm_up_ && now - begun_ >= settings_.params.omit) {
    end_warm_up(now);
    pacer_.restart(plan_, begun_);
    stats_.plan_gap(pacer_.longest_gap());
  }
  held_since_ = held() ? std::min(held_since_, now) : kNever;
  if (over(now)) {
    if (!held()) {
      send_last(now);
    }
    if (!finished()) {
      finish(now - held_since_ > kSilent ? TxEnd::peer_silent : TxEnd::complete);
    }
    return Wake{};
  }
  if (held()) {
    constexpr Duration kLook = std::chrono::milliseconds{5};
    stats_.note_silence(now);
    if (pacer_.on()) {  // what is due meanwhile is not late for this host's sake
      pacer_.give_back(0, pacing::Unsent::refused);
    }
    return Wake{now + kLook, false, false};
  }
  return pacer_.on() ? paced(now) : flat_out(now);
}

/// Why nothing leaves, where that is known.
void Sender::note_gate(MonoTime now) {
  if (gate_->receiver_is_silent()) {
    stats_.note_silence(now);
  } else if (gate_->receiver_is_full()) {
    stats_.note_full_receiver(now);
  }
}

Wake Sender::flat_out(MonoTime now) {
  if (gate_) {
    gate_->take_report(stats_.numbered());
  }
  const MonoTime turn_over = now + kTurn;
  for (int i = 0; i < kBatchesPerTurn && now < turn_over && !over(now); ++i) {
    std::uint64_t count = batch_now();
    if (gate_) {
      count = gate_->admit(stats_.numbered(), count, plan_now().packets() - stats_.next(), now);
      if (count == 0) {
        note_gate(now);
        return Wake{gate_->ask_again(stats_.numbered(), now), false, false};
      }
    }
    if (send_due(count, now, kNever) == Sending::refused) {
      return after_refusal(now);
    }
    now = clock_.now();
  }
  return Wake{kAtOnce, false, false};
}

Wake Sender::paced(MonoTime now) {
  const std::uint64_t before = stats_.next();
  const std::uint64_t due = pacer_.take_due(before, burst_limit(), now);
  stats_.plan_gap(pacer_.longest_gap());
  if (due > 0) {
    const Sending sending = send_due(due, now, now + kPacedTurn);
    const std::uint64_t left = due - std::min(due, stats_.next() - before);
    if (sending == Sending::refused && left > 0) {
      pacer_.give_back(left, pacing::Unsent::refused);
      return after_refusal(now);
    }
    if (sending == Sending::turn_over) {
      pacer_.give_back(left, pacing::Unsent::no_time);
      return Wake{kAtOnce, false, pacer_.precise()};
    }
  }
  MonoTime next = pacer_.await_next(clock_.now());
  const Duration limit = time_limit();
  if (limit != Duration{0}) {
    next = std::min(next, begun_ + limit);  // the end of the test is not a datagram late
  }
  return Wake{next, false, pacer_.precise()};
}

/// What had become due before the time was over, and still fits a burst.
void Sender::send_last(MonoTime now) {
  const Duration limit = settings_.params.amount.duration;
  if (!pacer_.on() || limit == Duration{0}) {
    return;
  }
  const std::uint64_t due = pacer_.take_last(begun_ + limit, now);
  const std::uint64_t before = stats_.next();
  send_due(due, now, now + kLastTurn);
  pacer_.give_up(due - std::min(due, stats_.next() - before));
}

Sender::Sending Sender::send_due(std::uint64_t count, MonoTime now, MonoTime until) {
  const BatchBuffer::Lent lent{buffers_.front()};  // of a mix each has its own
  const traffic::TrafficPlan& plan = plan_now();
  std::uint64_t left = std::min(count, plan.packets() - stats_.next());
  std::uint64_t looked = left;  // how many were left when the clock was read last
  while (left > 0) {
    if (looked - left >= kLookEvery) {
      looked = left;
      now = clock_.now();
      if (now >= until) {
        return Sending::turn_over;
      }
    }
    const std::uint64_t first = stats_.next();
    const std::uint32_t length = plan.length(first);
    BatchBuffer& buffer = buffer_for(length);
    const bool fits = buffer.payload_bytes() == length;  // else alone, from the larger one
    const std::uint64_t most = fits ? std::min<std::uint64_t>(left, batch_of(buffer, length)) : 1;
    const auto n = static_cast<std::uint32_t>(plan.run_at(first, most));
    const auto batch = static_cast<std::uint32_t>(stats_.batch());
    const auto data = buffer.stamped({first, to_ns(now), batch, stats_.omitted()}, n, length);
    const auto outcome = port_.send(data, length);
    trouble_ = stats_.note(n, length, outcome, now);
    if (outcome.status != Status::taken && trouble_ != Status::denied) {
      return Sending::refused;
    }
    if (trouble_ == Status::denied && !pacer_.on() && stats_.refusals() > kFewRefusals) {
      return Sending::refused;
    }
    left -= std::min<std::uint64_t>(left, std::uint64_t{outcome.datagrams} + outcome.lost);
  }
  return Sending::done;
}

Wake Sender::after_refusal(MonoTime now) {
  if (trouble_ == Status::too_big || trouble_ == Status::failed) {
    finish(TxEnd::failed);
    return Wake{};
  }
  // A qdisc that is full does not make the socket unwritable: also look again after a moment.
  return Wake{now + kRetry, trouble_ == Status::blocked, false};
}

void Sender::stop(TxEnd why) {
  int none = -1;
  stop_.compare_exchange_strong(none, static_cast<int>(why));
}

void Sender::abandon(TxEnd why) {
  if (!finished()) {
    begun_ = started_ ? begun_ : clock_.now();
    host_.forget_thread();
    finish(why);
  }
}

void Sender::finish(TxEnd end) {
  if (warm_up_) {
    end_warm_up(clock_.now());                // nothing of it belongs to the figures
    begun_ = std::min(begun_, clock_.now());  // and the test had no time at all, rather than less
  }
  SendStats::Ending ending;
  ending.end = end;
  ending.now = clock_.now();
  ending.begun = begun_;
  ending.limit = settings_.params.amount.duration;
  ending.all = stats_.next() >= plan_.packets();
  ending.queue_drops = port_.queue_drops();
  stats_.close(ending);

  TxReport& report = stats_.report();
  report.sndbuf_bytes = port_.send_buffer_bytes();
  pacer_.fill(report);
  const Duration wall = clock_.now() - begun_;
  host_.fill(clock_, wall, report);
  if (gate_) {
    gate_->fill(ending.now, wall, report);
  }
  finished_.store(true, std::memory_order_release);
}

}  // namespace udperf::sender
