#pragma once

#include <string>

#include <tl/expected.hpp>

namespace udperf {

/// The kinds of failure that a caller reacts to differently. app/exit_code.cpp turns them into exit
/// statuses; nothing else in the program knows those numbers.
enum class ErrorCode {
  internal,     ///< a bug of ours, or the operating system refused something it always grants
  usage,        ///< what the user asked for is not possible as asked
  system,       ///< the operating system refused (see Error::os_error)
  unreachable,  ///< nobody answered, or ICMP says that nobody listens
  refused,      ///< the server answered no: busy, policy, authentication or version
  cut_short,    ///< the test had started and could not be finished
};

/// A failure that is nobody's bug. `what` names the operation and the object it failed on, e.g.
/// "bind 127.0.0.1:5555"; the reason is added by message().
struct Error {
  ErrorCode code = ErrorCode::system;
  std::string what;
  int os_error = 0;   ///< errno at the failed call, 0 when no system call was involved
  std::string phase;  ///< where in the test it happened: "resolve", "connect", "transfer", "report"

  /// "bind 127.0.0.1:5555: Address already in use"
  [[nodiscard]] std::string message() const;
};

/// A value of type T, or the reason why there is none.
template <typename T, typename E = Error>
using Result = tl::expected<T, E>;

/// An Error from a failed system call. Takes errno as a value: the caller saves it first.
[[nodiscard]] tl::unexpected<Error> system_error(int os_error, std::string what);
/// An Error in what the user asked for; `phase`: the part of it, where a message should name one.
[[nodiscard]] tl::unexpected<Error> usage_error(std::string what, std::string phase = {});

}  // namespace udperf
