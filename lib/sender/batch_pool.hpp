#pragma once

#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

namespace udperf::sender {

/// Buffers of one test's streams whose batches are alike, but for what is stamped: each stream has
/// one only while it sends, so there are as many as threads that send at once. For any thread.
class BatchPool {
 public:
  /// That wait here for the next stream, at most.
  static constexpr std::size_t kMost = 8;

  BatchPool() { free_.reserve(kMost); }
  BatchPool(const BatchPool&) = delete;
  BatchPool& operator=(const BatchPool&) = delete;
  ~BatchPool() = default;

  /// Empty where none is free: then it has to be made.
  [[nodiscard]] std::vector<std::byte> take() {
    const std::lock_guard lock{mutex_};
    if (free_.empty()) {
      return {};
    }
    auto bytes = std::move(free_.back());
    free_.pop_back();
    return bytes;
  }
  /// For the next.
  void put(std::vector<std::byte> bytes) {
    const std::lock_guard lock{mutex_};
    if (free_.size() < kMost) {
      free_.push_back(std::move(bytes));
    }
  }

 private:
  std::mutex mutex_;
  std::vector<std::vector<std::byte>> free_;
};

}  // namespace udperf::sender
