#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>

#include "base/time.hpp"

namespace udperf::app {

/// Long answers are made two at a time, and only some bytes of them are kept for who reads slowly:
/// whatever is asked for at once, memory is bounded. From any thread.
class LongAnswers {
 public:
  static constexpr int kMostMade = 2;
  /// A next one is made while less is kept.
  static constexpr std::size_t kMostKept = std::size_t{16} << 20U;
  /// Whoever scrapes waits ten seconds.
  static constexpr Duration kPatience = std::chrono::seconds{5};

  explicit LongAnswers(Duration patience = kPatience) : patience_(patience) {}
  LongAnswers(const LongAnswers&) = delete;
  LongAnswers& operator=(const LongAnswers&) = delete;
  ~LongAnswers() = default;

  /// What one answer has of them, until it is gone.
  class Place {
   public:
    Place(Place&& other) noexcept
        : of_(std::exchange(other.of_, nullptr)), bytes_(other.bytes_), made_(other.made_) {}
    Place& operator=(Place&&) = delete;
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place();

    /// It is made, and has so many bytes, until it was given. Once.
    void made(std::size_t bytes);

   private:
    friend class LongAnswers;
    explicit Place(LongAnswers& of) : of_(&of) {}

    LongAnswers* of_;
    std::size_t bytes_ = 0;
    bool made_ = false;
  };

  /// Waits for a place; nothing where none was free in all of the patience.
  [[nodiscard]] std::optional<Place> take();

 private:
  Duration patience_;
  std::mutex mutex_;
  std::condition_variable free_;
  int making_ = 0;
  std::size_t kept_ = 0;  ///< bytes
};

}  // namespace udperf::app
