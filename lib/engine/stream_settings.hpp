#pragma once

#include <cstdint>
#include <functional>

#include "base/memory_account.hpp"
#include "crypto/crypto.hpp"
#include "engine/executor.hpp"
#include "engine/test_state.hpp"
#include "model/test_params.hpp"
#include "net/datagram_port.hpp"
#include "session/control_budget.hpp"
#include "session/sealer.hpp"
#include "traffic/plan.hpp"

namespace udperf::engine {

/// What one stream of one test is, as one end sees it.
struct StreamSettings {
  session::Role role = session::Role::client;
  std::uint64_t session = 0;
  std::uint8_t stream = 0;
  TestParams params;
  session::Sealer sealer;
  crypto::Key token_key{};  ///< secret of this end; makes the tokens of its DATA
  std::uint64_t payload_seed = 0;
  const traffic::TraceInput* trace = nullptr;  ///< of --profile trace; of the client only
  /// A client stops sending after so long without FEEDBACK; 0 = never. A server always does.
  Duration feedback_patience{0};
  MemoryAccount* memory = nullptr;  ///< of the session, for what is kept of it; null: no limit
  session::ControlBudget* budget = nullptr;  ///< of the session, for all but DATA; null: no limit
  bool light = false;  ///< the test is light: nothing of it must be done to the millisecond
  bool sparse_control = false;  ///< and both ends know: see session/light.hpp
  /// The stream that controls the session as a whole, which is told what this one has seen; null:
  /// this one does.
  const Task* control_stream = nullptr;
  /// Runs the transmit loop, unless the stream sends_itself(); null where it does not send.
  Executor* senders = nullptr;
  /// Takes datagrams that are not this session's (a server's handshakes), on the stream's thread.
  std::function<void(net::Datagram)> on_stray = {};

  [[nodiscard]] Way send_way() const { return role == session::Role::client ? Way::up : Way::down; }
  [[nodiscard]] Way receive_way() const {
    return role == session::Role::client ? Way::down : Way::up;
  }
  [[nodiscard]] bool sends() const { return includes(params.direction, send_way()); }
  [[nodiscard]] bool receives() const { return includes(params.direction, receive_way()); }
  /// Without a rate, and nothing to receive meanwhile: the stream's own steps send.
  [[nodiscard]] bool sends_itself() const {
    return !receives() && !params.rate(send_way()).limited();
  }

  /// Takes the size of datagrams from `test` once it is agreed. True where that changed it.
  bool adopt_payload_size(const TestState& test) {
    const std::uint32_t agreed = test.payload_bytes_or(params.payload_bytes);
    if (agreed == params.payload_bytes) {
      return false;  // nor is it written: other threads may read it meanwhile
    }
    params.payload_bytes = agreed;
    return true;
  }
  /// A server keeps the session of a client that is silent for a while, but tells it nothing any
  /// more: it may be gone, and somebody else at its address.
  [[nodiscard]] bool muted(const TestState& test, MonoTime now) const {
    constexpr Duration kTalkTo = std::chrono::milliseconds{2500};
    return role == session::Role::server && test.silence(now) > kTalkTo + test.round_trip();
  }
};

}  // namespace udperf::engine
