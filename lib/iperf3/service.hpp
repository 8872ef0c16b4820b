#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/random.hpp"
#include "clock/clock.hpp"
#include "engine/server_run.hpp"
#include "engine/service.hpp"
#include "engine/session_memory.hpp"
#include "iperf3/access_pace.hpp"
#include "iperf3/key_set.hpp"
#include "iperf3/server_test.hpp"
#include "net/tcp.hpp"
#include "net/tcp_patience.hpp"
#include "os/event.hpp"
#include "session/rate_debts.hpp"

namespace udperf::iperf3 {

/// Serves iperf3 clients on one number, TCP for control and UDP for data, as many at once as the
/// server's policy lets in. Data comes only from, and goes only to, the address that a test's
/// connection stands to.
class Iperf3Service final : public engine::Service {
 public:
  struct Parts {
    const engine::ServerOptions& options;  ///< the policy of the whole server
    const Clock& clock;
    RandomSource& random;
    engine::ServerObserver& observer;
    engine::Executor& executor;
    engine::SessionMemory& memory;  ///< of the whole server
    const engine::Neighbours& neighbours;
    TestWatcher* watcher = nullptr;  ///< told of intervals; null: nobody is
    Duration interval = std::chrono::seconds{1};
    /// Clients that ask for this server's output get JSON with these keys; absent: text.
    std::optional<KeySet> json_output = std::nullopt;
    TextFormat text_output = {};
    /// Who a token is of, or why nobody is let in by it; null: everybody is let in.
    std::function<Result<std::string>(const std::optional<std::string>& token)> authorize = {};
    bool one_family = false;    ///< where every address of IPv6 is bound to, IPv4 is not served
    bool refuse_rates = false;  ///< of this end, above the policy's; else it sends more slowly
    Duration data_patience = std::chrono::seconds{120};  ///< for data of a client that sends
    Duration rate_window = std::chrono::seconds{5};      ///< that its rate is looked at over
    net::TcpPatience control = {};
    /// Told what is said on control connections; null: nobody is.
    std::function<void(const std::string&)> trace = {};
  };

  /// Listens on `port`; 0: any that both TCP and UDP have free.
  [[nodiscard]] static Result<std::unique_ptr<Iperf3Service>> open(const Parts& parts,
                                                                   std::uint16_t port);
  Iperf3Service(const Iperf3Service&) = delete;
  Iperf3Service& operator=(const Iperf3Service&) = delete;
  ~Iperf3Service() override;

  void add_fds(std::vector<int>& fds) const override;
  MonoTime step(MonoTime now) override;
  void shut_down() override;
  [[nodiscard]] std::size_t count() const override { return tests_.size(); }
  [[nodiscard]] std::size_t admitted() const override;
  [[nodiscard]] std::uint64_t finished() const override { return finished_; }
  [[nodiscard]] session::Occupancy occupancy(const IpAddress& client, MonoTime now) const override;

  [[nodiscard]] Endpoint local() const { return control_->local(); }

 private:
  using Tests = std::vector<std::unique_ptr<ServerTest>>;

  Iperf3Service(const Parts& parts, std::unique_ptr<net::TcpListener> control,
                std::unique_ptr<net::ListenPort> data);

  void accept_clients(MonoTime now);
  void welcome(std::unique_ptr<net::TcpConnection> connection, MonoTime now);
  void on_datagram(const net::Datagram& datagram, MonoTime now);
  void decide(ServerTest& test, MonoTime now);
  void refuse(ServerTest& test, ErrorNumber number, const std::string& reason, MonoTime now);
  void turn_down(ServerTest& test, const wire::Reject& reject, MonoTime now);
  [[nodiscard]] bool is_known(ServerTest& test, MonoTime now);
  [[nodiscard]] bool may_enter(ServerTest& test, MonoTime now);
  void make_room_for(const IpAddress& source);
  void deny(ServerTest& test, const std::string& reason, MonoTime now);
  MonoTime give_turns(MonoTime now);
  MonoTime end_turn(ServerTest& test, MonoTime now);
  MonoTime step_tests(MonoTime now);
  void reap(MonoTime now);
  Tests::iterator forget(Tests::iterator test);
  void keep_rate(const ServerTest& test, MonoTime now);
  [[nodiscard]] bool burst_fits(const Parameters& asked, const TestParams& granted,
                                const session::Occupancy& occupied) const;
  [[nodiscard]] bool full(const IpAddress& client, MonoTime now) const;
  [[nodiscard]] session::Policy policy() const;

  Parts parts_;
  std::unique_ptr<net::TcpListener> control_;
  std::unique_ptr<net::ListenPort> data_;
  net::PollSet poll_;
  Tests tests_;
  session::RateDebts debts_;
  AccessPace pace_;
  std::vector<net::Datagram> strays_;
  MonoTime listen_again_ = kNever;  ///< descriptors had run out
  std::uint64_t finished_ = 0;
  bool shutting_down_ = false;
};

}  // namespace udperf::iperf3
