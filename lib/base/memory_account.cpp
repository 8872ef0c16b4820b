#include "base/memory_account.hpp"

#include <algorithm>

namespace udperf {

std::uint64_t MemoryAccount::room() const {
  const std::uint64_t whole = parent_ != nullptr ? parent_->room() : limit_;
  return whole - std::min(whole, used());
}

bool MemoryAccount::take(std::uint64_t bytes) {
  if (parent_ == nullptr) {
    std::uint64_t before = used();
    do {
      if (before > limit_ || bytes > limit_ - before) {
        return false;
      }
    } while (!used_.compare_exchange_weak(before, before + bytes, std::memory_order_relaxed));
    return true;
  }
  // As it will be: what is left for the others has shrunk by the same amount. Where several threads
  // take at once, each may see the room as it was before the other.
  const std::uint64_t beside = parent_->room();
  if (bytes > beside || used() > beside - bytes || bytes > beside - bytes - used()) {
    return false;
  }
  if (!parent_->take(bytes)) {
    return false;
  }
  used_.fetch_add(bytes, std::memory_order_relaxed);
  return true;
}

void MemoryAccount::give_back(std::uint64_t bytes) {
  used_.fetch_sub(bytes, std::memory_order_relaxed);
  if (parent_ != nullptr) {
    parent_->give_back(bytes);
  }
}

}  // namespace udperf
