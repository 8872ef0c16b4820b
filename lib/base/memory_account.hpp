#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace udperf {

/// How many bytes may be kept on behalf of others, and how many are: for the process, and below it
/// for each source of traffic and each of its sessions. Any thread may use it.
///
/// A part may never have more than is left beside it for everybody else. So one that takes all it
/// gets ends at half of the whole, two at a third each, and a newcomer always finds as much room as
/// the greediest has.
class MemoryAccount {
 public:
  /// The whole: at most `limit` bytes.
  explicit MemoryAccount(std::uint64_t limit) : limit_(limit) {}
  /// A part of `parent`, which must outlive it.
  // NOLINTNEXTLINE(google-explicit-constructor): a part, not a copy
  explicit MemoryAccount(MemoryAccount& parent) : parent_(&parent) {}
  MemoryAccount(const MemoryAccount&) = delete;
  MemoryAccount& operator=(const MemoryAccount&) = delete;
  ~MemoryAccount() = default;

  /// False, and nothing is taken, when there is no room for so much.
  [[nodiscard]] bool take(std::uint64_t bytes);
  /// What was taken before.
  void give_back(std::uint64_t bytes);

  [[nodiscard]] std::uint64_t used() const { return used_.load(std::memory_order_relaxed); }
  /// Of the whole; 0 of a part.
  [[nodiscard]] std::uint64_t limit() const { return limit_; }
  /// Left for others beside what this one has.
  [[nodiscard]] std::uint64_t room() const;

 private:
  MemoryAccount* parent_ = nullptr;
  std::uint64_t limit_ = 0;
  std::atomic<std::uint64_t> used_{0};
};

/// What one structure has of an account; goes back when the structure does. Without an account
/// everything is granted.
class MemoryShare {
 public:
  explicit MemoryShare(MemoryAccount* account = nullptr) : account_(account) {}
  MemoryShare(const MemoryShare&) = delete;
  MemoryShare& operator=(const MemoryShare&) = delete;
  MemoryShare(MemoryShare&& other) noexcept
      : account_(other.account_), bytes_(std::exchange(other.bytes_, 0)) {}
  MemoryShare& operator=(MemoryShare&& other) noexcept {
    release();
    account_ = other.account_;
    bytes_ = std::exchange(other.bytes_, 0);
    return *this;
  }
  ~MemoryShare() { release(); }

  [[nodiscard]] bool grow(std::uint64_t bytes) {
    if (account_ != nullptr && !account_->take(bytes)) {
      return false;
    }
    bytes_ += bytes;
    return true;
  }
  /// Precondition: so much was granted.
  void shrink(std::uint64_t bytes) {
    bytes_ -= bytes;
    if (account_ != nullptr) {
      account_->give_back(bytes);
    }
  }
  void release() { shrink(bytes_); }

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] MemoryAccount* account() const { return account_; }

 private:
  MemoryAccount* account_;
  std::uint64_t bytes_ = 0;
};

}  // namespace udperf
