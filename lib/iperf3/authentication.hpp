#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"

namespace udperf::iperf3 {

// How an iperf3 client names its user: name, password and the time, encrypted for the server's RSA
// key, in one parameter. Only the connection's begin is protected so; what follows is plain.

/// Whether this build can do it: it needs OpenSSL, which static and cross builds do without.
[[nodiscard]] bool authentication_is_built_in();

/// Of the RSA encryption (RFC 8017). iperf3 before 3.17 knows PKCS #1 v1.5 only.
enum class Padding : std::uint8_t { oaep, pkcs1 };

struct Credentials {
  std::string user;
  std::string password;
  std::int64_t unix_seconds = 0;  ///< of the client's clock

  bool operator==(const Credentials&) const = default;
};

/// The text that is encrypted, and back. Nothing where it has another form.
[[nodiscard]] std::string to_text(const Credentials& credentials);
[[nodiscard]] std::optional<Credentials> read_credentials(std::string_view text);

/// The parameter of a client: base64 without line ends. `public_key`: PEM.
[[nodiscard]] Result<std::string> make_token(const Credentials& credentials,
                                             const std::string& public_key, Padding padding);

/// Whether PEM text is a key of the kind, without a password.
[[nodiscard]] Result<void> check_public_key(const std::string& pem);
[[nodiscard]] Result<void> check_private_key(const std::string& pem);

/// A server's key, read once: that takes longer than its use.
class PrivateKey {
 public:
  PrivateKey() = default;
  /// PEM text; with any other no token opens.
  explicit PrivateKey(const std::string& pem);
  PrivateKey(const PrivateKey&) = delete;
  PrivateKey& operator=(const PrivateKey&) = delete;
  PrivateKey(PrivateKey&& other) noexcept : key_(std::exchange(other.key_, nullptr)) {}
  PrivateKey& operator=(PrivateKey&& other) noexcept {
    std::swap(key_, other.key_);
    return *this;
  }
  ~PrivateKey();

  /// Of the library that reads it; null: none.
  [[nodiscard]] void* get() const { return key_; }

 private:
  void* key_ = nullptr;
};

/// What a server lets clients in by.
struct Gate {
  static constexpr std::int64_t kUsualSkew = 10;
  PrivateKey private_key;
  std::int64_t skew_s = kUsualSkew;  ///< by which the clocks may differ
  Padding padding = Padding::oaep;
};

/// Lets in who is in `users`: lines "NAME,HEX", HEX being the SHA-256 of "{NAME}PASSWORD"; lines
/// that begin with # are comments. Tells the user's name; the error is for this end's log alone, as
/// a stranger is not to learn what was wrong.
[[nodiscard]] Result<std::string> let_in(const std::string& token, const Gate& gate,
                                         std::string_view users, std::int64_t now_unix_s);

/// "{NAME}PASSWORD" as a users file has it: 64 hexadecimal digits; nothing without OpenSSL.
[[nodiscard]] std::string password_digest(std::string_view user, std::string_view password);

}  // namespace udperf::iperf3
