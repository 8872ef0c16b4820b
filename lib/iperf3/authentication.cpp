#include "iperf3/authentication.hpp"

#include <charconv>

namespace udperf::iperf3 {
namespace {

constexpr std::string_view kUser = "user: ";
constexpr std::string_view kPassword = "\npwd:  ";
constexpr std::string_view kTime = "\nts:   ";

}  // namespace

std::string to_text(const Credentials& credentials) {
  std::string out{kUser};
  out += credentials.user;
  out += kPassword;
  out += credentials.password;
  out += kTime;
  return out + std::to_string(credentials.unix_seconds);
}

std::optional<Credentials> read_credentials(std::string_view text) {
  const auto password = text.find(kPassword);
  const auto time = text.rfind(kTime);
  if (!text.starts_with(kUser) || password == std::string_view::npos ||
      time == std::string_view::npos || time < password + kPassword.size()) {
    return std::nullopt;
  }
  Credentials out;
  out.user = text.substr(kUser.size(), password - kUser.size());
  const auto begin = password + kPassword.size();
  out.password = text.substr(begin, time - begin);
  const std::string_view digits = text.substr(time + kTime.size());
  const auto [end, trouble] =
      std::from_chars(digits.data(), digits.data() + digits.size(), out.unix_seconds);
  if (trouble != std::errc{} || end != digits.data() + digits.size() || out.unix_seconds < 0) {
    return std::nullopt;
  }
  return out;
}

}  // namespace udperf::iperf3
