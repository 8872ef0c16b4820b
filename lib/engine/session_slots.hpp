#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "base/endpoint.hpp"
#include "base/saturating.hpp"
#include "base/time.hpp"
#include "engine/test_state.hpp"
#include "session/admission.hpp"

namespace udperf::engine {

/// The slots that sessions have at a server, counted as they are taken and given back: what it
/// costs to decide about one session more does not grow with how many there are. One thread.
class SessionSlots {
 public:
  /// Of one session, which keeps it where it is for as long as it is taken.
  class Slot {
   public:
    Slot(const Endpoint& client, const IpAddress& counted_to, bool light);

    [[nodiscard]] const Endpoint& client() const { return client_; }
    [[nodiscard]] bool light() const { return light_; }
    [[nodiscard]] bool taken() const { return taken_; }

   private:
    friend class SessionSlots;
    using ByMost = std::multimap<std::uint32_t, Slot*>;

    Endpoint client_;
    IpAddress source_;
    bool light_;
    bool taken_ = false;
    std::uint64_t session_ = 0;
    std::uint64_t bps_ = 0;
    TestState* shared_ = nullptr;
    ByMost::iterator told_;
    std::size_t among_full_ = 0;  ///< where it is in full_
  };

  /// The session with this number has the slot from now on. All or nothing, where memory ends.
  void take(Slot& slot, std::uint64_t session, const TestParams& granted, TestState& shared);
  /// Nothing happens where it is not taken.
  void give_back(Slot& slot);

  /// The session of this client, which has one at most.
  [[nodiscard]] std::optional<std::uint64_t> session_of(const Endpoint& client) const;
  /// But for when a slot will be free.
  [[nodiscard]] session::Occupancy occupancy(const IpAddress& client) const;
  /// Sessions that are not light.
  [[nodiscard]] std::size_t full() const { return full_.size(); }
  /// The soonest of the moments at which full sessions end, by `free_at` of their numbers; kNever:
  /// not known. At most a tenth of a second old.
  [[nodiscard]] MonoTime soonest_end(
      MonoTime now, const std::function<MonoTime(std::uint64_t session)>& free_at) const;
  /// The same of the source of `client` alone, as of now: of 64 of its sessions at most.
  [[nodiscard]] MonoTime soonest_end_of_source(
      const IpAddress& client, const std::function<MonoTime(std::uint64_t session)>& free_at) const;

  /// How many sessions have been looked at one by one since the start, here or by who says so with
  /// walked(): what must not depend on how many there are can be counted so.
  [[nodiscard]] std::uint64_t steps() const { return steps_; }
  void walked(std::size_t sessions) const { steps_ += sessions; }

 private:
  struct OfSource {
    std::vector<const Slot*> full;
    std::uint32_t light = 0;
  };
  struct Soonest {
    MonoTime at = kNever;
    MonoTime good_until{};
  };

  void tell_of(std::uint32_t full);
  void forget_client(const Slot& slot);
  void forget_source(const IpAddress& source);

  std::map<Endpoint, Slot*> by_client_;
  std::map<IpAddress, OfSource> by_source_;
  std::vector<Slot*> full_;
  /// By the most full sessions that a session has been told of.
  Slot::ByMost by_most_;
  std::uint32_t light_ = 0;
  Uint128 bps_ = 0;
  Uint128 light_bps_ = 0;  ///< of these, of light sessions
  mutable Soonest soonest_;
  mutable std::uint64_t steps_ = 0;
};

}  // namespace udperf::engine
