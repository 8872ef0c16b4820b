#include "app/monitor/monitor.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "app/monitor/pool_source.hpp"
#include "app/monitor/usual_round.hpp"
#include "monitor/json.hpp"

namespace udperf::app {
namespace {

using monitor::Json;
using monitor::RoundResult;
using monitor::Target;

constexpr std::size_t kMostThreads = 256;
constexpr const char* kBehind =
    "four rounds before it are not over: of rounds that are not gapless 256 run at a time";
/// Of one target: one that is sent and those that wait for what may still be on its way.
constexpr std::size_t kMostInFlight = 4;
/// The clocks are compared so often at least.
constexpr Duration kClockTurn = std::chrono::seconds{1};

Duration span_of(std::uint64_t rounds, Duration every) {
  return every * static_cast<Duration::rep>(std::min<std::uint64_t>(rounds, 1U << 20U));
}

/// Whether a module stands for the same rounds in both, at the same times.
bool same_rounds(const MonitorSetup& before, const MonitorSetup& after, const std::string& module) {
  const auto a = before.modules.find(module);
  const auto b = after.modules.find(module);
  if (a == before.modules.end() || b == after.modules.end()) {
    return false;
  }
  const auto same = [](const GivenOption& one, const GivenOption& other) {
    return one.name == other.name && one.value == other.value;
  };
  const auto& given = a->second.given;
  const auto& others = b->second.given;
  // What a key file has in it may change by itself.
  return std::equal(given.begin(), given.end(), others.begin(), others.end(), same) &&
         a->second.client.options.key == b->second.client.options.key &&
         a->second.timing == b->second.timing;
}

}  // namespace

Monitor::Monitor(MonitorSetup setup, MonitorSinks sinks, const Clock& clock, Log& log)
    : clock_(clock), log_(log), setup_(std::move(setup)), sinks_(std::move(sinks)) {
  if (sinks_.history) {
    History::ChangeQuery latest;
    latest.most = monitor::Board::kMostEvents;
    if (const auto before = sinks_.history->changes(latest)) {
      board_.recall(*before);
    }
    if (const auto states = sinks_.history->last_states()) {
      board_.recall(*states);
    }
    if (auto ends = sinks_.history->last_ends()) {
      board_.recall(*std::move(ends));
    }
  }
  source_ = std::make_unique<PoolSource>(
      clock, [this](RoundResult round) { take(std::move(round)); }, kMostThreads);
  light_ = std::make_unique<LightSource>(clock, [this] { wake_.raise(); });
}

Monitor::~Monitor() {
  {
    const std::lock_guard lock{mutex_};
    ending_ = true;
  }
  light_->stop();
  take_light();
  source_.reset();
  feed_.end();
}

void Monitor::set_setup(MonitorSetup setup) {
  const std::lock_guard lock{mutex_};
  for (const auto& [id, entry] : board_.entries()) {
    if (!same_rounds(setup_, setup, entry.target.module)) {
      outdated_.insert(id);
    }
  }
  setup_ = std::move(setup);
  ++counted_.reloads;
  counted_.last_reload_refused = false;
}

void Monitor::count_refused_setup() {
  const std::lock_guard lock{mutex_};
  ++counted_.reloads;
  ++counted_.reload_failures;
  counted_.last_reload_refused = true;
}

void Monitor::reopen() {
  if (sinks_.jsonl) {
    sinks_.jsonl->reopen();
  }
}

void Monitor::set_targets(const std::vector<Target>& targets,
                          const std::vector<std::string>& problems) {
  const std::lock_guard lock{mutex_};
  const bool others = problems_ != problems;
  problems_ = problems;
  std::vector<monitor::Board::Wanted> wanted;
  for (const Target& target : targets) {
    const auto module = setup_.modules.find(target.module);
    if (module != setup_.modules.end()) {
      const monitor::Timing& timing = module->second.timing;
      wanted.push_back({target, timing.at ? std::chrono::hours{24} : timing.every,
                        watched_limits(module->second.limits, timing.heavy),
                        module->second.client.options.params.direction});
    }
  }
  const auto change = board_.set_targets(wanted);
  for (const std::uint64_t id : change.removed) {
    schedule_.remove(id);
    light_->leave(id);
  }
  for (const std::uint64_t id : change.resumed) {
    tell_stop(*board_.find(id), change.ended_before);
  }
  for (const auto& [id, entry] : board_.entries()) {
    assign(entry);
  }
  outdated_.clear();
  const bool same = change.added.empty() && change.removed.empty();
  if (!same) {
    log_.info("watching " + std::to_string(board_.entries().size()) + " targets");
  }
  if (!same || others || change.described_anew) {
    feed_.put("event: targets\ndata: {}\n\n");
  }
  wake_.raise();
}

/// Says who runs the target's rounds from now on.
void Monitor::assign(const monitor::Board::Entry& entry) {
  const std::uint64_t id = entry.target.id;
  const std::uint64_t last_number = entry.last ? entry.last->number : 0;
  const MonitorModule& module = setup_.modules.find(entry.target.module)->second;
  if (!LightSource::takes(module)) {
    light_->leave(id);
    schedule_.add(id, module.timing, clock_.now(), clock_.unix_now(), last_number);
    return;
  }
  schedule_.remove(id);
  if (!light_->watches(id) || outdated_.contains(id)) {
    light_->watch(id, test_for(module, entry.target.address).options, module.timing.every,
                  last_number);
  }
}

MonoTime Monitor::step(MonoTime now) {
  wake_.take();
  take_light();
  std::vector<monitor::DueRound> due;
  {
    const std::lock_guard lock{mutex_};
    watch_clocks(now);
    due = schedule_.take_due(now);
  }
  for (const monitor::DueRound& round : due) {
    begin(round, now);
  }
  const std::lock_guard lock{mutex_};
  return std::min(schedule_.next(), now + kClockTurn);
}

void Monitor::begin(const monitor::DueRound& due, MonoTime now) {
  RoundOrder order;
  {
    const std::lock_guard lock{mutex_};
    const auto* const entry = board_.find(due.target);
    const auto module =
        entry != nullptr ? setup_.modules.find(entry->target.module) : setup_.modules.end();
    if (module == setup_.modules.end()) {  // until the targets are told, too
      schedule_.landed(due.target, due.number);
      return;
    }
    if (due.missed > 0) {
      tell_gap(*entry, due.number - 1, due.missed, span_of(due.missed, entry->every),
               "this host did not begin it in time");
    }
    if (in_flight(due.target) >= kMostInFlight) {  // this host does not keep up
      tell_gap(*entry, due.number, 1, entry->every, kBehind);
      if (!std::exchange(behind_, true)) {
        log_.warning(std::string{"rounds are left out: "} + kBehind);
      }
      schedule_.landed(due.target, due.number);
      schedule_.finished(due.target, 0, now);
      return;
    }
    order = {due.target, due.number, due.due, test_for(module->second, entry->target.address),
             module->second.timing.heavy && sinks_.history != nullptr};
    flying_[{due.target, due.number}] = {now, light_->stood_still()};
  }
  source_->start(std::move(order));
}

std::size_t Monitor::in_flight(std::uint64_t target) const {
  return static_cast<std::size_t>(
      std::distance(flying_.lower_bound({target, 0}), flying_.lower_bound({target + 1, 0})));
}

void Monitor::tell_round(const RoundResult& round, const monitor::Board::Entry& entry) {
  const Target target = entry.target;
  tell(round, target, board_.on_round(round));
}

void Monitor::take(RoundResult round) {
  const std::lock_guard lock{mutex_};
  const auto flying = flying_.find({round.target, round.number});
  if (flying != flying_.end()) {
    if (!ending_) {
      monitor::judge_host(round, flying->second.begun < host_clocks_.woke,
                          light_->stood_still() - flying->second.stood_still);
    }
    flying_.erase(flying);
  }
  schedule_.landed(round.target, round.number);
  wake_.raise();  // another may wait for its place
  round.server_restarted = board_.is_other_server(round.target, round.server);
  if (const auto* const entry = record(round)) {
    const MonoTime now = clock_.now();
    schedule_.finished(round.target, entry->watch.failures(), now);
    if (round.status == monitor::RoundStatus::refused) {
      schedule_.refused(round.target, now);
    }
  }
}

/// Those that fill their time have no place in the schedule.
void Monitor::take_light() {
  for (const RoundResult& round : light_->take()) {
    const std::lock_guard lock{mutex_};  // others may have a look between two
    record(round);
  }
}

/// With the lock held. Nothing where nobody is to be told of the round.
const monitor::Board::Entry* Monitor::record(const RoundResult& round) {
  const auto* const entry = board_.find(round.target);
  const bool ended_here = ending_ && round.status != monitor::RoundStatus::complete;
  if (entry == nullptr || ended_here) {
    return nullptr;
  }
  if (!balanced(round)) {
    log_.error("the books of a round do not balance: " + entry->target.name);
  }
  const auto events = board_.on_round(round);
  tell(round, entry->target, events);
  return entry;
}

/// With the lock held.
void Monitor::tell(const RoundResult& round, const Target& target,
                   const std::vector<monitor::Event>& events) {
  if (sinks_.history) {
    sinks_.history->put(target, round);
  }
  const UnixTime now = clock_.unix_now();
  Json data = to_json(round, target);
  feed_.put("event: round\ndata: " + monitor::dump(data) + "\n\n");
  write_line("round", now, std::move(data));
  for (const monitor::Event& event : events) {
    Json what = to_json(event, target);
    log_.info(target.name + ": " + to_string(event.kind) + ": " + event.detail);
    feed_.put("event: change\ndata: " + monitor::dump(what) + "\n\n");
    if (sinks_.exec) {
      sinks_.exec->put(monitor::json_line("change", now, lines_, what));
    }
    write_line("change", now, std::move(what));
    if (sinks_.history) {
      sinks_.history->put({event, target});
    }
  }
}

void Monitor::write_line(const char* event, UnixTime time, Json data) {
  const std::uint64_t number = lines_++;  // also where --exec alone is told of it
  if (sinks_.jsonl) {
    sinks_.jsonl->put(monitor::json_line(event, time, number, std::move(data)));
  }
}

}  // namespace udperf::app
