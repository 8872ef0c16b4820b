#include "app/last_resort.hpp"

#include <system_error>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <new>
#include <string_view>

#include "app/exit_code.hpp"

namespace udperf::app {
namespace {

constexpr std::string_view kNoMemory =
    "out of memory: the system, or a limit of it (ulimit -v, MemoryMax=), gives no more";
constexpr std::string_view kNoThread =
    "cannot start a thread (limits: ulimit -u, TasksMax=, and ulimit -v for its stack)";

bool is_of_memory(const std::exception& problem) {
  return dynamic_cast<const std::bad_alloc*>(&problem) != nullptr;
}

/// std::thread says that it cannot be made so.
bool is_of_threads(const std::exception& problem) {
  const auto* const told = dynamic_cast<const std::system_error*>(&problem);
  return told != nullptr && told->code() == std::errc::resource_unavailable_try_again;
}

void write_all_of(std::string_view text) {
  static_cast<void>(!::write(STDERR_FILENO, text.data(), text.size()));
}

void say_fault(std::string_view before, std::string_view what) {
  write_all_of("udperf: ");
  write_all_of(before);
  write_all_of(what);
  write_all_of("\n");
}

[[noreturn]] void end_the_process() {
  try {
    if (const auto problem = std::current_exception()) {
      std::rethrow_exception(problem);
    }
    say_fault("internal error: ", "ended without an exception");
  } catch (const std::exception& problem) {
    static_cast<void>(report_last(problem));
  } catch (...) {
    say_fault("internal error: ", "an unknown exception");
  }
  ::_exit(exit_internal);
}

}  // namespace

Error error_of(const std::exception& problem) {
  Error error{ErrorCode::internal, {}, 0, {}};
  if (is_of_memory(problem)) {
    error.what = kNoMemory;
  } else if (is_of_threads(problem)) {
    error.what = kNoThread;
  } else {
    error.what = std::string{"internal error: "} + problem.what();
  }
  return error;
}

void install_last_resort() {
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may grow no more is a write that fails
  std::set_terminate(end_the_process);
}

int report_last(const std::exception& problem) noexcept {
  if (is_of_memory(problem)) {
    say_fault("", kNoMemory);
  } else if (is_of_threads(problem)) {
    say_fault("", kNoThread);
  } else {
    say_fault("internal error: ", problem.what());
  }
  return exit_internal;
}

}  // namespace udperf::app
