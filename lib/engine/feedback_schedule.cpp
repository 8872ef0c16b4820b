#include "engine/feedback_schedule.hpp"

#include <algorithm>

#include "session/light.hpp"

namespace udperf::engine {
namespace {

constexpr Duration kEvery = std::chrono::milliseconds{50};

}  // namespace

void FeedbackSchedule::on_data(MonoTime now) {
  next_ = std::min(next_, now + usual());
}

void FeedbackSchedule::on_sent(std::uint64_t accepted, bool sender_waits, MonoTime now) {
  const bool idle = !settings_.adjusted && quiet(accepted);
  accepted_ = accepted;
  next_ = now + wait(idle, sender_waits);
}

Duration FeedbackSchedule::usual() const {
  return settings_.sparse_control ? session::kLightFeedback : kEvery;
}

/// Where nothing came since the last FEEDBACK there is little to tell. Whose rate is adjusted has
/// to know at once, a sender that is held back may wait for what was lost, and a client's words are
/// the permit to be sent to: five of them in a row may be lost.
Duration FeedbackSchedule::wait(bool idle, bool sender_waits) const {
  constexpr Duration kTellEvery = std::chrono::milliseconds{10};  // lest a loss holds it up long
  constexpr Duration kServerIdle = std::chrono::milliseconds{250};
  constexpr Duration kClientIdle = std::chrono::milliseconds{160};
  const Duration soon = std::min(sender_waits ? kTellEvery : usual(), settings_.interval);
  if (!idle) {
    return soon;
  }
  if (settings_.role == session::Role::server) {
    const Duration idle_wait = settings_.light ? session::kLightFeedback : kServerIdle;
    return std::max(soon, sender_waits ? kEvery : idle_wait);
  }
  return sender_waits ? soon : std::max(soon, kClientIdle);
}

}  // namespace udperf::engine
