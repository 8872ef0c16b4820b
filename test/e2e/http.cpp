#include "e2e/http.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "os/fd.hpp"
#include "support/catch.hpp"

namespace udperf::test {

std::optional<HttpAnswer> http_get(const Endpoint& server, const std::string& path,
                                   const std::vector<std::pair<std::string, std::string>>& headers,
                                   const std::string& method) {
  const os::Fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server.port);
  std::memcpy(&address.sin_addr, server.address.bytes.data(), 4);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return std::nullopt;
  }
  const bool named = std::any_of(headers.begin(), headers.end(),
                                 [](const auto& header) { return header.first == "Host"; });
  std::string request = method + " " + path + " HTTP/1.1\r\nConnection: close\r\n" +
                        (named ? "" : "Host: localhost\r\n");
  for (const auto& [name, value] : headers) {
    request += name + ": " + value + "\r\n";
  }
  request += "\r\n";
  if (::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size())) {
    return std::nullopt;
  }
  std::string text;
  std::array<char, 65536> buffer{};
  while (true) {
    pollfd waiting{socket.get(), POLLIN, 0};
    if (::poll(&waiting, 1, 60'000) != 1) {
      return std::nullopt;
    }
    const ssize_t n = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
    if (n <= 0) {
      break;
    }
    text.append(buffer.data(), static_cast<std::size_t>(n));
  }
  const auto end = text.find("\r\n\r\n");
  if (end == std::string::npos || text.size() < 12) {
    return std::nullopt;
  }
  return HttpAnswer{std::atoi(text.substr(9, 3).c_str()), text.substr(0, end),
                    text.substr(end + 4)};
}

HttpAnswer http_answer(const Endpoint& server, const std::string& path,
                       const std::vector<std::pair<std::string, std::string>>& headers,
                       const std::string& method) {
  constexpr int kMostTries = 5;
  auto answer = http_get(server, path, headers, method);
  for (int i = 1; i < kMostTries && !answer; ++i) {
    answer = http_get(server, path, headers, method);
  }
  REQUIRE(answer);
  return *std::move(answer);
}

std::optional<double> metric_value(const std::string& text, const std::string& name,
                                   const std::vector<std::string>& labels) {
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    const bool named = line.starts_with(name) && line.size() > name.size() &&
                       (line[name.size()] == ' ' || line[name.size()] == '{');
    const bool labelled = std::all_of(labels.begin(), labels.end(), [&](const std::string& label) {
      return line.find(label) != std::string::npos;
    });
    if (named && labelled) {
      return std::strtod(line.substr(line.rfind(' ') + 1).c_str(), nullptr);
    }
  }
  return std::nullopt;
}

}  // namespace udperf::test
