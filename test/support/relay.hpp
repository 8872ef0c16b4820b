#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/endpoint.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "wire/header.hpp"

namespace udperf::test {

enum class Direction : std::uint8_t { to_server = 0, to_client = 1 };
inline constexpr std::size_t kDirections = 2;

/// Type under which datagrams are counted that are not udperf's.
inline constexpr std::uint8_t kForeignType = 0;

/// One datagram on its way through the relay.
struct Passage {
  Direction direction = Direction::to_server;
  std::uint8_t type = kForeignType;  ///< wire::MessageType
  std::uint8_t stream = 0;
  std::uint64_t sequence = 0;  ///< of DATA; else 0
  std::uint64_t count = 0;     ///< how many of this type went this way before it
  std::size_t bytes = 0;
  Duration arrived{0};  ///< when the kernel took it from its sender, on CLOCK_MONOTONIC

  [[nodiscard]] bool is(wire::MessageType wanted) const {
    return type == static_cast<std::uint8_t>(wanted);
  }
};

/// What becomes of it.
struct Fate {
  bool drop = false;
  unsigned copies = 1;  ///< how often it is sent on; 2 = one duplicate
  Duration delay{0};    ///< all copies; what comes later may overtake them
};

/// Probabilities, 0..1 each. A dropped datagram is neither duplicated nor delayed.
struct Impairment {
  double drop = 0;
  double duplicate = 0;
  double late = 0;  ///< share that is held back for `hold`
  Duration hold = std::chrono::milliseconds{2};
};

/// What the relay does. A fate depends only on the seed and on the passage (direction, type,
/// stream, and sequence number or count), never on timing: for DATA the same seed hits the same
/// datagrams.
struct RelayScript {
  std::uint64_t seed = 1;
  std::array<Impairment, kDirections> data;     ///< DATA, by direction
  std::array<Impairment, kDirections> control;  ///< everything else, by direction
  /// Asked first; what it leaves open is decided by the probabilities. Runs in the relay's thread.
  std::function<std::optional<Fate>(const Passage&)> decide;
};

/// Reads what a passage has to say of a datagram; `count` is left at 0.
[[nodiscard]] Passage inspect_datagram(Direction direction, std::span<const std::byte> datagram);

/// The fate that `script` has for `passage`. Pure, unless script.decide is not.
[[nodiscard]] Fate decide_fate(const RelayScript& script, const Passage& passage);

struct TypeCount {
  std::uint64_t received = 0;
  std::uint64_t dropped = 0;
  std::uint64_t duplicated = 0;  ///< extra copies
  std::uint64_t delayed = 0;
  std::uint64_t forwarded = 0;  ///< copies handed to the kernel; received - dropped + duplicated
};

/// DATA that was not sent on exactly once, in the order it came.
struct DataEvent {
  Direction direction = Direction::to_server;
  std::uint8_t stream = 0;
  std::uint64_t sequence = 0;
  std::size_t bytes = 0;
};

/// DATA that was held back: when the kernel took it from its sender, and when it was sent on.
struct Delayed {
  Direction direction = Direction::to_server;
  std::uint64_t sequence = 0;
  Duration arrived{0};  ///< on CLOCK_MONOTONIC
  Duration left{0};
};

/// All the relay did so far.
struct RelayLog {
  using ByType = std::array<TypeCount, 256>;
  std::array<ByType, kDirections> types{};
  std::vector<DataEvent> dropped;
  std::vector<DataEvent> duplicated;  ///< once for each extra copy
  std::vector<Delayed> delayed;       ///< in the order it left
  std::uint64_t lost_in_relay = 0;    ///< overflowed our own sockets: the other numbers are void
  std::uint64_t send_failures = 0;    ///< copies that the kernel did not take
  std::uint64_t still_held = 0;       ///< delayed and not sent on yet
  std::uint64_t clients = 0;          ///< client addresses seen

  [[nodiscard]] const TypeCount& of(Direction direction, wire::MessageType type) const {
    return types[static_cast<std::size_t>(direction)][static_cast<std::size_t>(type)];
  }
  /// True when the counts are the whole truth about what the relay did.
  [[nodiscard]] bool exact() const { return lost_in_relay == 0 && send_failures == 0; }
};

/// A network between a server and any number of clients, with faults made to order. Listens on the
/// loopback address of the server's family, at a port of the kernel's choice; every client address
/// gets a socket of its own towards the server, as behind a NAT. Works in a thread of its own, from
/// start() to the destructor.
class Relay {
 public:
  [[nodiscard]] static Result<Relay> start(const Endpoint& server, RelayScript script);

  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  Relay(Relay&&) noexcept;
  Relay& operator=(Relay&&) noexcept;
  ~Relay();

  /// Where clients are to go.
  [[nodiscard]] Endpoint endpoint() const;
  /// From now on; counts go on.
  void set_script(RelayScript script);
  [[nodiscard]] RelayLog log() const;

 private:
  class Engine;
  explicit Relay(std::unique_ptr<Engine> engine);

  std::unique_ptr<Engine> engine_;
};

}  // namespace udperf::test
