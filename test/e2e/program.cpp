#include "e2e/program.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string_view>
#include <utility>

#include "net/socket_address.hpp"
#include "os/fd.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/places.hpp"
#include "support/schema.hpp"
#include "support/strict_json.hpp"

namespace udperf::test {

namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr int kReadyFd = 7;

std::vector<std::string> server_arguments(const IpAddress& bind,
                                          const std::vector<std::string>& more) {
  const auto address = bind.to_string();
  std::vector<std::string> arguments{"server", "--bind", address, "--ready-fd",
                                     std::to_string(kReadyFd)};
  if (std::find(more.begin(), more.end(), "--port") == more.end()) {
    arguments.insert(arguments.end(), {"--port", "0"});
  }
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

json wait_until_ready(Process& process) {
  INFO(process.output(Stream::err));
  REQUIRE(process.wait_for(Stream::extra, "\n", kGuard));
  const auto event = parse_strict_json(process.output(Stream::extra));
  REQUIRE(event.has_value());
  return *event;
}

/// The sum of one member over an array of objects.
std::int64_t sum(const json& rows, const char* member) {
  std::int64_t total = 0;
  for (const auto& row : rows) {
    total += row.at(member).get<std::int64_t>();
  }
  return total;
}

}  // namespace

std::chrono::milliseconds patience(std::chrono::milliseconds plain) {
  return plain * UDPERF_TEST_TIME_FACTOR;
}

Process start_udperf(std::vector<std::string> arguments, const SpawnOptions& options) {
  arguments.insert(arguments.begin(), kProgram);
  auto process = Process::start(arguments, options);
  REQUIRE(process.has_value());
  return std::move(*process);
}

Finished run_udperf(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), kProgram);
  auto finished = run_to_end(arguments, kGuard);
  REQUIRE(finished.has_value());
  INFO("stdout: " << finished->out << "\nstderr: " << finished->err);
  REQUIRE(finished->status.has_value());  // else it ran into the deadline
  return std::move(*finished);
}

Finished run_within(std::chrono::milliseconds limit, std::vector<std::string> arguments) {
  const HostWatch watch;
  auto finished = run_udperf(std::move(arguments));
  check_in_time(finished.took, patience(limit), watch.strain());
  return finished;
}

Server::Server(IpFamily family, const std::vector<std::string>& more)
    : Server(
          start_udperf(server_arguments(IpAddress::loopback(family), more), {kReadyFd, {}, {}})) {}

Server Server::on_all_addresses(const std::vector<std::string>& more) {
  Server server{
      start_udperf(server_arguments(IpAddress::any(IpFamily::v4), more), {kReadyFd, {}, {}})};
  server.endpoint_.address = IpAddress::loopback(IpFamily::v4);
  return server;
}

Server Server::under(const std::vector<std::string>& starter,
                     const std::vector<std::string>& more) {
  std::vector<std::string> arguments = starter;
  arguments.emplace_back(kProgram);
  for (auto& argument : server_arguments(IpAddress::loopback(IpFamily::v4), more)) {
    arguments.push_back(std::move(argument));
  }
  auto process = Process::start(arguments, {kReadyFd, {}, {}});
  REQUIRE(process.has_value());
  return Server{std::move(*process)};
}

Server::Server(Process process) : process_(std::move(process)), ready_(wait_until_ready(process_)) {
  const auto& data = ready_.at("data");
  const auto address = parse_ip_address(data.at("address").get<std::string>());
  REQUIRE(address.has_value());
  endpoint_ = {*address, data.at("port").get<std::uint16_t>()};
}

std::vector<std::string> client_arguments(const Endpoint& server,
                                          const std::vector<std::string>& more) {
  std::vector<std::string> arguments{"client", server.address.to_string(), "--port",
                                     std::to_string(server.port), "--json"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

nlohmann::json complete_document(const Endpoint& server, const std::vector<std::string>& more) {
  const auto finished = run_udperf(client_arguments(server, more));
  CAPTURE(finished.err);
  REQUIRE(finished.code() == 0);
  return document_of(finished);
}

json document_of(const Finished& finished) {
  INFO("stdout: " << finished.out << "\nstderr: " << finished.err);
  const auto document = parse_strict_json(finished.out);
  INFO((document ? std::string{} : document.error().what));
  REQUIRE(document.has_value());
  CHECK(schema_problems(*document) == "");
  return *document;
}

std::int64_t lost_in_hosts(const json& direction) {
  const auto& loss = direction.at("loss");
  return loss.at("rx_socket_drop").get<std::int64_t>() +
         loss.at("local_tx_drop").get<std::int64_t>();
}

void check_books(const json& direction) {
  const auto& tx = direction.at("tx");
  const auto& rx = direction.at("rx");
  const auto& loss = direction.at("loss");
  CHECK(tx.at("packets").get<std::int64_t>() ==
        rx.at("unique").get<std::int64_t>() + loss.at("packets").get<std::int64_t>());
  CHECK(loss.at("packets").get<std::int64_t>() ==
        loss.at("rx_socket_drop").get<std::int64_t>() +
            loss.at("local_tx_drop").get<std::int64_t>() +
            loss.at("network_packets").get<std::int64_t>());

  const auto& intervals = direction.at("intervals");
  CHECK(sum(intervals, "packets") == rx.at("unique"));
  CHECK(sum(intervals, "payload_bytes") == rx.at("unique_bytes"));
  CHECK(sum(intervals, "sent") == tx.at("packets"));
  CHECK(sum(intervals, "lost") == loss.at("packets"));
  CHECK(sum(intervals, "duplicates") == direction.at("duplicates").at("packets"));
  CHECK(sum(intervals, "reordered") == direction.at("reordering").at("packets"));
  const auto& variation = direction.at("delay_variation");
  if (variation.at("p50_ns").is_number()) {
    CHECK(sum(variation.at("histogram"), "packets") == variation.at("n"));
  }
  const auto& streams = direction.at("streams");
  for (const auto& stream : streams) {
    if (streams.size() > 1) {
      CHECK(sum(stream.at("intervals"), "packets") == stream.at("rx").at("unique"));
      CHECK(sum(stream.at("intervals"), "lost") == stream.at("loss").at("packets"));
    } else {
      CHECK(stream.at("intervals").empty());
    }
  }
}

namespace {

/// The first and the last of the ports that the kernel chooses itself.
std::pair<int, int> ports_of_kernel() {
  std::pair<int, int> range{32'768, 60'999};
  std::ifstream{"/proc/sys/net/ipv4/ip_local_port_range"} >> range.first >> range.second;
  return range;
}

}  // namespace

std::uint16_t unused_port() {
  // Beside the ports that the kernel chooses itself, usually from 32768 on; each process of the
  // tests begins elsewhere.
  constexpr int kFirst = 1'024;
  constexpr int kCount = 65'536 - kFirst;
  constexpr int kOften = 20'000;  // where few services are
  static const auto chosen_by_kernel = ports_of_kernel();
  static int next = kOften - kFirst + ::getpid() * 37 % 12'000;
  for (int tries = 0; tries < kCount; ++tries) {
    const auto port = static_cast<std::uint16_t>(kFirst + next++ % kCount);
    if (port >= chosen_by_kernel.first && port <= chosen_by_kernel.second) {
      continue;
    }
    const net::SocketAddress address{{IpAddress::loopback(IpFamily::v4), port}};
    const auto is_free = [&address](int type) {
      const os::Fd fd{::socket(AF_INET, type | SOCK_CLOEXEC, 0)};
      return ::bind(fd.get(), address.raw(), address.size()) == 0;
    };
    if (is_free(SOCK_DGRAM) && is_free(SOCK_STREAM)) {
      return port;
    }
  }
  FAIL("no port is free");
  return 0;
}

}  // namespace udperf::test
