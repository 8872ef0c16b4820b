#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/endpoint.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "base/units.hpp"

namespace udperf::net {

/// One read from a socket: a datagram, or several of equal length that the kernel merged (UDP_GRO),
/// the last of which may be shorter. The bytes live until the next receive() into
/// the same buffers.
struct Received {
  std::span<const std::byte> data;
  std::uint32_t segment = 0;           ///< length of each merged datagram; == data.size() for one
  MonoTime at;                         ///< arrival, on this host's monotonic clock
  bool kernel_stamp = false;           ///< `at` is the kernel's, free of the socket's queue
  std::optional<std::uint32_t> drops;  ///< buffers this socket has dropped so far, modulo 2^32
  std::optional<std::uint8_t> tos;     ///< DSCP and ECN as received
  bool truncated = false;              ///< longer than any datagram of ours may be
};

/// What the IP headers of arrivals said of the way here.
struct PathSigns {
  std::optional<std::uint8_t> ttl;   ///< latest TTL or hop limit, until ignore_ttl()
  std::uint32_t fragment_bytes = 0;  ///< largest IP fragment of a datagram that came in pieces
};

/// What a router, or this host, says of the way to the peer.
enum class Unreachable : std::uint8_t {
  none,
  net,         ///< no route
  host,        ///< it does not answer on its link
  prohibited,  ///< a filter forbids it
  protocol,    ///< it has no UDP
};

/// How full a socket is, as its kernel charges for what waits in it.
struct ReceiveQueue {
  std::uint32_t bytes = 0;
  std::uint32_t limit = 0;
  std::uint32_t drops = 0;  ///< buffers since it was opened, modulo 2^32
};

/// What became of a batch handed to send().
struct SendOutcome {
  enum class Status : std::uint8_t {
    taken,    ///< all of it
    blocked,  ///< the kernel has no room now; wait until writable
    too_big,  ///< larger than the path takes unfragmented
    refused,  ///< ICMP says that nobody listens at the peer
    denied,   ///< this host does not let them out (a filter, no route, no address): see os_error
    failed,   ///< this socket will never send again: see os_error
  };
  Status status = Status::taken;
  std::uint32_t datagrams = 0;  ///< taken by the kernel, from the front of the batch
  std::uint32_t calls = 1;      ///< buffers that went down the stack on their own
  int os_error = 0;
  /// Datagrams behind those taken that are gone for good, where too_big or denied.
  std::uint32_t lost = 0;
};

class ReceiveBuffers;

/// A path to one peer, and all that udperf needs of a socket. One virtual call a batch.
/// send() belongs to one thread and receive() to one; send_control() may be called from any.
class DatagramPort {
 public:
  DatagramPort() = default;
  DatagramPort(const DatagramPort&) = delete;
  DatagramPort& operator=(const DatagramPort&) = delete;
  virtual ~DatagramPort() = default;

  /// Sends data.size() / segment datagrams (the last may be shorter) that lie behind each other.
  /// Never blocks.
  virtual SendOutcome send(std::span<const std::byte> data, std::uint32_t segment) = 0;

  /// Sends one datagram on its own, whatever its length. Loss of it is the network's business;
  /// only `refused` and `too_big` are worth telling apart.
  virtual SendOutcome send_control(std::span<const std::byte> datagram) = 0;

  /// The same for one that no hop, and not this host, may fragment: to find out what the path
  /// takes. Before data flows only, and by one thread.
  virtual SendOutcome send_whole(std::span<const std::byte> datagram) = 0;

  /// The largest IP packet, as this host or a hop on the way (by ICMP) has said since last asked.
  [[nodiscard]] virtual std::optional<std::uint32_t> take_mtu_hint() = 0;

  /// What has arrived, without waiting: empty when nothing has. Up to a batch of reads at a time.
  virtual std::span<const Received> receive(ReceiveBuffers& buffers) = 0;

  /// What waits to be read, and what was dropped, including after the last read; absent where the
  /// system does not tell.
  [[nodiscard]] virtual std::optional<ReceiveQueue> receive_queue() = 0;

  /// Datagrams that this host's UDP has dropped for a wrong checksum since the port was opened, of
  /// all its sockets; the kernel counts them among this socket's drops, too.
  [[nodiscard]] virtual std::uint64_t checksum_errors() const = 0;

  [[nodiscard]] virtual PathSigns path_signs() const = 0;
  /// Ends the noting of TTLs: data follows, and each costs a moment.
  virtual void ignore_ttl() = 0;

  /// The peer's host said by ICMP, since last asked, that nothing listens there.
  [[nodiscard]] virtual bool take_refused() = 0;

  /// What was said since last asked of the way there, but for "port unreachable".
  [[nodiscard]] virtual Unreachable take_unreachable() { return Unreachable::none; }

  /// What the queueing disciplines of the device that this port sends through have dropped so far,
  /// of all its senders. Nothing where that cannot be known.
  [[nodiscard]] virtual std::optional<std::uint64_t> queue_drops() { return std::nullopt; }

  /// Has the kernel hold this socket to `wire_bytes_per_second`, link-layer header included. False
  /// where nothing on the way out would obey.
  virtual bool pace_in_kernel(std::uint64_t wire_bytes_per_second) = 0;

  /// Largest number of datagrams worth handing to send() at once for this length, 1..128.
  [[nodiscard]] virtual std::uint32_t batch_limit(std::uint32_t segment) const = 0;

  [[nodiscard]] virtual std::uint32_t receive_buffer_bytes() const = 0;
  [[nodiscard]] virtual std::uint32_t send_buffer_bytes() const = 0;
  /// Whether batches go down as one buffer (UDP_SEGMENT), as far as this host knows now.
  [[nodiscard]] virtual bool gso_active() const = 0;
  /// Not to be used any more: the path was seen to break it.
  virtual void disable_gso() = 0;
  [[nodiscard]] virtual bool gro_active() const = 0;
  [[nodiscard]] virtual Endpoint local() const = 0;
  [[nodiscard]] virtual Endpoint remote() const = 0;
  /// The route's MTU as this host knows it now: bytes of an IP packet. Nothing where it does not.
  [[nodiscard]] virtual std::optional<std::uint32_t> path_mtu() const { return std::nullopt; }

  /// To wait on with poll(); -1 where there is none (tests).
  [[nodiscard]] virtual int fd() const = 0;
};

/// What a port should be like.
struct PortOptions {
  std::optional<IpAddress> bind;  ///< absent: whatever the route to the peer says
  std::uint16_t local_port = 0;   ///< 0: any
  std::string device;             ///< network interface that all goes through; empty: any
  Endpoint remote;
  std::uint32_t buffer_bytes = 0;  ///< asked for, both directions; the kernel may grant less
  bool share_port = false;         ///< beside a listener on the same address and port
  bool gso = true;                 ///< segmentation offload, where the host has it
  bool gro = true;                 ///< and merging of what arrives
  std::uint8_t tos = 0;            ///< DSCP << 2 | ECN
  bool dont_fragment = false;
  bool kernel_stamps = true;
};

/// A datagram to or from anyone, with the local address it concerns.
struct Datagram {
  std::vector<std::byte> bytes;
  Endpoint peer;
  Endpoint local;  ///< the address the peer used; answers go out from it
  /// As it came; `bytes` may hold less, as what is that long is never read. 0: the same.
  std::uint32_t full_length = 0;

  [[nodiscard]] std::uint64_t length() const {
    return full_length != 0 ? full_length : std::uint64_t{bytes.size()};
  }
};

/// The server's one port: unconnected.
class ListenPort {
 public:
  ListenPort() = default;
  ListenPort(const ListenPort&) = delete;
  ListenPort& operator=(const ListenPort&) = delete;
  virtual ~ListenPort() = default;

  /// What has arrived, without waiting; at most a bounded number of datagrams. They are there until
  /// the next receive().
  virtual std::span<const Datagram> receive() = 0;
  virtual void send(const Datagram& datagram) = 0;
  [[nodiscard]] virtual Endpoint local() const = 0;
  [[nodiscard]] virtual int fd() const = 0;

  /// A port for one peer on the same local address and port. Datagrams of others that went to it
  /// before it was connected are handed back in `strays`.
  [[nodiscard]] virtual Result<std::unique_ptr<DatagramPort>> open_session(
      const PortOptions& options, std::vector<Datagram>& strays) = 0;
};

}  // namespace udperf::net
