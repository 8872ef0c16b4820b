#include "e2e/hostile.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "e2e/connect.hpp"
#include "support/catch.hpp"

namespace udperf::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// A figure of /proc/PID/status.
std::size_t memory_kib(const Process& process, const std::string& field) {
  std::ifstream status{"/proc/" + std::to_string(process.pid()) + "/status"};
  std::size_t kib = 0;
  for (std::string name; status >> name;) {
    if (name == field) {
      status >> kib;
    }
  }
  return kib;
}

/// Over the IPv4 sockets with this local port: `figure` of the columns of each.
template <typename Figure>
std::uint64_t sum_at_port(std::uint16_t port, const Figure& figure) {
  std::ifstream sockets{"/proc/net/udp"};
  std::string line;
  std::getline(sockets, line);  // the names of the columns
  std::uint64_t sum = 0;
  while (std::getline(sockets, line)) {
    std::istringstream fields{line};
    const std::vector<std::string> columns{std::istream_iterator<std::string>{fields}, {}};
    const std::string& local = columns.at(1);
    if (std::stoul(local.substr(local.find(':') + 1), nullptr, 16) == port) {
      sum += figure(columns);
    }
  }
  return sum;
}

}  // namespace

HostileClient::HostileClient(const Endpoint& server, const TestParams& params) {
  engine::ClientOptions options;
  options.host = server.address.to_string();
  options.port = server.port;
  options.buffer = 4U << 20U;
  options.connect_timeout = patience(10s);
  options.auto_packet_size = false;
  options.params = params;
  auto connection = connect_by_hand(options, clock_, random_);
  INFO((connection ? std::string{} : connection.error().message()));
  REQUIRE(connection.has_value());
  connection_ = *std::move(connection);
}

void HostileClient::go() {
  say(wire::MessageType::go,
      wire::Go{connection_.accept.server_nonce, connection_.accept.params.payload_bytes});
}

void HostileClient::send(std::span<const std::byte> datagram, std::size_t stream) {
  connection_.streams[stream].port->send_control(datagram);
  bytes_out_ += datagram.size();
}

void HostileClient::send_data(std::uint64_t sequence, std::int64_t tx_time_ns, std::size_t stream) {
  std::vector<std::byte> bytes(connection_.accept.params.payload_bytes);
  wire::DataHeader header;
  header.session = session();
  header.stream = static_cast<std::uint8_t>(stream);
  header.sequence = sequence;
  header.tx_time_ns = tx_time_ns;
  header.batch = static_cast<std::uint32_t>(sequence);
  wire::encode(header, std::span{bytes}.first<kDataHeaderBytes>());
  send(bytes, stream);
}

void HostileClient::drain(const std::function<void(std::span<const std::byte>)>& on_datagram) {
  for (auto& stream : connection_.streams) {
    for (auto reads = stream.port->receive(buffers_); !reads.empty();
         reads = stream.port->receive(buffers_)) {
      for (const net::Received& read : reads) {
        bytes_in_ += read.data.size();
        for (std::size_t at = 0; on_datagram && at < read.data.size(); at += read.segment) {
          on_datagram(
              read.data.subspan(at, std::min<std::size_t>(read.segment, read.data.size() - at)));
        }
      }
    }
  }
}

bool HostileClient::drain_until(std::chrono::milliseconds limit,
                                const std::function<bool()>& done) {
  const auto deadline = Clock::now() + limit;
  while (Clock::now() < deadline) {
    drain();
    if (done()) {
      return true;
    }
    pollfd waiting{connection_.streams.front().port->fd(), POLLIN, 0};
    ::poll(&waiting, 1, 5);
  }
  drain();  // what came while this host looked elsewhere
  return done();
}

std::size_t resident_kib(const Process& process) {
  return memory_kib(process, "VmRSS:");
}

std::size_t most_resident_kib(const Process& process) {
  return memory_kib(process, "VmHWM:");
}

std::size_t address_space_kib(const Process& process) {
  return memory_kib(process, "VmSize:");
}

std::size_t descriptors_of(const Process& process) {
  const std::filesystem::path path{"/proc/" + std::to_string(process.pid()) + "/fd"};
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator{path}, {}));
}

std::chrono::nanoseconds cpu_time(const Process& process) {
  clockid_t clock{};
  timespec time{};
  REQUIRE(::clock_getcpuclockid(process.pid(), &clock) == 0);
  REQUIRE(::clock_gettime(clock, &time) == 0);
  return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

std::uint64_t dropped_at_port(std::uint16_t port) {
  return sum_at_port(
      port, [](const std::vector<std::string>& columns) { return std::stoull(columns.back()); });
}

std::uint64_t unread_at_port(std::uint16_t port) {
  return sum_at_port(port, [](const std::vector<std::string>& columns) {
    constexpr std::size_t kQueues = 4;  // "SENDING:UNREAD"
    const std::string& queues = columns.at(kQueues);
    return std::stoull(queues.substr(queues.find(':') + 1), nullptr, 16);
  });
}

std::uint64_t counter_of(Server& server, const std::string& name) {
  const auto before = server.process().output(Stream::err).size();
  server.process().send_signal(SIGUSR1);
  const std::string wanted = " " + name + "=";
  const auto deadline = Clock::now() + kGuard;
  while (Clock::now() < deadline) {
    const std::string log = server.process().output(Stream::err).substr(before);
    const auto at = log.find(wanted);
    if (at != std::string::npos && log.find('\n', at) != std::string::npos) {
      return std::stoull(log.substr(at + wanted.size()));
    }
    static_cast<void>(::poll(nullptr, 0, 5));
  }
  FAIL("the server did not tell its counters");
  return 0;
}

void check_serves(const Server& server) {
  // So short that a socket holds them all: nothing is lost, however late they are read.
  const auto finished = run_udperf(client_arguments(
      server.endpoint(), {"--packets", "200", "--rate", "1000pps", "--packet-size", "200"}));
  CAPTURE(finished.err);
  REQUIRE(finished.code() == 0);
  const auto document = document_of(finished);
  check_books(document.at("up"));
  CHECK(document.at("up").at("rx").at("unique") == 200);
}

}  // namespace udperf::test
