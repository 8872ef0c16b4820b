#include "rounds/target_task.hpp"

#include <algorithm>
#include <utility>

#include "model/own_network.hpp"

namespace udperf::rounds {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLeastInterval = 200ms;
constexpr Duration kMostInterval = 24h;
// Rounds of one target that are not over at a time: a server that falls silent is believed for 5 s.
constexpr std::size_t kMostAtOnce = 8;
// A socket buffer for what is light.
constexpr std::uint32_t kBuffer = 256U << 10U;
constexpr Duration kLongestPause = 60s;

Duration lead_of(Duration interval) {
  return std::clamp<Duration>(interval / 4, 50ms, 2500ms);
}

Ending ending_of(const TestOutcome& outcome, session::Obstacle obstacle) {
  using session::Obstacle;
  switch (outcome.status) {
    case TestStatus::complete:
      return Ending::complete;
    case TestStatus::incomplete:
      return Ending::cut_short;
    case TestStatus::interrupted:
      return Ending::not_measured;
    case TestStatus::error:
      break;
  }
  switch (obstacle) {
    case Obstacle::silence:
      return Ending::timeout;
    case Obstacle::nothing_listens:
      return Ending::refused;
    case Obstacle::no_way:
      return Ending::unreachable;
    case Obstacle::busy:
      return Ending::busy;
    case Obstacle::denied:
      return Ending::denied;
    case Obstacle::other:
      break;
  }
  return Ending::failed;
}

/// Whether the target is down, for this or that reason.
bool is_failure(Ending ending) {
  return ending != Ending::complete && ending != Ending::cut_short &&
         ending != Ending::not_measured;
}

/// Whether it is the target that did not answer: it neither said no, nor was it this host.
bool is_silence(const Round& round) {
  const auto& error = round.outcome.error;
  return (round.ending == Ending::timeout || round.ending == Ending::refused ||
          round.ending == Ending::unreachable) &&
         !(error && is_own_network(error->os_error));
}

/// Why a round was left out: what the last one that was tried came to, which says nothing of this.
Error not_asked(const std::optional<Error>& before) {
  return Error{ErrorCode::system,
               "not asked" + (before ? ", since before: " + before->message() : std::string{}), 0,
               "schedule"};
}

Target within_bounds(Target target) {
  target.interval = std::clamp(target.interval, kLeastInterval, kMostInterval);
  target.options.light = true;
  target.options.buffer = target.options.buffer.value_or(kBuffer);
  return target;
}

}  // namespace

TargetTask::TargetTask(std::uint64_t id, const Target& target, Common& common,
                       engine::Executor& executor)
    : id_(id),
      target_(within_bounds(target)),
      common_(common),
      executor_(executor),
      lead_(lead_of(target_.interval)),
      first_due_(
          common.clock.now() + lead_ +
          Duration{static_cast<Duration::rep>(
              common.random.next_u64() % static_cast<std::uint64_t>(target_.interval.count()))}),
      servers_(target_.servers ? *std::move(target_.servers)
                               : tl::unexpected{Error{ErrorCode::unreachable,
                                                      target_.options.host + ": not resolved yet",
                                                      0, "resolve"}}) {}

void TargetTask::set_servers(Result<std::vector<Endpoint>> servers) {
  {
    const std::lock_guard lock{inbox_.mutex};
    inbox_.servers = std::move(servers);
  }
  notify();
}

void TargetTask::remove() {
  removed_.store(true, std::memory_order_release);
  notify();
}

void TargetTask::take_inbox() {
  const std::lock_guard lock{inbox_.mutex};
  if (inbox_.servers) {
    servers_ = *std::move(inbox_.servers);
    inbox_.servers.reset();
  }
}

MonoTime TargetTask::due(std::uint64_t number) const {
  return first_due_ + static_cast<Duration::rep>(number) * target_.interval;
}

engine::Wake TargetTask::step(MonoTime now, net::ReceiveBuffers& /*buffers*/) {
  take_inbox();
  if (removed_.load(std::memory_order_acquire)) {
    for (const Running& one : running_) {
      if (one.test) {
        one.test->interrupt();
      }
    }
  } else {
    open_due(now);
  }
  for (Running& one : running_) {
    watch(one, now);
  }
  hand_over(now);
  if (removed_.load(std::memory_order_acquire) && running_.empty()) {
    common_.listener.on_removed(id_);
    over_.store(true, std::memory_order_release);
    return engine::Wake{};
  }
  return next_wake();
}

void TargetTask::open_due(MonoTime now) {
  if (now >= opens(next_)) {
    pass_missed(now);
  }
  if (now < opens(next_)) {
    return;
  }
  Running& running = running_.emplace_back();
  Round& round = running.round;
  round.target = id_;
  round.number = next_++;
  round.due = due(round.number);
  running.asleep = common_.watch.asleep();
  running.stood_still = common_.watch.stood_still(now);
  open(running);
}

/// Rounds that would have begun while this process did not run.
void TargetTask::pass_missed(MonoTime now) {
  const MonoTime latest = due(next_) + target_.interval / 2;
  if (now <= latest) {
    return;
  }
  Running& running = running_.emplace_back();
  Round& round = running.round;
  round.target = id_;
  round.number = next_;
  round.intervals = static_cast<std::uint64_t>((now - latest) / target_.interval) + 1;
  round.due = due(next_);
  round.stood_still = round.intervals * target_.interval;
  next_ += round.intervals;
  end_without_test(running, Ending::not_measured,
                   Error{ErrorCode::system, "this host did not run in time", 0, "schedule"});
}

void TargetTask::open(Running& running) {
  if (down_.pass > 0) {
    --down_.pass;
    running.round.tried = false;
    running.round.target_down = down_.silent;
    end_without_test(running, Ending::not_measured, not_asked(down_.error));
    return;
  }
  if (!servers_ || servers_->empty()) {
    const Error nowhere{ErrorCode::unreachable, target_.options.host + ": no address", 0,
                        "resolve"};
    end_without_test(running, Ending::name, servers_ ? nowhere : servers_.error());
    note_ending(running.round);
    return;
  }
  if (running_.size() > kMostAtOnce) {
    end_without_test(
        running, Ending::not_measured,
        Error{ErrorCode::system, "too many rounds before it are not over", 0, "schedule"});
    return;
  }
  auto test =
      std::make_unique<engine::ClientTest>(test_settings(running), common_.clock, common_.random);
  executor_.add(*test);
  running.test = std::move(test);
}

engine::ClientTest::Settings TargetTask::test_settings(const Running& running) {
  engine::ClientTest::Settings settings;
  settings.options = target_.options;
  settings.servers = *servers_;
  settings.connect_by = running.round.due + std::min<Duration>(target_.interval / 2, 3s);
  settings.options.connect_timeout = settings.connect_by - opens(running.round.number);
  settings.go_at = running.round.due;
  settings.streams = &executor_;
  settings.senders = &executor_;
  settings.open = common_.open;
  settings.on_over = [this] { notify(); };
  return settings;
}

void TargetTask::watch(Running& running, MonoTime now) {
  constexpr Duration kJustAfter = 2 * LatenessWatch::kEvery;
  if (!running.test && !running.over) {  // memory ran out when it was opened
    end_without_test(running, Ending::not_measured,
                     Error{ErrorCode::system, "this host ran out of memory", 0, "schedule"});
  }
  if (!running.looked && now >= running.round.due + kJustAfter) {
    running.looked = true;
    running.round.host_lateness = common_.lateness.lateness();
  }
  if (running.test && running.test->over() && running.test->released() && running.test->idle()) {
    close(running, now);
  }
}

void TargetTask::close(Running& running, MonoTime now) {
  note_server(running);
  Round& round = running.round;
  const engine::ClientTest& test = *running.test;
  const MonoTime began = test.granted() ? test.control().data_since() : MonoTime{};
  const MonoTime from = began != MonoTime{} ? began : round.due;
  round.start = common_.clock.unix_now() - (now - from);
  if (began != MonoTime{}) {
    round.length = now - began;
    round.lateness = began - round.due;
  }
  round.host_lateness = std::min(round.host_lateness, round.lateness);
  round.outcome = running.test->take_outcome();
  round.ending = ending_of(round.outcome, test.obstacle());
  running.test.reset();
  running.over = true;
  judge(running, now);
  note_ending(round);
}

void TargetTask::judge(Running& running, MonoTime now) {
  Round& round = running.round;
  round.asleep = common_.watch.asleep() - running.asleep;
  round.stood_still = common_.watch.stood_still(now) - running.stood_still;
  const bool begun = round.ending == Ending::complete || round.ending == Ending::cut_short;
  if (auto away = begun ? away_from_network(round.outcome) : std::nullopt) {
    round.outcome.error = std::move(away);
    round.ending = Ending::not_measured;
  }
  const bool whole = round.ending == Ending::complete;
  const bool slept = round.asleep > HostWatch::kAsleep;
  if (slept || (!whole && round.stood_still > Duration{0})) {
    round.outcome.error = stood_still_error(slept);  // and not what the other end made of it
    round.ending = Ending::not_measured;
  }
}

void TargetTask::note_server(Running& running) {
  if (!running.test->granted()) {
    return;
  }
  // A round of before may end later than the one that found the new server.
  if (server_ && running.round.number < server_->round) {
    return;
  }
  const wire::Accept& accept = running.test->accept();
  if (server_) {
    running.round.server_restarted =
        accept.instance != server_->instance || accept.host != server_->host;
  }
  server_ = Server{accept.instance, accept.host, running.round.number};
}

void TargetTask::end_without_test(Running& running, Ending ending, Error error) {
  Round& round = running.round;
  round.ending = ending;
  round.start = common_.clock.unix_now() + (round.due - common_.clock.now());
  round.outcome.error = std::move(error);
  round.outcome.params = target_.options.params;
  round.outcome.server_name = target_.options.host;
  round.outcome.labels = target_.options.labels;
  round.outcome.start = round.outcome.end = round.start;
  running.over = true;
}

/// Who is down is asked less and less often, but each minute, and not by all at the same time.
void TargetTask::note_ending(const Round& round) {
  if (!is_failure(round.ending)) {
    down_ = Down{};
    return;
  }
  constexpr unsigned kAtOnce = 3;  // so many failures are found out about without a pause
  constexpr unsigned kMostDoublings = 8;
  down_.error = round.outcome.error;
  down_.silent = is_silence(round);
  if (++down_.failures <= kAtOnce) {
    return;
  }
  const auto longest = static_cast<std::uint64_t>(kLongestPause / target_.interval);
  const unsigned doublings = std::min(down_.failures - kAtOnce, kMostDoublings);
  const std::uint64_t most = std::min(longest, (std::uint64_t{1} << doublings) - 1);
  down_.pass = most == 0 ? 0 : most / 2 + common_.random.next_u64() % (most - most / 2 + 1);
}

/// In the order of their numbers.
void TargetTask::hand_over(MonoTime now) {
  // What is known before it was due is told when it is.
  while (!running_.empty() && running_.front().over &&
         (now >= running_.front().round.due || removed_.load(std::memory_order_relaxed))) {
    common_.listener.on_round(std::move(running_.front().round));
    running_.pop_front();
  }
}

engine::Wake TargetTask::next_wake() const {
  constexpr Duration kSoon = 1ms;
  MonoTime next = removed_.load(std::memory_order_relaxed) ? kNever : opens(next_);
  for (const Running& one : running_) {
    if (one.over) {
      // It waits for those before it, too, which say themselves when they are over.
      next = &one == &running_.front() ? std::min(next, one.round.due) : next;
    } else if (one.test && one.test->over()) {
      next = std::min(next, common_.clock.now() + kSoon);  // it is let go of a moment later
    } else if (!one.looked) {
      next = std::min(next, one.round.due + 2 * LatenessWatch::kEvery);
    }
  }
  return engine::Wake{next};
}

}  // namespace udperf::rounds
