#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "net/receive_buffers.hpp"
#include "net/udp_listener.hpp"
#include "net/udp_port.hpp"
#include "os/event.hpp"

// Peers of the classic test, as old scripts behave: nothing of them is udperf's own.

namespace udperf::test {

/// A client of the classic test.
class ClassicClient {
 public:
  explicit ClassicClient(const Endpoint& server);

  void say(std::string_view text);
  void send(int datagrams, char letter = 'a');
  /// STOP once a second until a text comes back; "" when none does.
  std::string stop();
  std::string hear(Duration timeout);
  [[nodiscard]] std::uint16_t port() const { return port_->local().port; }

 private:
  std::unique_ptr<net::UdpPort> port_;
  net::ReceiveBuffers buffers_;
};

/// A server of the classic test that answers as `answer` says: the number of the STOP, from 1.
class ClassicServer {
 public:
  using Answer = std::function<std::string(int)>;
  explicit ClassicServer(Answer answer);
  ClassicServer(const ClassicServer&) = delete;
  ClassicServer& operator=(const ClassicServer&) = delete;
  ~ClassicServer();

  [[nodiscard]] Endpoint endpoint() const { return listener_->local(); }
  struct Seen {
    bool start = false;
    int stops = 0;
    std::string data;  ///< of the first 100 kB
    std::uint64_t bytes = 0;
    std::uint64_t longest = 0;
  };
  /// After the client has ended.
  [[nodiscard]] const Seen& seen();

 private:
  void serve();
  void take(const net::Datagram& letter);

  Answer answer_;
  os::Event quit_;
  std::unique_ptr<net::UdpListener> listener_;
  Seen seen_;
  std::thread thread_;
};

}  // namespace udperf::test
