#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/endpoint.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "os/fd.hpp"

namespace udperf::net {

/// One TCP connection that never blocks: bytes in, bytes out, one error to take. TCP_NODELAY is on,
/// and the kernel asks the peer every second whether it is still there.
class TcpConnection {
 public:
  /// What a connection should be like before it is made.
  struct Options {
    std::optional<IpAddress> bind;
    Endpoint remote;
    std::string device;  ///< network interface that all goes through; empty: any
  };

  /// Begins to connect; see connected().
  [[nodiscard]] static Result<std::unique_ptr<TcpConnection>> open(const Options& options);
  /// Takes over one that a listener accepted.
  TcpConnection(os::Fd accepted, const Endpoint& local, const Endpoint& remote);

  enum class Connecting : std::uint8_t { underway, done, failed };
  /// How far open() has come; after `failed` take_error() says why.
  [[nodiscard]] Connecting connecting();

  /// Appends what has come; at most a bounded number of bytes a call.
  void receive(std::vector<std::byte>& out);
  /// Queues bytes, and sends as much as goes now.
  void send(std::span<const std::byte> bytes);
  /// Sends more of what is queued.
  void flush();
  /// Something is queued: flush() again when the descriptor is writable.
  [[nodiscard]] bool wants_to_write() const { return sent_ < unsent_.size(); }
  /// Nothing more will be sent, once the queue is empty.
  void finish_sending();

  /// The peer has closed its side, or the connection broke: there is nothing more to receive.
  [[nodiscard]] bool closed() const { return closed_; }
  /// The first failure, once.
  [[nodiscard]] std::optional<Error> take_error() { return std::exchange(error_, std::nullopt); }

  /// Since the peer's host last answered anything; nothing where the system does not tell.
  [[nodiscard]] std::optional<Duration> silence() const;
  /// The smoothed round trip to the peer; nothing where the system does not tell.
  [[nodiscard]] std::optional<Duration> round_trip() const;
  /// The largest segment, as it was agreed with the peer.
  [[nodiscard]] std::optional<std::uint32_t> segment_bytes() const;

  [[nodiscard]] const Endpoint& local() const { return local_; }
  [[nodiscard]] const Endpoint& remote() const { return remote_; }
  [[nodiscard]] int fd() const { return socket_.get(); }

 private:
  void fail(int os_error, const char* what);
  void forget_sent(std::size_t count);

  os::Fd socket_;
  Endpoint local_;
  Endpoint remote_;
  std::vector<std::byte> unsent_;
  std::size_t sent_ = 0;  ///< bytes of it that have gone
  std::optional<Error> error_;
  bool connected_ = false;
  bool closed_ = false;
  bool finish_ = false;
};

/// Takes TCP connections on a port. Never blocks.
class TcpListener {
 public:
  /// Without `bind`: every address, IPv6 and IPv4 on one socket (IPv4 alone where there is no
  /// IPv6). `one_family`: every address of IPv6, as `bind`, is none of IPv4.
  [[nodiscard]] static Result<std::unique_ptr<TcpListener>> open(
      const std::optional<IpAddress>& bind, std::uint16_t port, const std::string& device = {},
      bool one_family = false);

  /// One connection that waits; nothing when none does.
  [[nodiscard]] std::unique_ptr<TcpConnection> accept();
  /// The last accept() failed for want of descriptors or memory: a connection still waits.
  [[nodiscard]] bool exhausted() const { return exhausted_; }
  [[nodiscard]] const Endpoint& local() const { return local_; }
  [[nodiscard]] int fd() const { return socket_.get(); }

 private:
  TcpListener(os::Fd socket, const Endpoint& local) : socket_(std::move(socket)), local_(local) {}
  static Result<std::unique_ptr<TcpListener>> open_at(const Endpoint& local,
                                                      const std::string& device, bool one_family);

  os::Fd socket_;
  Endpoint local_;
  bool exhausted_ = false;
};

/// Descriptors to wait for as one: itself readable when one of them is ready.
class PollSet {
 public:
  PollSet();

  void add(int fd) const;
  void want_write(int fd, bool on) const;
  void remove(int fd) const;
  [[nodiscard]] int fd() const { return epoll_.get(); }

 private:
  os::Fd epoll_;
};

}  // namespace udperf::net
