#include "session/compact_tag.hpp"

#include <array>

#include "base/network_order.hpp"
#include "crypto/crypto.hpp"
#include "wire/header.hpp"

namespace udperf::session {

std::uint16_t compact_tag(std::uint64_t session, std::uint8_t stream) {
  std::array<std::byte, 12> text{std::byte{'t'}, std::byte{'a'}, std::byte{'g'}};
  store_network_order(text.data() + 3, session);
  text[11] = std::byte{stream};
  return load_network_order<std::uint16_t>(crypto::fingerprint(text).data());
}

}  // namespace udperf::session
