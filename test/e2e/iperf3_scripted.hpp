#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/time.hpp"
#include "net/receive_buffers.hpp"
#include "net/tcp.hpp"
#include "net/udp_listener.hpp"

namespace udperf::test {

/// An iperf3 server that does what a test wants it to: for what no stock one can be made to do, and
/// for versions that are not there. Of one client; what is waited for and does not come fails the
/// test.
class ScriptedServer {
 public:
  /// Listens on one number of 127.0.0.1, TCP and UDP.
  ScriptedServer();
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] std::string port() const;

  /// Takes a client's connection, asks for its parameters and returns them.
  nlohmann::json take_parameters();
  /// Lets it make streams and answers so many hellos.
  void make_streams(std::size_t count);
  void say(std::uint8_t state) const;
  void say(const nlohmann::json& object) const;
  /// Says what is no item of the protocol.
  void say_bytes(const std::vector<std::uint8_t>& bytes) const;

  /// What came on the streams until the client said that the test is over.
  struct Data {
    std::uint64_t datagrams = 0;
    std::optional<MonoTime> last;  ///< arrival, stamped by the kernel
    MonoTime end;                  ///< the end was read
  };
  Data take_data();
  /// Returns when something has come on the first stream.
  void await_data() const;
  /// The client's results, once it was asked for them.
  nlohmann::json take_results();
  /// One datagram of `bytes` zeros with the sequence number `number` (64 bits) on the first stream.
  void send_data(std::uint64_t number, std::size_t bytes) const;
  /// Ends the connection.
  void close();

 private:
  nlohmann::json hear_object();
  void hear(std::size_t bytes);

  std::unique_ptr<net::TcpListener> control_;
  std::unique_ptr<net::UdpListener> data_;
  std::unique_ptr<net::TcpConnection> connection_;
  std::vector<std::unique_ptr<net::DatagramPort>> streams_;
  std::vector<std::byte> heard_;
};

/// One stream of a receiver's results as stock versions since 3.14 write it, with `more` in place.
[[nodiscard]] nlohmann::json stream_result(std::uint64_t packets, std::uint64_t bytes,
                                           const nlohmann::json& more = {});
/// Results of one stream.
[[nodiscard]] nlohmann::json results_of(const nlohmann::json& stream);

}  // namespace udperf::test
