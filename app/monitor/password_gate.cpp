#include "app/monitor/password_gate.hpp"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

namespace udperf::app {
namespace {

/// Counts who is here.
class Waiting {
 public:
  explicit Waiting(std::atomic<int>& count) : count_(count), before_(count_.fetch_add(1)) {}
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() { count_.fetch_sub(1); }
  [[nodiscard]] int before() const { return before_; }

 private:
  std::atomic<int>& count_;
  int before_;
};

}  // namespace

PasswordGate::PasswordGate(Check check, const Clock& clock, Pause pause)
    : check_(std::move(check)), clock_(clock), pause_(std::move(pause)) {
  crypto::SystemRandom{}.fill(key_);
}

bool PasswordGate::is_known(const crypto::Tag& header) {
  const std::lock_guard lock{known_mutex_};
  return known_.count(header) != 0;
}

PasswordGate::Answer PasswordGate::ask(const char* authorization) {
  if (authorization == nullptr) {
    return check_(nullptr) ? Answer::yes : Answer::no;
  }
  const std::string_view header{authorization};
  const crypto::Tag tag = crypto::quick_tag(key_, std::as_bytes(std::span{header}));
  if (is_known(tag)) {
    return Answer::yes;
  }
  const Waiting waiting{waiting_};
  if (waiting.before() >= kMostWaiting) {
    return Answer::later;
  }
  const std::lock_guard turn{checking_};
  if (is_known(tag)) {  // by now
    return Answer::yes;
  }
  if (const MonoTime now = clock_.now(); now < next_) {
    pause_(next_ - now);
  }
  const MonoTime begin = clock_.now();
  if (!check_(authorization)) {
    const MonoTime end = clock_.now();
    next_ = end + std::min<Duration>(kPauses * (end - begin), kLongestPause);
    return Answer::no;
  }
  const std::lock_guard lock{known_mutex_};
  if (known_.size() < kMostKnown) {
    known_.insert(tag);
  }
  return Answer::yes;
}

}  // namespace udperf::app
