#include "engine/server_lookup.hpp"

#include <array>
#include <string>

#include "base/units.hpp"
#include "net/resolver.hpp"
#include "os/event.hpp"

namespace udperf::engine {

Error interrupted_before_start() {
  return Error{ErrorCode::cut_short, "interrupted before the test started", 0, "connect"};
}

Result<std::vector<Endpoint>> look_up(const NameQuestion& question, const Clock& clock,
                                      const StopToken& stop, MonoTime deadline) {
  if (net::is_numeric_host(question.host)) {
    return net::resolve(question.host, question.port, question.family);
  }
  net::Lookup lookup{question.host, question.port, question.family};
  const std::array<int, 2> fds{lookup.fd(), stop.wait_fd()};
  while (!stop.requested()) {
    if (auto answer = lookup.take()) {
      return *std::move(answer);
    }
    const MonoTime now = clock.now();
    if (now >= deadline) {
      return tl::unexpected{Error{ErrorCode::unreachable,
                                  "cannot resolve " + question.host +
                                      ": the name server did not answer within " +
                                      format_duration(question.patience),
                                  0, "resolve"}};
    }
    os::wait_readable(fds, deadline - now);
  }
  return tl::unexpected{interrupted_before_start()};
}

Result<std::vector<Endpoint>> look_up_server(const ClientOptions& options, const Clock& clock,
                                             const StopToken& stop, MonoTime deadline) {
  const auto family =
      options.family || !options.bind ? options.family : std::optional{options.bind->family};
  return look_up({options.host, options.port, family, options.connect_timeout}, clock, stop,
                 deadline);
}

}  // namespace udperf::engine
