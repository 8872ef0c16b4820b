#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace udperf::test {

/// Why there is no path of namespaces for who may not make them.
inline constexpr const char* kNoRoot = "needs root and network namespaces";

/// Runs the shell script that makes namespaces. Empty, or why it could not.
[[nodiscard]] std::string build_namespaces(const std::string& script);

/// Three network namespaces in a row, joined by veth pairs: a client, a router and a server, made
/// by the test and taken away with it. Needs root.
///
///   client 10.77.1.2, fd77:1::2 -- router -- server 10.77.2.2 (also .3), fd77:2::2
///
/// IPv6 only where the host has it.
///
/// Devices are named after whom they lead to: the client and the server have "router", the router
/// has "client" and "server".
class RoutedPath {
 public:
  enum class Place { client, router, server };

  /// Or why namespaces cannot be made.
  [[nodiscard]] static Result<RoutedPath, std::string> make();

  RoutedPath(const RoutedPath&) = delete;
  RoutedPath& operator=(const RoutedPath&) = delete;
  RoutedPath(RoutedPath&& other) noexcept;
  RoutedPath& operator=(RoutedPath&&) = delete;
  ~RoutedPath();

  /// Runs a shell script there; fails the test when it fails. Returns what it printed.
  std::string run(Place place, const std::string& script) const;

  /// The command as it has to be started to run there.
  [[nodiscard]] std::vector<std::string> command(Place place,
                                                 std::vector<std::string> arguments) const;

  /// Value of a named nftables counter of table inet t, in packets.
  [[nodiscard]] std::uint64_t counter(Place place, const std::string& name) const;

 private:
  explicit RoutedPath(std::string prefix) : prefix_(std::move(prefix)) {}
  [[nodiscard]] std::string name(Place place) const;
  [[nodiscard]] std::string build() const;  // empty, or what is in the way

  std::string prefix_;  ///< of the namespaces' names; empty when moved from
};

}  // namespace udperf::test
