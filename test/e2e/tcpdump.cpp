#include "e2e/tcpdump.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>
#include <sstream>
#include <utility>

#include "os/fd.hpp"
#include "support/catch.hpp"

namespace udperf::test {
namespace {

constexpr std::size_t kEndBytes = 7;  // of a datagram that says that the capture is over

/// DATA of either header, and the datagram that ends the capture.
std::string filter_of(std::uint16_t port) {
  const std::string full = "(udp[8:4] = 0x55445046 and udp[13] = 10)";
  const std::string compact = "udp[8] & 0x80 != 0";
  const std::string end = "udp[4:2] = " + std::to_string(8 + kEndBytes);
  return "udp port " + std::to_string(port) + " and (" + full + " or " + compact + " or " + end +
         ")";
}

/// Null, with a word of warning, where nothing can be captured.
std::optional<Process> start_tcpdump(std::uint16_t port) {
  auto process =
      Process::start({"tcpdump", "-i", "lo", "-nn", "-q", "-l", "-tt", "-p", "-s", "64",
                      "--immediate-mode", "--time-stamp-precision=nano", filter_of(port)});
  if (!process || !process->wait_for(Stream::err, "listening on", kGuard)) {
    skip_test("tcpdump cannot capture here");
    return std::nullopt;
  }
  return std::move(*process);
}

void send_end(std::uint16_t port) {
  const os::Fd socket{::socket(AF_INET, SOCK_DGRAM, 0)};
  REQUIRE(socket.get() >= 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const std::string text(kEndBytes, 'x');
  REQUIRE(::sendto(socket.get(), text.data(), text.size(), 0,
                   reinterpret_cast<const sockaddr*>(&to),
                   sizeof to) == static_cast<ssize_t>(text.size()));
}

/// "1764349000.123456789 IP 127.0.0.1.40000 > 127.0.0.1.5555: UDP, length 172"
Capture parse(const std::string& text, std::uint16_t port) {
  Capture capture;
  std::istringstream lines{text};
  std::optional<long long> first;
  const std::string to_server = "." + std::to_string(port) + ":";
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    const auto dot = line.find('.');
    const auto length = line.rfind("length ");
    REQUIRE(dot != std::string::npos);
    REQUIRE(length != std::string::npos);
    // Seconds of 1970 and nanoseconds do not fit a double; those since the first packet do.
    const auto second = std::stoll(line.substr(0, dot));
    const double at = static_cast<double>(second - first.value_or(second)) +
                      std::stod("0" + line.substr(dot, 10));
    first = first.value_or(second);
    const std::size_t bytes = std::stoul(line.substr(length + 7));
    if (bytes != kEndBytes) {
      const bool up = line.find(to_server) != std::string::npos;
      capture[up ? "up" : "down"].push_back({at, bytes});
    }
  }
  return capture;
}

}  // namespace

CapturedTest::CapturedTest(std::vector<std::string> more)
    : tcpdump_(start_tcpdump(server_.endpoint().port)) {
  if (tcpdump_) {
    more.insert(more.end(), {"--gso", "off"});  // else a buffer of many is one packet here
    client_ = start_udperf(client_arguments(server_.endpoint(), more));
  }
}

std::optional<CapturedRun> CapturedTest::finish(Attempt& attempt) {
  if (!client_) {
    return std::nullopt;
  }
  const std::uint16_t port = server_.endpoint().port;
  const auto status = client_->wait(kGuard);
  const Finished finished{status, client_->output(Stream::out), client_->output(Stream::err), {}};
  CAPTURE(finished.err);
  REQUIRE(finished.code() == 0);
  send_end(port);
  REQUIRE(tcpdump_->wait_for(Stream::out, "length " + std::to_string(kEndBytes) + "\n", kGuard));
  CapturedRun run{document_of(finished), parse(tcpdump_->output(Stream::out), port)};
  for (const char* way : {"up", "down"}) {
    const nlohmann::json& direction = run.document.at(way);
    if (direction.is_null()) {
      CHECK(run.capture[way].empty());
      continue;
    }
    check_books(direction);
    if (!attempt.needs(direction.at("tx").at("packets") == run.capture[way].size(),
                       "a capture of all that was sent")) {
      return std::nullopt;
    }
  }
  return run;
}

}  // namespace udperf::test
