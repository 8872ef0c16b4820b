#include "crypto/crypto.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <sodium.h>

namespace udperf::crypto {
namespace {

static_assert(crypto_auth_hmacsha256_KEYBYTES == std::tuple_size_v<Key>);
static_assert(crypto_auth_hmacsha256_BYTES == std::tuple_size_v<Key>);

const unsigned char* raw(const std::byte* data) {
  return reinterpret_cast<const unsigned char*>(data);
}

class Hmac {
 public:
  explicit Hmac(const Key& key) {
    crypto_auth_hmacsha256_init(&state_, raw(key.data()), key.size());
  }

  void part(Bytes data) {
    std::array<std::byte, 4> length{};
    for (std::size_t i = 0; i < length.size(); ++i) {
      length[i] = static_cast<std::byte>(data.size() >> (8 * (length.size() - 1 - i)));
    }
    crypto_auth_hmacsha256_update(&state_, raw(length.data()), length.size());
    crypto_auth_hmacsha256_update(&state_, raw(data.data()), data.size());
  }

  Key finish() {
    Key out{};
    crypto_auth_hmacsha256_final(&state_, reinterpret_cast<unsigned char*>(out.data()));
    return out;
  }

 private:
  crypto_auth_hmacsha256_state state_{};
};

}  // namespace

Tag authenticate(const Key& key, std::initializer_list<Bytes> parts) {
  Hmac mac{key};
  for (const Bytes part : parts) {
    mac.part(part);
  }
  const Key full = mac.finish();
  Tag tag{};
  std::copy_n(full.begin(), tag.size(), tag.begin());
  return tag;
}

Key derive(const Key& key, std::string_view purpose, std::initializer_list<Bytes> parts) {
  Hmac mac{key};
  mac.part(std::as_bytes(std::span{purpose}));
  for (const Bytes part : parts) {
    mac.part(part);
  }
  return mac.finish();
}

bool equal(const Tag& a, const Tag& b) {
  return sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

namespace {

using ShortHash = std::array<unsigned char, crypto_shorthash_BYTES>;

ShortHash short_hash(const Key& key, std::uint64_t n) {
  static_assert(crypto_shorthash_KEYBYTES <= std::tuple_size_v<Key>);
  ShortHash out{};
  std::array<unsigned char, sizeof n> in{};
  std::memcpy(in.data(), &n, sizeof n);
  crypto_shorthash(out.data(), in.data(), in.size(), raw(key.data()));
  return out;
}

}  // namespace

std::uint16_t token(const Key& key, std::uint64_t n) {
  const ShortHash hash = short_hash(key, n);
  return static_cast<std::uint16_t>((hash[0] << 8U) | hash[1]);
}

std::uint64_t number(const Key& key, std::uint64_t n) {
  const ShortHash hash = short_hash(key, n);
  std::uint64_t out = 0;
  std::memcpy(&out, hash.data(), sizeof out);
  return out;
}

Tag quick_tag(const Key& key, Bytes data) {
  static_assert(crypto_shorthash_siphashx24_BYTES == std::tuple_size_v<Tag>);
  static_assert(crypto_shorthash_siphashx24_KEYBYTES <= std::tuple_size_v<Key>);
  std::array<unsigned char, crypto_shorthash_siphashx24_BYTES> out{};
  crypto_shorthash_siphashx24(out.data(), raw(data.data()), data.size(), raw(key.data()));
  Tag tag{};
  std::memcpy(tag.data(), out.data(), tag.size());
  return tag;
}

Tag fingerprint(Bytes data) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> full{};
  crypto_hash_sha256(full.data(), raw(data.data()), data.size());
  Tag tag{};
  std::memcpy(tag.data(), full.data(), tag.size());
  return tag;
}

SystemRandom::SystemRandom() {
  if (sodium_init() < 0) {
    std::abort();  // no source of randomness: nothing that needs a secret may go on
  }
}

void SystemRandom::fill(std::span<std::byte> out) {
  randombytes_buf(out.data(), out.size());
}

}  // namespace udperf::crypto
