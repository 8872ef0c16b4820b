#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>

#include "base/endpoint.hpp"
#include "wire/messages.hpp"

namespace udperf::session {

/// The sealed HELLOs that a server with a key has answered, so that nobody gets an answer by saying
/// one again that he has heard. Each is from one address, and its counter rises. Only who holds the
/// key adds to it; of the kMost latest tests nothing is forgotten.
class HelloLog {
 public:
  static constexpr std::size_t kMost = 65536;

  /// False for one that was said before, or elsewhere.
  [[nodiscard]] bool fresh(const wire::Nonce& nonce, const Endpoint& from, std::uint64_t counter) {
    const auto found = known_.find(nonce);
    if (found != known_.end()) {
      if (found->second.from != from || counter <= found->second.counter) {
        return false;
      }
      found->second.counter = counter;
      return true;
    }
    if (in_order_.size() >= kMost) {
      known_.erase(in_order_.front());
      in_order_.pop_front();
    }
    known_.emplace(nonce, Said{from, counter});
    in_order_.push_back(nonce);
    return true;
  }

 private:
  struct Said {
    Endpoint from;
    std::uint64_t counter = 0;
  };

  std::map<wire::Nonce, Said> known_;
  std::deque<wire::Nonce> in_order_;
};

}  // namespace udperf::session
