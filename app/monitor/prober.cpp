#include "app/monitor/prober.hpp"

#include <algorithm>
#include <utility>

#include "app/last_resort.hpp"
#include "app/monitor/pool_source.hpp"
#include "base/saturating.hpp"

namespace udperf::app {
namespace {

/// What a rate has to be so that so much is sent in the time.
void speed_up(SendRate& rate, const TestParams& params, Duration time) {
  const auto ns = static_cast<std::uint64_t>(time.count());
  if (rate.kind == SendRate::Kind::packets && params.amount.packets > 0) {
    const auto needed = saturating_mul_div(params.amount.packets, 1'000'000'000'000, ns);
    rate.value = std::max(rate.value, needed);
  } else if (rate.kind == SendRate::Kind::bits) {
    const std::uint64_t bytes = params.amount.packets > 0
                                    ? saturating_mul(params.amount.packets, params.payload_bytes)
                                    : params.amount.size_bytes;
    rate.value =
        std::max(rate.value, saturating_mul_div(saturating_mul(bytes, 8), 1'000'000'000, ns));
  }
}

/// A call that is sent faster is none: as much of it as there is time for.
void shorten(TestParams& params, Duration time) {
  for (const Way way : {Way::up, Way::down}) {
    const auto whole = expected_duration(params, way);
    if (!includes(params.direction, way) || !whole || *whole <= params.omit + time) {
      continue;
    }
    const auto all = static_cast<std::uint64_t>((*whole - params.omit).count());
    for (std::uint64_t* const amount : {&params.amount.packets, &params.amount.size_bytes}) {
      if (*amount > 0) {
        const auto share = static_cast<std::uint64_t>(time.count());
        *amount = std::max<std::uint64_t>(saturating_mul_div(*amount, share, all), 1);
      }
    }
  }
}

}  // namespace

engine::ClientOptions fit_to_deadline(engine::ClientOptions options, Duration deadline) {
  // A third for the handshake, and what is left after sending is for what may still be on its way.
  options.connect_timeout = std::min(options.connect_timeout, deadline * 3 / 10);
  options.wait_server = Duration{0};
  options.retry_busy = Duration{0};
  Duration time = std::max<Duration>(deadline * 35 / 100, std::chrono::milliseconds{10});
  TestParams& params = options.params;
  params.omit = std::min(params.omit, time / 4);
  time -= params.omit;
  if (params.amount.duration > time) {
    params.amount.duration = time;
  }
  if (params.voice.wanted()) {
    shorten(params, time);
  } else {
    speed_up(params.rate_up, params, time);
    speed_up(params.rate_down, params, time);
  }
  return options;
}

Prober::Prober(const Clock& clock) : clock_(clock) {
  source_ = std::make_unique<PoolSource>(
      clock, [this](monitor::RoundResult round) { take(std::move(round)); }, kMostFlying);
}

Prober::~Prober() {
  source_.reset();
}

void Prober::take(monitor::RoundResult round) {
  std::function<void()> on_over;
  {
    const std::lock_guard lock{mutex_};
    --flying_;
    const auto found = flights_.find(round.target);
    on_over = std::move(found->second.on_over);
    if (found->second.wanted) {
      found->second.result = std::move(round);
    } else {
      flights_.erase(found);
    }
    done_.notify_all();
  }
  if (on_over) {
    on_over();
  }
}

void Prober::end() {
  const std::lock_guard lock{mutex_};
  ending_ = true;
  done_.notify_all();
}

std::optional<monitor::RoundResult> Prober::run(const RoundTest& test, Duration deadline,
                                                std::function<void()> on_over) {
  std::unique_lock lock{mutex_};
  if (ending_ || flying_ >= kMostFlying) {
    lock.unlock();
    if (on_over) {
      on_over();
    }
    return std::nullopt;
  }
  ++flying_;
  const std::uint64_t id = next_++;
  flights_[id].on_over = std::move(on_over);
  lock.unlock();
  const bool started = unless_exhausted([&] {
    source_->start(
        {id, 1, clock_.now(), {fit_to_deadline(test.options, deadline), test.protocol}, false});
  });
  if (!started) {
    give_up(id);
    return std::nullopt;
  }
  lock.lock();
  return wait_for(id, deadline, lock);
}

void Prober::give_up(std::uint64_t id) {
  std::function<void()> on_over;
  {
    const std::lock_guard lock{mutex_};
    const auto flight = flights_.extract(id);
    --flying_;
    on_over = std::move(flight.mapped().on_over);
  }
  if (on_over) {
    on_over();
  }
}

std::optional<monitor::RoundResult> Prober::wait_for(std::uint64_t id, Duration deadline,
                                                     std::unique_lock<std::mutex>& lock) {
  Flight& flight = flights_.at(id);
  done_.wait_for(lock, deadline, [&] { return ending_ || flight.result; });
  if (flight.result) {
    return std::move(flights_.extract(id).mapped().result);
  }
  flight.wanted = false;  // it goes when it is over
  if (ending_) {
    return std::nullopt;
  }
  monitor::RoundResult late;
  late.status = monitor::RoundStatus::unreachable;
  late.error = Error{ErrorCode::unreachable, "not done within the time", 0, {}};
  return late;
}

}  // namespace udperf::app
