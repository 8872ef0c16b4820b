#pragma once

#include <cstddef>
#include <deque>
#include <set>
#include <utility>

#include "base/time.hpp"
#include "wire/messages.hpp"

namespace udperf::session {

/// Cookies that have opened a session, as long as they are good: each opens one only. Memory is
/// bounded; who asks when it is full has to wait.
class UsedNonces {
 public:
  static constexpr std::size_t kMost = 65536;

  explicit UsedNonces(Duration lifetime) : lifetime_(lifetime) {}

  [[nodiscard]] bool holds(const wire::Nonce& nonce, MonoTime now) {
    forget(now);
    return nonces_.count(nonce) != 0;
  }
  [[nodiscard]] bool full(MonoTime now) {
    forget(now);
    return nonces_.size() >= kMost;
  }
  void add(const wire::Nonce& nonce, MonoTime now) {
    if (nonces_.insert(nonce).second) {
      in_order_.emplace_back(now, nonce);
    }
  }

 private:
  void forget(MonoTime now) {
    while (!in_order_.empty() && now - in_order_.front().first > lifetime_) {
      nonces_.erase(in_order_.front().second);
      in_order_.pop_front();
    }
  }

  Duration lifetime_;
  std::set<wire::Nonce> nonces_;
  std::deque<std::pair<MonoTime, wire::Nonce>> in_order_;  ///< oldest first
};

}  // namespace udperf::session
