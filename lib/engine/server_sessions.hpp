#pragma once

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/memory_account.hpp"
#include "base/source_accounts.hpp"
#include "base/token_bucket.hpp"
#include "clock/clock.hpp"
#include "engine/executor.hpp"
#include "engine/fallback_protocol.hpp"
#include "engine/server_control.hpp"
#include "engine/server_run.hpp"
#include "engine/service.hpp"
#include "engine/session_memory.hpp"
#include "engine/session_slots.hpp"
#include "engine/stream_endpoint.hpp"
#include "net/datagram_port.hpp"
#include "os/event.hpp"
#include "session/admission.hpp"
#include "session/control_budget.hpp"
#include "session/handshake_responder.hpp"
#include "session/rate_debts.hpp"
#include "session/used_nonces.hpp"

namespace udperf::engine {

/// The server behind its one port: handshakes, sessions and their end. step() belongs to one
/// thread; sessions' own work is done by the executor.
class ServerSessions final : public Service {
 public:
  /// `fallback`: gets what arrives at the port and is not for this one; null: nobody does. All that
  /// is given outlives it.
  ServerSessions(const ServerOptions& options, const ServiceSite& site, const Clock& clock,
                 RandomSource& random, ServerObserver& observer,
                 FallbackProtocol* fallback = nullptr);
  ServerSessions(const ServerSessions&) = delete;
  ServerSessions& operator=(const ServerSessions&) = delete;
  ~ServerSessions() override;

  /// Answers what has arrived at the listener, and reaps sessions that have ended. Returns when to
  /// be called next at the latest.
  MonoTime step(MonoTime now) override;
  /// The listener's, and one that is readable when step() has something else to do.
  void add_fds(std::vector<int>& fds) const override;

  /// No new sessions; those that run are told to end.
  void shut_down() override;
  [[nodiscard]] std::size_t count() const override { return sessions_.size(); }
  [[nodiscard]] std::uint64_t finished() const override { return over_.reaped; }
  [[nodiscard]] session::Occupancy occupancy(const IpAddress& client, MonoTime now) const override;
  [[nodiscard]] const ServerCounters& counters() const { return counters_; }
  /// Sessions looked at one by one since the start (SessionSlots::steps).
  [[nodiscard]] std::uint64_t steps() const { return slots_.steps(); }

 private:
  struct Session {
    std::unique_ptr<SourceAccounts::Share> share;
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
    std::unique_ptr<ServerControl> control;
    std::vector<std::unique_ptr<StreamEndpoint>> streams;  ///< in order of joining
    std::vector<bool> joined;                              ///< by stream number
    bool replaced = false;                                 ///< its client was started again
    SessionSlots::Slot slot;
    std::atomic<bool> over{false};  ///< it is in a list of those that are
    Session* next_over = nullptr;

    Session(SourceAccounts& sources, const Endpoint& from, const IpAddress& counted_to, bool light,
            TokenBucket& meter)
        : share(sources.join(counted_to)),
          memory(share->memory()),
          fixed(&memory),
          budget(meter),
          client(from),
          slot(from, counted_to, light) {}
    [[nodiscard]] bool light() const { return slot.light(); }
    [[nodiscard]] bool active() const { return !replaced && !control->ended(); }
    /// A second socket to the same end would take what is meant for the first.
    [[nodiscard]] bool has_stream_of(const Endpoint& peer) const {
      return std::any_of(streams.begin(), streams.end(),
                         [&peer](const auto& stream) { return stream->port().remote() == peer; });
    }
    /// No thread has anything of it any more.
    [[nodiscard]] bool idle() const {
      return std::all_of(streams.begin(), streams.end(),
                         [](const auto& stream) { return stream->idle(); });
    }
  };

  void on_datagram(const net::Datagram& datagram, MonoTime now);
  void decide_on(const net::Datagram& datagram, MonoTime now);
  void count_drop(session::HandshakeResponder::Drop drop);
  [[nodiscard]] bool has_served_its_one() const;
  void open_session(const session::HandshakeResponder::Admission& admission,
                    const net::Datagram& datagram, MonoTime now);
  void begin_session(std::unique_ptr<Session> session);
  void refuse(const net::Datagram& datagram, const wire::Nonce& nonce, session::Sealer sealer,
              const wire::Reject& reject, const std::optional<std::string>& why = std::nullopt);
  void join(const session::HandshakeResponder::Joining& joining, const net::Datagram& datagram,
            MonoTime now);
  [[nodiscard]] std::unique_ptr<Session> make_session(const wire::Request& request,
                                                      const TestParams& granted,
                                                      const net::Datagram& datagram, MonoTime now);
  [[nodiscard]] wire::Accept acceptance(const wire::Request& request, const Session& session,
                                        bool sparse_control) const;
  [[nodiscard]] std::optional<std::string> open_stream(Session& session, std::uint8_t stream,
                                                       const session::Sealer& sealer,
                                                       const net::Datagram& datagram);
  [[nodiscard]] std::unique_ptr<net::DatagramPort> open_port(const Session& session,
                                                             const net::Datagram& datagram);
  void launch(Session& session, StreamEndpoint& stream);
  static void abandon(Session& session, StreamEndpoint& stream);
  static void credit_handshake(Session& session, const net::Datagram& datagram);
  void take_in(net::Datagram datagram);
  [[nodiscard]] bool counts_light_apart() const {
    return !options_.one_off && options_.max_light_sessions > 0;
  }
  [[nodiscard]] bool is_light(const TestParams& params) const;
  [[nodiscard]] session::Policy policy() const;
  [[nodiscard]] IpAddress counted_to(const TestParams& params, const net::Datagram& datagram) const;
  [[nodiscard]] static MonoTime free_at(const Session& session, MonoTime now);
  void drop_predecessor(const Endpoint& client);
  void note_over(Session& session) noexcept;
  void keep_rate(const Session& session, MonoTime now);
  void clear_slots();
  void reap_ended();
  void reap(Session& session);
  [[nodiscard]] SessionOutcome closing_outcome(Session& session);
  enum class Figures : std::uint8_t { all, none };
  [[nodiscard]] SessionOutcome outcome_of(Session& session, Figures figures);
  /// A test is complete only when each sender has sent all that was agreed on.
  static void note_early_ends(SessionOutcome& outcome);

  const ServerOptions& options_;
  ServiceSite site_;
  net::ListenPort& listener_;
  const Clock& clock_;
  RandomSource& random_;
  ServerObserver& observer_;
  os::Event event_;
  session::HandshakeResponder responder_;
  FallbackProtocol* fallback_;
  TokenBucket control_{session::ControlBudget::kBytesPerSecondOfAll,
                       session::ControlBudget::kBurstOfAll};
  std::map<std::uint64_t, std::unique_ptr<Session>> sessions_;
  SessionSlots slots_;
  struct Debts {
    session::RateDebts full;
    session::RateDebts light;
  };
  Debts debts_;
  /// Sessions that are over and still kept, in lists that need no memory.
  struct Over {
    std::atomic<Session*> told{nullptr};  ///< by any thread
    Session* waiting = nullptr;           ///< without a slot, until their tasks are released
    std::uint64_t reaped = 0;
  };
  Over over_;
  /// Handshakes that came to a session's socket.
  struct Strays {
    std::mutex mutex;
    std::vector<net::Datagram> datagrams;
    std::uint64_t dropped = 0;
  };
  Strays strays_;
  session::UsedNonces used_nonces_{session::CookieJar::kLifetime};
  ServerCounters counters_;
  std::uint64_t instance_;  ///< of this start of the server
  bool shutting_down_ = false;
  bool warned_of_buffer_ = false;
};

}  // namespace udperf::engine
