#include <array>
#include <span>

#include "crypto/crypto.hpp"
#include "engine/client_connect.hpp"
#include "os/host_identity.hpp"

namespace udperf::engine {

wire::Digest host_fingerprint() {
  if (const auto identity = os::host_identity()) {
    return crypto::fingerprint(std::as_bytes(std::span{*identity}));
  }
  wire::Digest unknown{};  // then no two hosts are the same
  crypto::SystemRandom{}.fill(unknown);
  return unknown;
}

}  // namespace udperf::engine
