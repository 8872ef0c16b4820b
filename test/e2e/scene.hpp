#pragma once

#include <memory>
#include <string>
#include <vector>

#include "e2e/program.hpp"
#include "support/routed_path.hpp"

namespace udperf::test {

inline constexpr const char* kServer4 = "10.77.2.2";
inline constexpr const char* kServer6 = "fd77:2::2";

/// Whether it can be reached: kServer6 only where the host has IPv6. Says of the running test that
/// it is skipped without it.
[[nodiscard]] bool host_or_skip(const std::string& host);

/// A routed path with a server on port 5555 of every address of its server's namespace.
class Scene {
 public:
  /// Null, with a word of warning, where namespaces cannot be made.
  [[nodiscard]] static std::unique_ptr<Scene> make(
      const std::vector<std::string>& server_options = {});

  /// `udperf client HOST --json` and then `more`, from the client's namespace, to its end.
  [[nodiscard]] Finished client(const std::string& host, std::vector<std::string> more) const;
  [[nodiscard]] Process start_client(const std::string& host, std::vector<std::string> more) const;

  RoutedPath path;

 private:
  Scene(RoutedPath made, const std::vector<std::string>& server_options);
  [[nodiscard]] std::vector<std::string> client_command(const std::string& host,
                                                        std::vector<std::string> more) const;

  Process server_;
};

}  // namespace udperf::test
