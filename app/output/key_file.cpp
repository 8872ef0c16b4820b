// Files that hold a key.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "app/output/files.hpp"

namespace udperf::app {
namespace {

constexpr std::string_view kSpace = " \t\r\n";
constexpr std::string_view kHexDigits = "0123456789abcdef";

tl::unexpected<Error> refuse_key(std::string what, int os_error = 0) {
  return tl::unexpected<Error>{Error{ErrorCode::usage, std::move(what), os_error, {}}};
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::optional<unsigned> hex_digit(char c) {
  const char lower = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  const auto at = kHexDigits.find(lower);
  return at == std::string_view::npos ? std::nullopt : std::optional{static_cast<unsigned>(at)};
}

std::optional<crypto::Key> parse_key(std::string_view digits) {
  crypto::Key key{};
  if (digits.size() != 2 * key.size()) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < key.size(); ++i) {
    const auto high = hex_digit(digits[2 * i]);
    const auto low = hex_digit(digits[2 * i + 1]);
    if (!high || !low) {
      return std::nullopt;
    }
    key[i] = static_cast<std::byte>((*high << 4U) | *low);
  }
  return key;
}

/// Whether systemd made the file for this service, and for nobody else.
bool is_credential(const std::string& path) {
  const char* const folder = std::getenv("CREDENTIALS_DIRECTORY");
  const std::string prefix = folder != nullptr ? std::string{folder} + "/" : std::string{};
  return prefix.size() > 1 && path.compare(0, prefix.size(), prefix) == 0 &&
         path.find("/../") == std::string::npos;
}

}  // namespace

Result<crypto::Key> read_key_file(const std::string& path) {
  constexpr std::size_t kMaxBytes = 1024;
  const std::string option = "--key-file " + path;
  const os::Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) {
    const int reason = errno;
    return refuse_key(option + ": cannot be read", reason);
  }
  if (!S_ISREG(status.st_mode)) {
    return refuse_key(option + ": not a regular file");
  }
  const mode_t others = is_credential(path) ? S_IWGRP | S_IXGRP | S_IRWXO : S_IRWXG | S_IRWXO;
  if ((status.st_mode & others) != 0) {
    return refuse_key(option + ": others than its owner have access; use chmod 600");
  }
  std::array<char, kMaxBytes> buffer{};
  const ssize_t size = ::read(file.get(), buffer.data(), buffer.size());
  if (size < 0) {
    const int reason = errno;
    return refuse_key(option + ": cannot be read", reason);
  }
  const auto key = parse_key(trimmed({buffer.data(), static_cast<std::size_t>(size)}));
  if (!key) {
    return refuse_key(option + ": must hold 64 hexadecimal digits, as udperf keygen writes them");
  }
  return *key;
}

std::string make_key_text(RandomSource& random) {
  crypto::Key key{};
  random.fill(key);
  std::string text;
  for (const std::byte byte : key) {
    const auto value = std::to_integer<unsigned>(byte);
    text += {kHexDigits[value >> 4U], kHexDigits[value & 0xFU]};
  }
  return text + "\n";
}

Result<void> write_key_file(const std::string& path, std::string_view text) {
  const os::Fd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  if (!file) {
    const int reason = errno;
    return refuse_key("keygen " + path + ": cannot be created", reason);
  }
  ::fchmod(file.get(), 0600);  // a umask may have taken the owner's own rights
  auto done = write_all(file.get(), text, path);
  if (!done) {
    ::unlink(path.c_str());  // half a key is none, and would stand in the way of the next try
  }
  return done;
}

}  // namespace udperf::app
