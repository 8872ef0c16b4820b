#include "session/path_validation.hpp"

#include <algorithm>

namespace udperf::session {

PathValidation::PathValidation(const crypto::Key& secret, MonoTime now,
                               const PathValidationPace& pace)
    : pace_(pace),
      key_(crypto::derive(secret, "udperf v1 life line", {})),
      next_(now),
      proven_(now) {}

std::optional<wire::Probe> PathValidation::poll(MonoTime now) {
  if (now < next_) {
    return std::nullopt;
  }
  Sent& sent = sent_[count_ % kRemembered];
  sent = Sent{crypto::number(key_, count_), now};
  ++count_;
  next_ = now + (now - proven_ > pace_.missing ? pace_.urgent : pace_.every);
  return wire::Probe{sent.id, to_ns(now), 0};
}

bool PathValidation::on_reply(const wire::ProbeReply& reply, MonoTime now) {
  const auto found = std::find_if(sent_.begin(), sent_.end(), [&reply](const Sent& sent) {
    return sent.at != MonoTime{} && sent.id == reply.id;
  });
  if (found == sent_.end()) {
    return false;
  }
  if (now - found->at <= kOldest) {
    proven_ = std::max(proven_, now);
  }
  *found = Sent{};  // one answer proves once: said again, it is somebody's echo
  return true;
}

}  // namespace udperf::session
