#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.hpp"
#include "base/result.hpp"

namespace udperf::net {

/// A name lookup on a thread of its own: the system's resolver may take as long as it likes, and
/// cannot be told to stop. Who does not wait any more leaves it behind; it ends by itself.
class Lookup {
 public:
  using Answer = Result<std::vector<Endpoint>>;

  Lookup(std::string host, std::uint16_t port, std::optional<IpFamily> family);
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;
  ~Lookup();

  /// Becomes readable when the answer is there.
  [[nodiscard]] int fd() const;
  /// Nothing while it is not there; once.
  [[nodiscard]] std::optional<Answer> take();

 private:
  struct Work;
  Work* work_;  ///< of this and the thread: the last of both to leave it frees it
};

/// Whether it is an address, for which nobody needs to be asked.
[[nodiscard]] bool is_numeric_host(const std::string& host);

/// The addresses of a host, best first: a numeric address (fe80::1%eth0 included) as it is, a name
/// through the system's resolver. Blocks as long as the resolver does. The error names the host.
[[nodiscard]] Result<std::vector<Endpoint>> resolve(const std::string& host, std::uint16_t port,
                                                    std::optional<IpFamily> family);

}  // namespace udperf::net
