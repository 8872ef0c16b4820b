#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "net/datagram_port.hpp"
#include "support/fake_clock.hpp"
#include "support/seeded_random.hpp"
#include "wire/header.hpp"

namespace udperf::test {

/// What a simulated path does to datagrams of one direction. Decisions follow the seed.
struct Impairment {
  double drop_data = 0;
  double drop_control = 0;
  double duplicate_data = 0;
  double duplicate_control = 0;
  double late = 0;  ///< share of datagrams that take late_by longer
  Duration delay{0};
  Duration jitter{0};  ///< up to so much more, which also reorders
  Duration late_by = std::chrono::milliseconds{20};
  std::uint64_t rate_bps = 0;  ///< payload bits per second that pass; 0 = any number
  /// The longest a datagram waits where the rate is limited; what would wait longer is dropped.
  Duration queue = std::chrono::milliseconds{50};
  std::size_t max_payload = 0;  ///< larger datagrams never arrive; 0 = any
  std::uint32_t told_mtu = 0;   ///< what ICMP says when one was larger; 0 = a black hole
  bool loses_merged = false;    ///< datagrams that left as one buffer (UDP_SEGMENT) never arrive
  /// Drops what it says true to, before any chance; sees every datagram with its common header.
  std::function<bool(const wire::CommonHeader&)> drop_if;
};

/// A host's sockets: what they hold, and how fast the host reads them.
struct SocketLimits {
  std::uint32_t bytes = 1U << 20U;  ///< as granted: the kernel holds twice that, with its overhead
  std::uint64_t drain_bps = 0;      ///< payload bits per second; 0 = any number
  bool bounded = false;             ///< what does not fit is dropped
  bool one_reader = false;          ///< of all the host's sockets, one after the other
};

/// What a direction has done to DATA: the truth that results are compared with.
struct DirectionTruth {
  std::uint64_t sent = 0;
  std::uint64_t dropped = 0;
  std::uint64_t duplicated = 0;
  MonoTime last_sent{};  ///< of anything, DATA or not
};

/// Whether a datagram left its host alone or in a buffer with others.
enum class Departure : std::uint8_t { single, merged };

class SimPort;
class SimListenPort;

/// Hosts with ports, and the paths between clients and the server, on a clock that only moves
/// between events. Everything with the server's address as its destination goes "up".
class SimNetwork {
 public:
  SimNetwork(FakeClock& clock, std::uint64_t seed) : clock_(clock), random_(seed) {}

  Impairment up;
  Impairment down;
  SocketLimits server_socket;
  SocketLimits client_socket;
  std::function<MonoTime(MonoTime)> server_time;  ///< stamps the server's arrivals
  bool icmp = true;  ///< whether a datagram to nobody is answered with "port unreachable"
  bool out_of_sockets = false;  ///< the server has no descriptor for one more
  bool merges_reads = false;    ///< whether ports hand over equal datagrams as one read (UDP_GRO)
  /// What the host at `from` says to a send of DATA in place of taking it; nothing: it takes it.
  std::function<std::optional<net::SendOutcome>(const Endpoint& from)> host_says;
  /// Why the clients' host lets nothing out, an errno; nor does anything get to it. 0: it does.
  int client_away = 0;
  /// Sees every datagram before anything is done to it.
  std::function<void(const Endpoint& from, const Endpoint& to, std::span<const std::byte>)> on_send;
  /// Writes into what leaves from `from` what a liar there would say.
  std::function<void(const Endpoint& from, std::span<std::byte>)> lie;
  const Endpoint server = endpoint(1, kDefaultPort);
  std::uint64_t checksum_errors = 0;  ///< what every host tells of datagrams that arrived broken
  /// How often something could be read at a port and was not, when its owner was stepped.
  std::uint64_t left_unread = 0;

  [[nodiscard]] static Endpoint endpoint(std::uint8_t host, std::uint16_t port);

  void send(const Endpoint& from, const Endpoint& to, std::span<const std::byte> bytes,
            Departure departure = Departure::single);
  /// A stranger's ICMP "port unreachable" to a client's socket.
  void forge_refusal(const Endpoint& client);
  /// Hands over what is due.
  void deliver(MonoTime now);
  [[nodiscard]] MonoTime next_arrival();

  [[nodiscard]] const DirectionTruth& truth(bool upward) const { return upward ? up_ : down_; }
  /// What the way from `from` does.
  [[nodiscard]] const Impairment& path_from(const Endpoint& from) const {
    return from == server ? down : up;
  }
  [[nodiscard]] SeededRandom& random() { return random_; }
  [[nodiscard]] FakeClock& clock() { return clock_; }

  [[nodiscard]] std::unique_ptr<net::DatagramPort> connect(const Endpoint& local,
                                                           const Endpoint& remote);
  [[nodiscard]] std::unique_ptr<SimListenPort> listen();
  /// A port of this client host that nobody has used.
  [[nodiscard]] Endpoint fresh_port(std::uint8_t host) { return endpoint(host, next_port_++); }

 private:
  friend class SimPort;
  friend class SimListenPort;

  struct Flight {
    Endpoint from;
    Endpoint to;
    std::vector<std::byte> bytes;
  };
  using Link = std::pair<Endpoint, Endpoint>;  ///< local, remote

  /// Of a host whose sockets one thread reads.
  struct Reader {
    MonoTime free_at{};  ///< when the host has dealt with what it read last
    std::uint64_t turns = 0;
  };
  /// What a datagram waits before it enters the path; nothing when there is no room to wait.
  [[nodiscard]] std::optional<Duration> queueing(const Impairment& path, MonoTime& free_at,
                                                 std::size_t bytes) const;
  [[nodiscard]] Duration travel_time(const Impairment& path);
  void hand_over(Flight flight, MonoTime at);

  FakeClock& clock_;
  SeededRandom random_;
  std::multimap<MonoTime, Flight> flights_;
  std::map<Link, SimPort*> connected_;
  std::map<IpAddress, Reader> readers_;
  SimListenPort* listener_ = nullptr;
  DirectionTruth up_;
  DirectionTruth down_;
  MonoTime up_free_at_{};  ///< when the rate limit lets the next datagram in
  MonoTime down_free_at_{};
  std::uint16_t next_port_ = 20000;
};

/// A connected socket of the simulated network.
class SimPort final : public net::DatagramPort {
 public:
  SimPort(SimNetwork& network, const Endpoint& local, const Endpoint& remote);
  SimPort(const SimPort&) = delete;
  SimPort& operator=(const SimPort&) = delete;
  ~SimPort() override;

  net::SendOutcome send(std::span<const std::byte> data, std::uint32_t segment) override;
  net::SendOutcome send_control(std::span<const std::byte> datagram) override;
  std::span<const net::Received> receive(net::ReceiveBuffers& buffers) override;
  std::optional<net::ReceiveQueue> receive_queue() override;
  [[nodiscard]] std::uint64_t checksum_errors() const override { return network_.checksum_errors; }
  [[nodiscard]] net::PathSigns path_signs() const override { return {}; }
  void ignore_ttl() override {}
  net::SendOutcome send_whole(std::span<const std::byte> datagram) override;
  std::optional<std::uint32_t> take_mtu_hint() override { return std::exchange(hint_, {}); }
  bool take_refused() override { return std::exchange(refused_, false); }
  std::optional<std::uint64_t> queue_drops() override { return 0; }
  bool pace_in_kernel(std::uint64_t) override { return false; }
  [[nodiscard]] std::uint32_t batch_limit(std::uint32_t) const override { return 16; }
  [[nodiscard]] std::uint32_t receive_buffer_bytes() const override { return limits().bytes; }
  [[nodiscard]] std::uint32_t send_buffer_bytes() const override { return 1U << 20U; }
  [[nodiscard]] bool gso_active() const override { return gso_; }
  void disable_gso() override { gso_ = false; }
  [[nodiscard]] bool gro_active() const override { return true; }
  [[nodiscard]] Endpoint local() const override { return local_; }
  [[nodiscard]] Endpoint remote() const override { return remote_; }
  [[nodiscard]] int fd() const override { return -1; }

  void arrive(std::vector<std::byte> bytes, MonoTime at);
  void refuse() { refused_ = true; }
  /// When what waits can be read; kNever where nothing waits. What is due is told once: who has
  /// left it unread would leave it the next microsecond, too.
  [[nodiscard]] MonoTime readable_at(MonoTime now);

 private:
  /// One read: a datagram, or several merged.
  struct Waiting {
    std::vector<std::byte> bytes;
    MonoTime at;
    std::size_t segment = 0;  ///< length of the first datagram
    std::uint32_t drops = 0;  ///< of the socket, before it arrived
  };
  [[nodiscard]] const SocketLimits& limits() const {
    return local_ == network_.server ? network_.server_socket : network_.client_socket;
  }

  void take_one();
  [[nodiscard]] MonoTime& free_at();
  [[nodiscard]] bool its_turn() const;
  [[nodiscard]] bool away() const { return network_.client_away != 0 && local_ != network_.server; }

  SimNetwork& network_;
  Endpoint local_;
  Endpoint remote_;
  std::deque<Waiting> queue_;
  std::uint64_t queued_cost_ = 0;
  std::uint32_t drops_ = 0;
  MonoTime free_at_{};      ///< when the host has dealt with what it read last
  std::uint64_t turn_ = 0;  ///< the latest, of a host with one reader
  std::vector<Waiting> current_;
  std::vector<net::Received> received_;
  bool told_ = false;    ///< that something can be read, since the last read and arrival
  bool unread_ = false;  ///< and has been left there
  bool refused_ = false;
  std::optional<std::uint32_t> hint_;
  bool gso_ = true;
};

/// The server's listening socket in the simulated network.
class SimListenPort final : public net::ListenPort {
 public:
  explicit SimListenPort(SimNetwork& network);
  SimListenPort(const SimListenPort&) = delete;
  SimListenPort& operator=(const SimListenPort&) = delete;
  ~SimListenPort() override;

  std::span<const net::Datagram> receive() override {
    read_ = std::exchange(queue_, {});
    return read_;
  }
  void send(const net::Datagram& letter) override;
  [[nodiscard]] Endpoint local() const override { return network_.server; }
  [[nodiscard]] int fd() const override { return -1; }
  [[nodiscard]] Result<std::unique_ptr<net::DatagramPort>> open_session(
      const net::PortOptions& options, std::vector<net::Datagram>& strays) override;

  void arrive(net::Datagram letter) { queue_.push_back(std::move(letter)); }

 private:
  SimNetwork& network_;
  std::vector<net::Datagram> queue_;
  std::vector<net::Datagram> read_;
};

}  // namespace udperf::test
