#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace udperf::test {

/// Two network namespaces, a client and a server, joined by several veth pairs over which both
/// spread their flows by addresses and ports (fib_multipath_hash_policy 1). Made by the test and
/// taken away with it. Needs root.
///
///   client 10.78.0.1 -- member0, member1, ... -- server 10.78.0.2
class BundledPath {
 public:
  static constexpr const char* kServer = "10.78.0.2";

  /// Or why namespaces cannot be made.
  [[nodiscard]] static Result<BundledPath, std::string> make(int members);

  BundledPath(const BundledPath&) = delete;
  BundledPath& operator=(const BundledPath&) = delete;
  BundledPath(BundledPath&& other) noexcept;
  BundledPath& operator=(BundledPath&&) = delete;
  ~BundledPath();

  /// Runs a shell script there; fails the test when it fails. Returns what it printed.
  std::string at_client(const std::string& script) const { return run("-client", script); }
  std::string at_server(const std::string& script) const { return run("-server", script); }
  /// The command as it has to be started to run there.
  [[nodiscard]] std::vector<std::string> in_client(std::vector<std::string> arguments) const {
    return in("-client", std::move(arguments));
  }
  [[nodiscard]] std::vector<std::string> in_server(std::vector<std::string> arguments) const {
    return in("-server", std::move(arguments));
  }

  /// Loses so many per cent, by chance, of what arrives at the server over that member.
  void lose(int member, int percent) const;
  /// The client's ports whose datagrams have arrived at the server over that member.
  [[nodiscard]] std::set<std::uint64_t> ports_over(int member) const;

 private:
  explicit BundledPath(std::string prefix) : prefix_(std::move(prefix)) {}
  [[nodiscard]] std::string build(int members) const;  // empty, or what is in the way
  [[nodiscard]] std::vector<std::string> in(const char* place,
                                            std::vector<std::string> arguments) const;
  std::string run(const char* place, const std::string& script) const;

  std::string prefix_;  ///< of the namespaces' names; empty when moved from
};

}  // namespace udperf::test
