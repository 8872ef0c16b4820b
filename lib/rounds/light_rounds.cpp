#include "rounds/light_rounds.hpp"

#include <algorithm>
#include <utility>

#include "rounds/target_task.hpp"

namespace udperf::rounds {

struct LightRounds::Shared {
  Shared(Settings settings, const Clock& clock, RandomSource& random, Listener& listener)
      : threads(std::move(settings.threads)),
        sleeper(settings.sleeper != nullptr ? settings.sleeper : threads.front()),
        common{settings.open ? std::move(settings.open) : engine::open_system_port,
               clock,
               random,
               listener,
               HostWatch{clock,
                         settings.suspended ? std::move(settings.suspended) : suspended_time,
                         {[&listener](Duration by) { listener.on_clock_step(by); },
                          [&listener](Duration time) { listener.on_asleep(time); }}},
               LatenessWatch{clock}} {}

  std::vector<engine::Executor*> threads;
  engine::Executor* sleeper;
  Common common;
};

LightRounds::LightRounds(Settings settings, const Clock& clock, RandomSource& random,
                         Listener& listener)
    : shared_(std::make_unique<Shared>(std::move(settings), clock, random, listener)) {
  shared_->threads.front()->add(shared_->common.watch);
  shared_->sleeper->add(shared_->common.lateness);
}

LightRounds::~LightRounds() = default;

std::uint64_t LightRounds::add(const Target& target) {
  const std::lock_guard lock{mutex_};
  forget_removed();
  const std::uint64_t id = next_++;
  engine::Executor& executor = *shared_->threads[id % shared_->threads.size()];
  auto task = std::make_unique<TargetTask>(id, target, shared_->common, executor);
  TargetTask& added = *targets_.emplace(id, std::move(task)).first->second;
  executor.add(added);
  return id;
}

void LightRounds::set_servers(std::uint64_t target, Result<std::vector<Endpoint>> servers) {
  const std::lock_guard lock{mutex_};
  if (const auto found = targets_.find(target); found != targets_.end()) {
    found->second->set_servers(std::move(servers));
  }
}

void LightRounds::remove(std::uint64_t target) {
  const std::lock_guard lock{mutex_};
  if (const auto found = targets_.find(target); found != targets_.end()) {
    found->second->remove();
    removed_.push_back(target);
  }
  forget_removed();
}

void LightRounds::shut_down() {
  const std::lock_guard lock{mutex_};
  for (const auto& [id, target] : targets_) {
    target->remove();
  }
  shared_->common.watch.end();
  shared_->common.lateness.end();
}

void LightRounds::forget_removed() {
  std::erase_if(removed_, [this](std::uint64_t id) {
    const auto found = targets_.find(id);
    if (found != targets_.end() && !found->second->released()) {
      return false;
    }
    if (found != targets_.end()) {
      targets_.erase(found);
    }
    return true;
  });
}

Duration LightRounds::stood_still() const {
  return shared_->common.watch.stood_still(shared_->common.clock.now());
}

bool LightRounds::idle() const {
  const std::lock_guard lock{mutex_};
  return shared_->common.watch.released() && shared_->common.lateness.released() &&
         std::all_of(targets_.begin(), targets_.end(),
                     [](const auto& entry) { return entry.second->released(); });
}

}  // namespace udperf::rounds
