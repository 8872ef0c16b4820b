#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <set>
#include <string>

#include "base/time.hpp"
#include "clock/clock.hpp"
#include "crypto/crypto.hpp"

namespace udperf::app {

/// Who may ask, by an Authorization header whose password takes long to check on purpose: so that
/// strangers cannot keep processors busy with wrong ones, one is checked at a time, each wrong one
/// is followed by a pause four times as long as it took, and right ones are known again.
class PasswordGate {
 public:
  using Check = std::function<bool(const char* authorization)>;
  using Pause = std::function<void(Duration)>;

  PasswordGate(Check check, const Clock& clock, Pause pause);

  enum class Answer { yes, no, later };
  /// From any thread. `authorization`: the header, or null.
  [[nodiscard]] Answer ask(const char* authorization);

 private:
  static constexpr int kMostWaiting = 8;
  static constexpr std::size_t kMostKnown = 64;
  static constexpr int kPauses = 4;
  static constexpr Duration kLongestPause = std::chrono::seconds{1};

  [[nodiscard]] bool is_known(const crypto::Tag& header);

  Check check_;
  const Clock& clock_;
  Pause pause_;
  crypto::Key key_{};  ///< so that no password is kept as it is
  std::mutex known_mutex_;
  std::set<crypto::Tag> known_;
  std::atomic<int> waiting_{0};
  std::mutex checking_;
  MonoTime next_{};  ///< under checking_
};

}  // namespace udperf::app
