#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "sender/batch_pool.hpp"
#include "sender/datagram_format.hpp"

namespace udperf::sender {

/// Datagrams of equal length behind each other, as UDP_SEGMENT wants them. The payload is written
/// once; for each batch only what its format stamps is.
class BatchBuffer {
 public:
  /// `format` is used for all that follows, and has to outlive it, as `pool` has, where there is
  /// one: then the bytes are there only while it is Lent.
  BatchBuffer(const DatagramFormat& format, std::uint32_t length, std::uint32_t capacity,
              BatchPool* pool = nullptr)
      : format_(&format), length_(length), capacity_(capacity), pool_(pool) {
    if (pool_ == nullptr) {
      bytes_ = format.make(length, capacity);
    }
  }

  /// As long as it lives, there are bytes to stamp.
  class Lent {
   public:
    explicit Lent(BatchBuffer& buffer) : buffer_(buffer) { buffer_.borrow(); }
    Lent(const Lent&) = delete;
    Lent& operator=(const Lent&) = delete;
    ~Lent() { buffer_.give_back(); }

   private:
    BatchBuffer& buffer_;
  };

  /// The first `count` datagrams, stamped. `length` is that of each: payload_bytes(), or less when
  /// count is 1. Preconditions: 1 <= count <= capacity(), length >= the format's least.
  [[nodiscard]] std::span<const std::byte> stamped(const BatchStamp& stamp, std::uint32_t count,
                                                   std::uint32_t length) {
    const std::size_t at = format_->stamp(stamp, bytes_, length_, count);
    const std::size_t size = count == 1 ? length : std::size_t{count} * length_;
    return std::span{bytes_}.subspan(at, size);
  }

  /// From now on they are of the test.
  void end_warm_up() {
    if (pool_ == nullptr) {
      format_->end_warm_up(bytes_, length_);
    }
  }

  [[nodiscard]] std::uint32_t capacity() const { return capacity_; }
  [[nodiscard]] std::uint32_t payload_bytes() const { return length_; }

 private:
  void borrow() {
    if (pool_ != nullptr) {
      bytes_ = pool_->take();
      if (bytes_.size() < std::size_t{length_} * capacity_) {  // not all ports take as many
        bytes_ = format_->make(length_, capacity_);
      }
    }
  }
  void give_back() {
    if (pool_ != nullptr) {
      pool_->put(std::exchange(bytes_, {}));
    }
  }

  const DatagramFormat* format_;
  std::uint32_t length_;
  std::uint32_t capacity_;
  BatchPool* pool_;
  std::vector<std::byte> bytes_;
};

}  // namespace udperf::sender
