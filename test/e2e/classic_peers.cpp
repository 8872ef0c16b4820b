#include "e2e/classic_peers.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"

namespace udperf::test {
namespace {

using namespace std::chrono_literals;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span{text});
}

}  // namespace

ClassicClient::ClassicClient(const Endpoint& server) {
  net::PortOptions options;
  options.remote = server;
  auto port = net::UdpPort::open(options);
  REQUIRE(port.has_value());
  port_ = *std::move(port);
}

void ClassicClient::say(std::string_view text) {
  static_cast<void>(port_->send_control(bytes_of(text)));
}

void ClassicClient::send(int datagrams, char letter) {
  const std::string data(1500, letter);
  for (int i = 0; i < datagrams; ++i) {
    say(data);
  }
}

std::string ClassicClient::stop() {
  for (int i = 0; i < 5; ++i) {
    say("STOP");
    if (auto text = hear(patience(1s)); !text.empty()) {
      return text;
    }
  }
  return {};
}

std::string ClassicClient::hear(Duration timeout) {
  const std::array<int, 1> fds{port_->fd()};
  os::wait_readable(fds, timeout);
  for (const net::Received& read : port_->receive(buffers_)) {
    return {reinterpret_cast<const char*>(read.data.data()), read.data.size()};
  }
  return {};
}

ClassicServer::~ClassicServer() {
  quit_.raise();
  thread_.join();
}

const ClassicServer::Seen& ClassicServer::seen() {
  quit_.raise();
  thread_.join();
  thread_ = std::thread{[] {}};
  return seen_;
}

void ClassicServer::serve() {
  const std::array<int, 2> fds{listener_->fd(), quit_.fd()};
  while (true) {
    const auto letters = listener_->receive();
    for (const net::Datagram& letter : letters) {
      take(letter);
    }
    if (letters.empty()) {
      if (quit_.take()) {
        return;
      }
      os::wait_readable(fds, 10s);
    }
  }
}

void ClassicServer::take(const net::Datagram& letter) {
  const std::string text(reinterpret_cast<const char*>(letter.bytes.data()), letter.bytes.size());
  if (text == "START") {
    seen_.start = true;
  } else if (text == "STOP") {
    const std::string answer = answer_(++seen_.stops);
    if (!answer.empty()) {
      const auto out = bytes_of(answer);
      listener_->send(net::Datagram{{out.begin(), out.end()}, letter.peer, letter.local});
    }
  } else {
    seen_.bytes += letter.length();
    seen_.longest = std::max(seen_.longest, letter.length());
    if (seen_.data.size() < 100'000) {
      seen_.data += text;
    }
  }
}

ClassicServer::ClassicServer(Answer answer) : answer_(std::move(answer)) {
  auto listener = net::UdpListener::open(IpAddress::loopback(IpFamily::v4), 0, 8U << 20U);
  REQUIRE(listener.has_value());
  listener_ = *std::move(listener);
  thread_ = std::thread{[this] { serve(); }};
}

}  // namespace udperf::test
