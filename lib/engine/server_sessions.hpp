#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/byte_meter.hpp"
#include "base/memory_account.hpp"
#include "base/source_accounts.hpp"
#include "clock/clock.hpp"
#include "engine/event.hpp"
#include "engine/executor.hpp"
#include "engine/server_control.hpp"
#include "engine/server_run.hpp"
#include "engine/service.hpp"
#include "engine/stream_endpoint.hpp"
#include "net/datagram_port.hpp"
#include "session/admission.hpp"
#include "session/classic_door.hpp"
#include "session/control_budget.hpp"
#include "session/front_door.hpp"
#include "session/used_nonces.hpp"

namespace udperf::engine {

/// The server behind its one port: front door, sessions and their end. step() belongs to one
/// thread; sessions' own work is done by the executor.
class ServerSessions final : public Service {
 public:
  ServerSessions(const ServerOptions& options, net::ListenPort& listener, const Clock& clock,
                 RandomSource& random, ServerObserver& observer, Executor& executor);
  ServerSessions(const ServerSessions&) = delete;
  ServerSessions& operator=(const ServerSessions&) = delete;
  ~ServerSessions() override;

  /// Answers what has arrived at the listener, and buries sessions that have ended. Returns when to
  /// be called next at the latest.
  MonoTime step(MonoTime now) override;
  /// The listener's, and one that is readable when step() has something else to do.
  void add_fds(std::vector<int>& fds) const override;

  /// No new sessions; those that run are told to end.
  void shut_down() override;
  [[nodiscard]] std::size_t count() const override { return sessions_.size(); }
  [[nodiscard]] std::uint64_t finished() const override {
    return finished_ + (classic_ ? classic_->settled() : 0);
  }
  [[nodiscard]] session::Occupancy occupancy(const IpAddress& client, MonoTime now) const override;
  [[nodiscard]] const ServerCounters& counters() const { return counters_; }

 private:
  struct Session {
    std::unique_ptr<SourceAccounts::Seat> seat;
    MemoryAccount memory;
    MemoryShare fixed;  ///< what its streams take from their beginning on
    session::ControlBudget budget;
    std::uint64_t id = 0;
    Endpoint client;
    Endpoint local;
    UnixTime opened;
    MonoTime opened_mono;
    TestParams params;
    wire::Nonce server_nonce{};
    crypto::Key token_key{};
    TestState shared;
    std::unique_ptr<ServerControl> conversation;
    std::vector<std::unique_ptr<StreamEndpoint>> lanes;  ///< in order of joining
    std::vector<bool> joined;                            ///< by stream number
    bool replaced = false;                               ///< its client was started again
    bool light = false;                                  ///< counted apart
    IpAddress source;                                    ///< whom it is counted to

    Session(SourceAccounts& sources, const IpAddress& counted_to, ByteMeter& control)
        : seat(sources.join(counted_to)),
          memory(seat->memory()),
          fixed(&memory),
          budget(control),
          source(counted_to) {}
    [[nodiscard]] bool active() const { return !replaced && !conversation->ended(); }
  };

  void on_letter(const net::Letter& letter, MonoTime now);
  void decide_on(const net::Letter& letter, MonoTime now);
  /// True when a letter that the front door has no use for was a classic client's.
  bool on_classic(const net::Letter& letter, bool native, MonoTime now);
  MonoTime step_classic(MonoTime now);
  void count_drop(session::FrontDoor::Drop drop);
  [[nodiscard]] bool has_served_its_one() const;
  void open_session(const session::FrontDoor::Admission& admission, const net::Letter& letter,
                    MonoTime now);
  void refuse(const net::Letter& letter, const wire::Nonce& nonce, session::Sealer sealer,
              const wire::Reject& reject);
  void join(const session::FrontDoor::Joining& joining, const net::Letter& letter, MonoTime now);
  [[nodiscard]] std::unique_ptr<Session> make_session(const wire::Request& request,
                                                      const TestParams& granted,
                                                      const net::Letter& letter, MonoTime now);
  [[nodiscard]] std::optional<wire::Reject> add_lane(Session& session, std::uint8_t stream,
                                                     const session::Sealer& sealer,
                                                     const net::Letter& letter);
  [[nodiscard]] std::unique_ptr<net::DatagramPort> open_port(const Session& session,
                                                             const net::Letter& letter);
  void launch(Session& session, StreamEndpoint& lane);
  static void credit_handshake(Session& session, const net::Letter& letter);
  void take_in(net::Letter letter);
  [[nodiscard]] bool counts_light_apart() const {
    return !options_.one_off && options_.max_light_sessions > 0;
  }
  [[nodiscard]] bool is_light(const TestParams& params) const;
  [[nodiscard]] session::Policy policy() const;
  [[nodiscard]] IpAddress counted_to(const TestParams& params, const net::Letter& letter) const;
  [[nodiscard]] std::size_t full_sessions() const;
  [[nodiscard]] static MonoTime free_at(const Session& session, MonoTime now);
  void drop_predecessor(const Endpoint& client);
  void bury_ended();
  void bury_idle();
  void note_concurrency();
  [[nodiscard]] SessionOutcome last_words(Session& session);
  enum class Figures : std::uint8_t { all, none };
  [[nodiscard]] SessionOutcome outcome_of(Session& session, Figures figures);
  /// A test is complete only when each sender has sent all that was agreed on.
  static void note_early_ends(SessionOutcome& outcome);

  const ServerOptions& options_;
  net::ListenPort& listener_;
  const Clock& clock_;
  RandomSource& random_;
  ServerObserver& observer_;
  Executor& executor_;
  Event event_;
  session::FrontDoor door_;
  std::optional<session::ClassicDoor> classic_;  ///< with --classic
  /// What is kept on behalf of one kind of sessions.
  struct Kept {
    explicit Kept(std::uint64_t limit) : memory(limit) {}
    MemoryAccount memory;
    SourceAccounts sources{memory};
  };
  [[nodiscard]] SourceAccounts* sources_for(bool light);
  Kept full_;
  Kept light_;
  ByteMeter control_{session::ControlBudget::kBytesPerSecondOfAll,
                     session::ControlBudget::kBurstOfAll};
  std::map<std::uint64_t, std::unique_ptr<Session>> sessions_;
  /// Handshakes that came to a session's socket.
  struct Strays {
    std::mutex mutex;
    std::vector<net::Letter> letters;
    std::uint64_t dropped = 0;
  };
  Strays strays_;
  session::UsedNonces used_nonces_{session::CookieJar::kLifetime};
  ServerCounters counters_;
  std::uint64_t finished_ = 0;
  std::atomic<bool> dying_{false};  ///< a session has ended and is still kept
  std::uint64_t instance_;          ///< of this start of the server
  bool shutting_down_ = false;
  bool warned_of_buffer_ = false;
};

}  // namespace udperf::engine
