#include "engine/stop_token.hpp"

#include <array>

namespace udperf::engine {

void StopToken::pause(Duration time, const Clock& clock) const {
  const MonoTime until = clock.now() + time;
  for (MonoTime now = clock.now(); now < until && !requested(); now = clock.now()) {
    os::wait_readable(std::array{wait_fd()}, until - now);
  }
}

}  // namespace udperf::engine
