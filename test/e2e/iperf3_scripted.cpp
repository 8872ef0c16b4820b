#include "e2e/iperf3_scripted.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "base/network_order.hpp"
#include "clock/system_clock.hpp"
#include "e2e/program.hpp"
#include "iperf3/datagram.hpp"
#include "iperf3/inbox.hpp"
#include "os/event.hpp"
#include "support/catch.hpp"

namespace udperf::test {
namespace {

using nlohmann::json;

void wait_for(int fd) {
  os::wait_readable(std::array<int, 1>{fd}, kGuard);
}

}  // namespace

ScriptedServer::ScriptedServer() {
  constexpr int kTries = 16;  // a free TCP port may be taken as a UDP port
  for (int i = 0; i < kTries && !data_; ++i) {
    auto tcp = net::TcpListener::open(IpAddress::loopback(IpFamily::v4), 0);
    REQUIRE(tcp.has_value());
    control_ = *std::move(tcp);
    if (auto udp = net::UdpListener::open(control_->local().address, control_->local().port)) {
      data_ = *std::move(udp);
    }
  }
  REQUIRE(data_);
}

ScriptedServer::~ScriptedServer() = default;

std::string ScriptedServer::port() const {
  return std::to_string(control_->local().port);
}

/// Reads until so many bytes are there.
void ScriptedServer::hear(std::size_t bytes) {
  while (heard_.size() < bytes) {
    REQUIRE_FALSE(connection_->closed());
    wait_for(connection_->fd());
    connection_->receive(heard_);
  }
}

json ScriptedServer::hear_object() {
  hear(4);
  const std::size_t length = load_network_order<std::uint32_t>(heard_.data());
  hear(4 + length);
  std::string text(length, ' ');
  std::transform(heard_.begin() + 4, heard_.begin() + 4 + static_cast<std::ptrdiff_t>(length),
                 text.begin(), [](std::byte b) { return static_cast<char>(b); });
  heard_.erase(heard_.begin(), heard_.begin() + 4 + static_cast<std::ptrdiff_t>(length));
  return json::parse(text);
}

json ScriptedServer::take_parameters() {
  wait_for(control_->fd());
  connection_ = control_->accept();
  REQUIRE(connection_);
  hear(iperf3::kCookieBytes);
  heard_.erase(heard_.begin(), heard_.begin() + iperf3::kCookieBytes);
  say(9);
  return hear_object();
}

void ScriptedServer::make_streams(std::size_t count) {
  say(10);
  std::vector<net::Datagram> strays;
  while (streams_.size() < count) {
    wait_for(data_->fd());
    for (const net::Datagram& hello : data_->receive()) {
      net::PortOptions options;
      options.bind = hello.local.address;
      options.local_port = data_->local().port;
      options.remote = hello.peer;
      options.share_port = true;
      options.buffer_bytes = 4U << 20U;
      auto stream = data_->open_session(options, strays);
      REQUIRE(stream.has_value());
      static_cast<void>((*stream)->send_control(iperf3::kHelloReply));
      streams_.push_back(*std::move(stream));
    }
  }
}

void ScriptedServer::say(std::uint8_t state) const {
  say_bytes({state});
}

void ScriptedServer::say_bytes(const std::vector<std::uint8_t>& bytes) const {
  connection_->send(std::as_bytes(std::span{bytes}));
}

void ScriptedServer::say(const json& object) const {
  iperf3::Outbox out;
  out.put_text(object.dump());
  connection_->send(out.take());
}

ScriptedServer::Data ScriptedServer::take_data() {
  constexpr std::byte kTestEnd{4};
  const SystemClock clock;
  Data out;
  net::ReceiveBuffers buffers;
  const auto read_streams = [&] {
    for (const auto& stream : streams_) {
      for (auto reads = stream->receive(buffers); !reads.empty();
           reads = stream->receive(buffers)) {
        for (const net::Received& read : reads) {
          out.datagrams += (read.data.size() + read.segment - 1) / read.segment;
          out.last = std::max(out.last.value_or(read.at), read.at);
        }
      }
    }
  };
  while (heard_.empty()) {
    REQUIRE_FALSE(connection_->closed());
    std::vector<int> fds{connection_->fd()};
    for (const auto& stream : streams_) {
      fds.push_back(stream->fd());
    }
    os::wait_readable(fds, kGuard);
    read_streams();
    connection_->receive(heard_);
  }
  out.end = clock.now();
  REQUIRE(heard_.front() == kTestEnd);
  heard_.erase(heard_.begin());
  read_streams();
  return out;
}

void ScriptedServer::await_data() const {
  wait_for(streams_.front()->fd());
}

json ScriptedServer::take_results() {
  say(13);
  return hear_object();
}

void ScriptedServer::send_data(std::uint64_t number, std::size_t bytes) const {
  std::vector<std::byte> datagram(bytes);
  iperf3::encode(datagram.data(), iperf3::Counters::wide, number, 0);
  static_cast<void>(streams_.front()->send_control(datagram));
}

void ScriptedServer::close() {
  connection_.reset();
}

json stream_result(std::uint64_t packets, std::uint64_t bytes, const json& more) {
  json out{{"id", 1},         {"bytes", bytes},      {"retransmits", -1},  {"jitter", 0},
           {"errors", 0},     {"omitted_errors", 0}, {"packets", packets}, {"omitted_packets", 0},
           {"start_time", 0}, {"end_time", 1}};
  if (more.is_object()) {
    out.update(more);
  }
  return out;
}

json results_of(const json& stream) {
  return {{"cpu_util_total", 0},
          {"cpu_util_user", 0},
          {"cpu_util_system", 0},
          {"sender_has_retransmits", -1},
          {"streams", json::array({stream})}};
}

}  // namespace udperf::test
