#include "base/result.hpp"

#include <system_error>

#include <utility>

namespace udperf {

std::string Error::message() const {
  if (os_error == 0) {
    return what;
  }
  return what + ": " + std::generic_category().message(os_error);
}

tl::unexpected<Error> system_error(int os_error, std::string what) {
  return tl::unexpected<Error>{Error{ErrorCode::system, std::move(what), os_error, {}}};
}

tl::unexpected<Error> usage_error(std::string what, std::string phase) {
  return tl::unexpected<Error>{Error{ErrorCode::usage, std::move(what), 0, std::move(phase)}};
}

}  // namespace udperf
