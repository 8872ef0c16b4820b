#include "sender/sender.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/saturating.hpp"
#include "sender/native_format.hpp"

namespace udperf::sender {
namespace {

using Status = net::SendOutcome::Status;

// Refusals in a row after which a sender that nothing paces waits a moment each time.
constexpr std::uint32_t kFewRefusals = 8;
constexpr Duration kRetry = std::chrono::milliseconds{1};
// The loop goes on so long, or so often, before the caller gets its turn, when no rate is asked
// for.
constexpr Duration kTurn = std::chrono::microseconds{50};
constexpr int kBatchesPerTurn = 32;

/// Datagrams that ever leave together, even after a late wake-up: a slow sender, of which there may
/// be thousands, needs no room for a batch of a fast one.
std::uint32_t most_together(const Sender::Settings& s) {
  constexpr std::uint64_t kSlowPps = 200;
  constexpr std::uint32_t kFew = 8;
  const SendRate& rate = s.params.rate(s.way);
  const Spacing spacing = s.params.shape(s.way).spacing;
  const bool single = (spacing == Spacing::even || spacing == Spacing::poisson) &&
                      s.params.burst == Duration{0};  // else as many as the user says
  if (!single || !rate.limited() || rate.kind == SendRate::Kind::adjusted) {
    return UINT32_MAX;
  }
  const MeanLength mean = s.params.mean_length(s.way);
  const std::uint64_t pps = saturating_mul_div(Uint128{payload_bps(s.params, s.way, rate)},
                                               mean.packets, Uint128{mean.bytes} * 8);
  return pps <= kSlowPps ? kFew : UINT32_MAX;
}

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
    const std::uint32_t limit = std::min(port.batch_limit(length), most_together(s));
    buffers.emplace_back(format, length, mixed ? std::min(limit, Sender::kMixedBatch) : limit);
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
      queue_drops_before_(port.queue_drops()) {
  if (settings.params.omit > Duration{0}) {
    warm_up_.emplace(settings.params, settings.way, settings.stream, settings.trace,
                     traffic::Part::warm_up, format_->least_bytes());
  }
  const SendRate& rate = settings.params.rate(settings.way);
  report_.governor = rate.flood ? TxGovernor::flood : TxGovernor::none;
  if (!rate.limited() && !rate.flood && settings.receive_buffer != 0) {
    report_.governor = TxGovernor::receiver;
    gate_ = std::make_unique<QueueGate>(
        pacing::Governor::Start{settings.params.payload_bytes, settings.receive_buffer});
  }
}

std::uint32_t Sender::batch_of(const BatchBuffer& buffer, std::uint32_t length) const {
  return std::min(buffer.capacity(), port_.batch_limit(length));
}

/// Of the largest datagrams.
std::uint32_t Sender::batch_now() const {
  return batch_of(buffers_.front(), buffers_.front().payload_bytes());
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
  pauses_.begin(now);
  anchor_ = clock_.anchor();
  cpu_at_start_ = clock_.thread_cpu_time();
  held_up_at_start_ = clock_.held_up();
  if (settings_.params.rate(settings_.way).limited()) {
    begin_timetable(now);
  }
}

bool Sender::over(MonoTime now) const {
  const Duration limit = settings_.params.amount.duration;
  if (warm_up_) {
    return false;
  }
  return next_ >= plan_.packets() || (limit != Duration{0} && now - begun_ >= limit);
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
    restart_timetable();
  }
  if (over(now)) {
    if (!held()) {
      send_last(now);
    }
    if (!finished()) {
      finish(held() ? TxEnd::peer_silent : TxEnd::complete);
    }
    return Wake{};
  }
  if (held()) {
    constexpr Duration kLook = std::chrono::milliseconds{5};
    pauses_.stopped(now, 0, 0);
    return Wake{now + kLook, false, false};
  }
  return schedule_ ? paced(now) : flat_out(now);
}

Wake Sender::flat_out(MonoTime now) {
  if (gate_) {
    gate_->take_report(numbered());
  }
  const MonoTime turn_over = now + kTurn;
  for (int i = 0; i < kBatchesPerTurn && now < turn_over && !over(now); ++i) {
    std::uint64_t count = batch_now();
    if (gate_) {
      count = gate_->admit(numbered(), count, plan_now().packets() - next_, now);
      if (count == 0) {
        return Wake{gate_->ask_again(now), false, false};
      }
    }
    if (!send_batch(count, now)) {
      return after_refusal(now);
    }
    now = clock_.now();
  }
  return Wake{kAtOnce, false, false};
}

bool Sender::send_batch(std::uint64_t count, MonoTime now) {
  const traffic::TrafficPlan& plan = plan_now();
  std::uint64_t left = std::min(count, plan.packets() - next_);
  while (left > 0) {
    const std::uint32_t length = plan.length(next_);
    BatchBuffer& buffer = buffer_for(length);
    const bool fits = buffer.payload_bytes() == length;  // else alone, from the larger one
    const std::uint64_t most = fits ? std::min<std::uint64_t>(left, batch_of(buffer, length)) : 1;
    const auto n = static_cast<std::uint32_t>(plan.run_at(next_, most));
    const auto batch = static_cast<std::uint32_t>(batches_before_ + report_.batches);
    const auto data = buffer.stamped({next_, to_ns(now), batch}, n, length);
    const auto outcome = port_.send(data, length);
    account(n, length, outcome, now);
    if (outcome.status != Status::taken && trouble_ != Status::denied) {
      return false;
    }
    if (trouble_ == Status::denied && !schedule_ && pauses_.refusals() > kFewRefusals) {
      return false;
    }
    left -= std::min<std::uint64_t>(left, std::uint64_t{outcome.datagrams} + outcome.lost);
  }
  return true;
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

}  // namespace udperf::sender
