#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/endpoint.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "engine/handshakes.hpp"

namespace udperf::engine {

/// Says HELLO to the addresses of a host in their order, each a moment after the one before, or at
/// once where that one has failed (RFC 8305 s5). The first that answers is the server: only to it
/// REQUEST is said, so that there is one session.
class AddressRace {
 public:
  static constexpr Duration kStagger = std::chrono::milliseconds{250};

  /// Opens a socket to the address and prepares its handshake.
  using Begin = std::function<Result<Pending>(const Endpoint& server, MonoTime now)>;

  AddressRace(std::vector<Endpoint> servers, Begin begin)
      : servers_(std::move(servers)), begin_(std::move(begin)) {}

  /// Does what is due; returns when something is due next.
  MonoTime step(net::ReceiveBuffers& buffers, MonoTime now);

  /// Nobody is left to be asked, or one has answered and its handshake is over.
  [[nodiscard]] bool over() const;
  /// The handshakes that go on, to wait for.
  [[nodiscard]] std::vector<int> fds() const;

  struct Runner {
    Endpoint server;
    Pending pending;
  };
  /// The one that answered; or, where none did, the last that is left. After over().
  [[nodiscard]] Runner* winner();
  /// Why none of them could be reached: of a single address its own reason, else all of them.
  [[nodiscard]] Error error() const;
  /// The same in one word.
  [[nodiscard]] session::Obstacle obstacle() const;

 private:
  struct Failure {
    Endpoint server;
    Error error;
    session::Obstacle obstacle = session::Obstacle::other;
  };

  void begin_next(MonoTime now);
  void note_failures(MonoTime now);
  bool decide();

  std::vector<Endpoint> servers_;
  Begin begin_;
  std::size_t next_ = 0;
  MonoTime next_at_{};
  bool decided_ = false;
  std::vector<Runner> runners_;
  std::vector<Failure> failures_;
};

}  // namespace udperf::engine
