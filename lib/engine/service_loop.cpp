#include "engine/service_loop.hpp"

#include <system_error>

#include <algorithm>
#include <exception>
#include <new>
#include <string>

#include "os/event.hpp"

namespace udperf::engine {
namespace {

/// Where memory, or threads, run out, the loop goes on so much later: sessions end and give theirs
/// back.
constexpr Duration kPause = std::chrono::milliseconds{10};

}  // namespace

void ServiceLoop::add(const std::vector<std::unique_ptr<Service>>& services) {
  for (const auto& service : services) {
    add(*service);
  }
}

session::Occupancy ServiceLoop::beside(const Service& self, const IpAddress& client,
                                       MonoTime now) const {
  session::Occupancy sum;
  for (const Service* const other : services_) {
    sum = other == &self ? sum : session::together(sum, other->occupancy(client, now));
  }
  return sum;
}

std::size_t ServiceLoop::sessions_beside(const Service& self) const {
  std::size_t sum = 0;
  for (const Service* const other : services_) {
    sum += other == &self ? 0 : other->admitted();
  }
  return sum;
}

void ServiceLoop::run(bool one_off, const std::function<void()>& on_counters) {
  constexpr Duration kLongestStop = std::chrono::seconds{3};
  MonoTime stop_by = kNever;
  while (true) {
    const MonoTime now = clock_.now();
    MonoTime next = step(now);
    stop_.drain();  // first: what is asked for from here on ends the wait
    if (stop_.take_counters_request()) {
      on_counters();
    }
    if (fault_) {
      return;
    }
    if (stop_.requested() && stop_by == kNever) {
      stop_by = now + kLongestStop;
      for (Service* const service : services_) {
        service->shut_down();
      }
    }
    const bool done = stop_.requested() || (one_off && finished() > 0);
    if (done && (count() == 0 || now >= stop_by)) {
      return;
    }
    // One that is requested from here on has not been seen yet, and ends the wait.
    wait(std::min({next, stop_by, tell_observer(now)}), stop_by != kNever);
  }
}

MonoTime ServiceLoop::step(MonoTime now) {
  MonoTime next = kNever;
  for (Service* const service : services_) {
    next = std::min(next, step(*service, now));
  }
  return next;
}

MonoTime ServiceLoop::step(Service& service, MonoTime now) {
  try {
    return service.step(now);
  } catch (const std::bad_alloc&) {
    return now + kPause;
  } catch (const std::system_error&) {
    return now + kPause;
  } catch (const std::exception& problem) {
    fault_ = Error{ErrorCode::internal, std::string{"internal error: "} + problem.what(), 0, {}};
    return now;
  }
}

MonoTime ServiceLoop::tell_observer(MonoTime now) {
  try {
    return observer_.on_turn(now);
  } catch (const std::bad_alloc&) {
    return now + kPause;
  }
}

void ServiceLoop::wait(MonoTime until, bool stopping) {
  fds_.assign(1, stopping ? -1 : stop_.wait_fd());
  for (const Service* const service : services_) {
    service->add_fds(fds_);
  }
  os::wait_readable(fds_, until == kNever ? Duration::max() : until - clock_.now());
}

std::size_t ServiceLoop::count() const {
  std::size_t sum = 0;
  for (const Service* const service : services_) {
    sum += service->count();
  }
  return sum;
}

std::uint64_t ServiceLoop::finished() const {
  std::uint64_t sum = 0;
  for (const Service* const service : services_) {
    sum += service->finished();
  }
  return sum;
}

}  // namespace udperf::engine
