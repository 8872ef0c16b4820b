#include "engine/host_fingerprint.hpp"

#include <span>

#include "crypto/crypto.hpp"
#include "os/host_identity.hpp"

namespace udperf::engine {

namespace {

/// Where there is no /proc: no two programs are on the same host, but each stays where it is.
wire::Digest host_of_this_program() {
  wire::Digest drawn{};
  crypto::SystemRandom{}.fill(drawn);
  return drawn;
}

}  // namespace

wire::Digest host_fingerprint() {
  if (const auto identity = os::host_identity()) {
    return crypto::fingerprint(std::as_bytes(std::span{*identity}));
  }
  static const wire::Digest here = host_of_this_program();
  return here;
}

}  // namespace udperf::engine
