#include "app/iperf3/access.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <termios.h>

#include "app/output/files.hpp"
#include "os/event.hpp"

namespace udperf::app {
namespace {

constexpr std::size_t kMostKeyBytes = 65536;
constexpr std::size_t kMostUsersBytes = std::size_t{16} << 20U;

/// As long as it lives, the terminal does not show what is typed.
class HiddenTyping {
 public:
  explicit HiddenTyping(const termios& before) : before_(before) {
    termios hidden = before;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  }
  HiddenTyping(const HiddenTyping&) = delete;
  HiddenTyping& operator=(const HiddenTyping&) = delete;
  ~HiddenTyping() {
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    std::fputs("\n", stderr);
  }

 private:
  termios before_;
};

/// A line from the terminal that it does not show.
Result<std::string> ask_password(const engine::StopToken& stop) {
  termios before{};
  if (::tcgetattr(STDIN_FILENO, &before) != 0) {
    return usage_error("no password: set IPERF3_PASSWORD, as there is no terminal to ask at");
  }
  std::fputs("Password: ", stderr);
  const HiddenTyping hidden{before};
  std::string line;
  while (line.size() < kMostKeyBytes) {
    os::wait_readable(std::array<int, 2>{STDIN_FILENO, stop.wait_fd()}, std::chrono::hours{1});
    if (stop.requested()) {
      return tl::unexpected<Error>{Error{ErrorCode::cut_short, "interrupted", 0, {}}};
    }
    pollfd typed{STDIN_FILENO, POLLIN, 0};
    if (::poll(&typed, 1, 0) <= 0) {
      continue;  // else a read would wait, and no signal end it
    }
    std::array<char, 256> some{};
    const ssize_t length = ::read(STDIN_FILENO, some.data(), some.size());
    if (length <= 0) {
      break;
    }
    line.append(some.data(), static_cast<std::size_t>(length));
    if (line.back() == '\n') {
      line.pop_back();
      break;
    }
  }
  return line;
}

Result<std::string> read_key(const std::string& option, const std::string& path,
                             Result<void> (*check)(const std::string&)) {
  auto pem = read_file(path, kMostKeyBytes);
  if (!pem) {
    return usage_error(option + " " + pem.error().message());
  }
  if (const auto good = check(*pem); !good) {
    return usage_error(option + " " + path + " " + good.error().what);
  }
  return pem;
}

}  // namespace

Result<std::function<Result<std::string>()>> make_token_source(const Iperf3Command& command,
                                                               const engine::StopToken& stop) {
  using Source = std::function<Result<std::string>()>;
  if (!command.access.user) {
    return Source{};
  }
  const auto key =
      read_key("--rsa-public-key-path", *command.access.public_key, iperf3::check_public_key);
  if (!key) {
    return tl::unexpected<Error>{key.error()};
  }
  const char* const given = std::getenv("IPERF3_PASSWORD");
  const auto password = given != nullptr ? Result<std::string>{given} : ask_password(stop);
  if (!password) {
    return tl::unexpected<Error>{password.error()};
  }
  return Source{[user = *command.access.user, password = *password, key = *key,
                 padding = command.access.padding] {
    return iperf3::make_token({user, password, std::time(nullptr)}, key, padding);
  }};
}

std::optional<std::string> AccessGate::version() const {
  struct stat now {};
  if (::stat(path_.c_str(), &now) != 0) {
    return std::nullopt;
  }
  std::string out;
  const auto add = [&out](auto number) { out += std::to_string(number) + " "; };
  add(now.st_ino);
  add(now.st_size);
  for (const timespec& at : {now.st_mtim, now.st_ctim}) {
    add(at.tv_sec);
    add(at.tv_nsec);
  }
  return out;
}

Result<void> AccessGate::read_users() {
  const auto before = version();
  if (before && read_version_ == before) {
    return {};
  }
  read_version_.reset();
  auto users = read_file(path_, kMostUsersBytes);
  if (!users) {
    return tl::unexpected<Error>{users.error()};
  }
  ++reads_;
  users_ = *std::move(users);
  read_version_ = before;  // what is written from here on makes it another
  return {};
}

Result<std::string> AccessGate::let_in(const std::optional<std::string>& token) {
  if (!token) {
    return usage_error("no credentials");
  }
  if (const auto read = read_users(); !read) {
    return tl::unexpected<Error>{read.error()};
  }
  return iperf3::let_in(*token, gate_, users_, std::time(nullptr));
}

Result<std::unique_ptr<AccessGate>> make_gate(const Iperf3Command& command) {
  if (!command.access.private_key) {
    return nullptr;
  }
  const auto key =
      read_key("--rsa-private-key-path", *command.access.private_key, iperf3::check_private_key);
  if (!key) {
    return tl::unexpected<Error>{key.error()};
  }
  iperf3::Gate gate{iperf3::PrivateKey{*key}, command.access.skew_s, command.access.padding};
  gate.skew_s = gate.skew_s != 0 ? gate.skew_s : iperf3::Gate::kUsualSkew;
  auto out = std::make_unique<AccessGate>(std::move(gate), *command.access.users);
  if (const auto read = out->read_users(); !read) {
    return usage_error("--authorized-users-path " + read.error().message());
  }
  return out;
}

}  // namespace udperf::app
