#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "clock/clock.hpp"
#include "engine/event.hpp"
#include "engine/lane.hpp"
#include "engine/server_conversation.hpp"
#include "engine/server_run.hpp"
#include "net/datagram_port.hpp"
#include "session/admission.hpp"
#include "session/classic_door.hpp"
#include "session/front_door.hpp"

namespace udperf::engine {

/// Runs tasks somewhere: worker threads in the program, one loop in the simulator.
class Executor {
 public:
  Executor() = default;
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;
  virtual ~Executor() = default;

  virtual void add(Task& task) = 0;
  /// Every task is to be stepped once more, soon.
  virtual void wake() = 0;
};

/// The server behind its one port: front door, sessions and their end. step() belongs to one
/// thread; sessions' own work is done by the executor.
class ServerSessions {
 public:
  ServerSessions(const ServerOptions& options, net::ListenPort& listener, const Clock& clock,
                 RandomSource& random, ServerObserver& observer, Executor& executor);
  ServerSessions(const ServerSessions&) = delete;
  ServerSessions& operator=(const ServerSessions&) = delete;
  ~ServerSessions();

  /// Answers what has arrived at the listener, and buries sessions that have ended. Returns when to
  /// be called next at the latest.
  MonoTime step(MonoTime now);
  /// Readable when step() has something to do that did not come by the listener.
  [[nodiscard]] int wake_fd() const { return event_.fd(); }

  /// No new sessions; those that run are told to end.
  void shut_down();
  [[nodiscard]] std::size_t count() const { return sessions_.size(); }
  [[nodiscard]] std::uint64_t finished() const {
    return finished_ + (classic_ ? classic_->settled() : 0);
  }
  [[nodiscard]] const ServerCounters& counters() const { return counters_; }

 private:
  struct Session {
    std::uint64_t id = 0;
    Endpoint client;
    Endpoint local;
    UnixTime opened;
    MonoTime opened_mono;
    TestParams params;
    wire::Nonce server_nonce{};
    crypto::Key token_key{};
    SharedTest shared;
    std::unique_ptr<ServerConversation> conversation;
    std::vector<std::unique_ptr<Lane>> lanes;  ///< in order of joining
    std::vector<bool> joined;                  ///< by stream number
    bool replaced = false;                     ///< its client was started again

    [[nodiscard]] bool active() const { return !replaced && !conversation->ended(); }
  };

  void on_letter(const net::Letter& letter, MonoTime now);
  /// True when a letter that the front door has no use for was a classic client's.
  bool on_classic(const net::Letter& letter, bool native, MonoTime now);
  MonoTime step_classic(MonoTime now);
  void count_drop(session::FrontDoor::Drop drop);
  void open_session(const session::FrontDoor::Admission& admission, const net::Letter& letter,
                    MonoTime now);
  void refuse(const net::Letter& letter, const session::FrontDoor::Admission& admission,
              const wire::Reject& reject);
  void join(const session::FrontDoor::Joining& joining, const net::Letter& letter, MonoTime now);
  [[nodiscard]] std::unique_ptr<Session> make_session(const wire::Request& request,
                                                      const TestParams& granted,
                                                      const net::Letter& letter, MonoTime now);
  bool add_lane(Session& session, std::uint8_t stream, const session::Sealer& sealer,
                const net::Letter& letter, MonoTime now);
  [[nodiscard]] session::Occupancy occupancy(const IpAddress& client, MonoTime now) const;
  void drop_predecessor(const Endpoint& client);
  /// Whether a cookie with this nonce has opened a session before, in the life of cookies.
  [[nodiscard]] bool used_before(const wire::Nonce& nonce, MonoTime now);
  void bury_ended();
  void note_concurrency();
  [[nodiscard]] SessionOutcome outcome_of(Session& session);

  const ServerOptions& options_;
  net::ListenPort& listener_;
  const Clock& clock_;
  RandomSource& random_;
  ServerObserver& observer_;
  Executor& executor_;
  Event event_;
  session::FrontDoor door_;
  std::optional<session::ClassicDoor> classic_;  ///< with --classic
  std::map<std::uint64_t, std::unique_ptr<Session>> sessions_;
  std::mutex strays_mutex_;
  std::vector<net::Letter> strays_;
  std::deque<std::pair<MonoTime, wire::Nonce>> used_nonces_;  ///< oldest first
  ServerCounters counters_;
  std::uint64_t finished_ = 0;
  bool shutting_down_ = false;
  bool warned_of_buffer_ = false;
};

}  // namespace udperf::engine
