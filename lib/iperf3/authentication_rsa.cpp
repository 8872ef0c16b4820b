#include "iperf3/authentication.hpp"

#if defined(UDPERF_OPENSSL)

#include <array>
#include <memory>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <vector>

namespace udperf::iperf3 {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;
using Bytes = std::vector<unsigned char>;

constexpr std::size_t kMostTokenBytes = 8192;

/// A key with a password is none: nobody is there to be asked for it.
int no_password(char* /*out*/, int /*size*/, int /*writes*/, void* /*of*/) {
  return -1;
}

Owned<BIO> reader_of(const std::string& text) {
  return Owned<BIO>{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

Owned<EVP_PKEY> only_rsa(EVP_PKEY* key) {
  Owned<EVP_PKEY> out{key};
  return out && EVP_PKEY_get_base_id(out.get()) == EVP_PKEY_RSA ? std::move(out) : nullptr;
}

Owned<EVP_PKEY> public_key_of(const std::string& pem) {
  const auto bio = reader_of(pem);
  return only_rsa(bio ? PEM_read_bio_PUBKEY(bio.get(), nullptr, no_password, nullptr) : nullptr);
}

Owned<EVP_PKEY> private_key_of(const std::string& pem) {
  const auto bio = reader_of(pem);
  return only_rsa(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr)
                      : nullptr);
}

bool set_padding(EVP_PKEY_CTX* context, Padding padding) {
  const int kind = padding == Padding::oaep ? RSA_PKCS1_OAEP_PADDING : RSA_PKCS1_PADDING;
  return EVP_PKEY_CTX_set_rsa_padding(context, kind) > 0;
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string base64(const Bytes& bytes) {
  std::vector<unsigned char> out(4 * (bytes.size() / 3 + 1) + 1);
  const int length = EVP_EncodeBlock(out.data(), bytes.data(), static_cast<int>(bytes.size()));
  return {out.begin(), out.begin() + length};
}

std::optional<Bytes> from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0 || text.size() > kMostTokenBytes) {
    return std::nullopt;
  }
  Bytes out(text.size() / 4 * 3);
  const int length = EVP_DecodeBlock(out.data(), bytes_of(text), static_cast<int>(text.size()));
  if (length < 0) {
    return std::nullopt;
  }
  const auto filling = text.size() - text.find_last_not_of('=') - 1;
  if (filling > 2) {
    return std::nullopt;
  }
  out.resize(out.size() - filling);
  return out;
}

std::optional<std::string> decrypt(const Bytes& secret, const Gate& gate) {
  auto* const key = static_cast<EVP_PKEY*>(gate.private_key.get());
  const Owned<EVP_PKEY_CTX> context{key != nullptr ? EVP_PKEY_CTX_new(key, nullptr) : nullptr};
  if (!context || EVP_PKEY_decrypt_init(context.get()) <= 0 ||
      !set_padding(context.get(), gate.padding)) {
    return std::nullopt;
  }
  Bytes plain(static_cast<std::size_t>(EVP_PKEY_get_size(key)));
  std::size_t length = plain.size();
  if (EVP_PKEY_decrypt(context.get(), plain.data(), &length, secret.data(), secret.size()) <= 0) {
    return std::nullopt;
  }
  std::string text{plain.begin(), plain.begin() + static_cast<std::ptrdiff_t>(length)};
  OPENSSL_cleanse(plain.data(), plain.size());
  return text;
}

/// The next line of `text`, which is taken away from it.
std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  return line;
}

bool is_known(const Credentials& who, std::string_view users) {
  const std::string digest = password_digest(who.user, who.password);
  bool known = false;
  while (!users.empty()) {
    const std::string_view line = take_line(users);
    const auto comma = line.find(',');
    if (line.starts_with('#') || comma == std::string_view::npos ||
        line.substr(0, comma) != who.user) {
      continue;
    }
    const std::string_view expected = line.substr(comma + 1);
    known = known || (expected.size() == digest.size() &&
                      CRYPTO_memcmp(expected.data(), digest.data(), digest.size()) == 0);
  }
  return known && !digest.empty();
}

}  // namespace

PrivateKey::PrivateKey(const std::string& pem) : key_(private_key_of(pem).release()) {}

PrivateKey::~PrivateKey() {
  EVP_PKEY_free(static_cast<EVP_PKEY*>(key_));
}

bool authentication_is_built_in() {
  return true;
}

Result<void> check_public_key(const std::string& pem) {
  if (!public_key_of(pem)) {
    return usage_error("is no RSA public key in PEM form (-----BEGIN PUBLIC KEY-----)");
  }
  return {};
}

Result<void> check_private_key(const std::string& pem) {
  if (!private_key_of(pem)) {
    return usage_error("is no RSA private key in PEM form without a password");
  }
  return {};
}

std::string password_digest(std::string_view user, std::string_view password) {
  std::string salted{"{"};
  salted.append(user).append("}").append(password);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (EVP_Digest(salted.data(), salted.size(), digest.data(), &length, EVP_sha256(), nullptr) !=
      1) {
    return {};
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (unsigned i = 0; i < length; ++i) {
    out += {kHex[digest[i] >> 4U], kHex[digest[i] & 0xFU]};
  }
  return out;
}

Result<std::string> make_token(const Credentials& credentials, const std::string& public_key,
                               Padding padding) {
  const auto key = public_key_of(public_key);
  const Owned<EVP_PKEY_CTX> context{key ? EVP_PKEY_CTX_new(key.get(), nullptr) : nullptr};
  if (!context || EVP_PKEY_encrypt_init(context.get()) <= 0 ||
      !set_padding(context.get(), padding)) {
    return usage_error("the public key cannot be used");
  }
  const std::string text = to_text(credentials);
  Bytes secret(static_cast<std::size_t>(EVP_PKEY_get_size(key.get())));
  std::size_t length = secret.size();
  if (EVP_PKEY_encrypt(context.get(), secret.data(), &length, bytes_of(text), text.size()) <= 0) {
    return usage_error("user name and password are too long for the public key");
  }
  secret.resize(length);
  return base64(secret);
}

Result<std::string> let_in(const std::string& token, const Gate& gate, std::string_view users,
                           std::int64_t now_unix_s) {
  const auto secret = from_base64(token);
  const auto text = secret ? decrypt(*secret, gate) : std::nullopt;
  const auto who = text ? read_credentials(*text) : std::nullopt;
  if (!who) {
    return usage_error("credentials that were not encrypted for this server's key");
  }
  const std::int64_t ahead = who->unix_seconds - now_unix_s;
  if (ahead > gate.skew_s || ahead < -gate.skew_s) {
    return usage_error("credentials of another time: the client's clock differs by " +
                       std::to_string(ahead) + " s");
  }
  if (!is_known(*who, users)) {
    return usage_error("unknown user or wrong password");
  }
  return who->user;
}

}  // namespace udperf::iperf3

#else

namespace udperf::iperf3 {
namespace {

tl::unexpected<Error> absent() {
  return tl::unexpected<Error>{Error{
      ErrorCode::usage, "this build has no authentication: it was made without OpenSSL", 0, {}}};
}

}  // namespace

PrivateKey::PrivateKey(const std::string& /*pem*/) {}

PrivateKey::~PrivateKey() = default;

bool authentication_is_built_in() {
  return false;
}

Result<void> check_public_key(const std::string& /*pem*/) {
  return absent();
}

Result<void> check_private_key(const std::string& /*pem*/) {
  return absent();
}

std::string password_digest(std::string_view /*user*/, std::string_view /*password*/) {
  return {};
}

Result<std::string> make_token(const Credentials& /*credentials*/, const std::string& /*key*/,
                               Padding /*padding*/) {
  return absent();
}

Result<std::string> let_in(const std::string& /*token*/, const Gate& /*gate*/,
                           std::string_view /*users*/, std::int64_t /*now_unix_s*/) {
  return absent();
}

}  // namespace udperf::iperf3

#endif
