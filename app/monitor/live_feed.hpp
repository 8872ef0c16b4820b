#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "base/time.hpp"

namespace udperf::app {

/// Text for everybody who listens, each with a bounded queue: who reads too slowly misses some, and
/// is told so by `skipped`.
class LiveFeed {
 public:
  class Listener {
   public:
    struct Message {
      std::string text;
      bool skipped = false;  ///< others before it were left out
    };
    /// Nothing when the time is over or the feed has ended.
    [[nodiscard]] std::optional<Message> next(Duration patience);
    [[nodiscard]] bool ended() const;

   private:
    friend class LiveFeed;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::string> waiting_;
    std::size_t waiting_bytes_ = 0;
    bool skipped_ = false;
    bool ended_ = false;
  };

  /// Nothing where there are `most` already, or the feed has ended.
  [[nodiscard]] std::shared_ptr<Listener> listen(std::size_t most);
  void leave(const std::shared_ptr<Listener>& listener);
  void put(const std::string& text);
  void end();

 private:
  static constexpr std::size_t kMostWaiting = std::size_t{1} << 20U;  ///< bytes

  std::mutex mutex_;
  std::set<std::shared_ptr<Listener>> listeners_;
  bool ended_ = false;
};

}  // namespace udperf::app
