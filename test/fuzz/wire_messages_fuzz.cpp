// Every message decoder on the same bytes: what decodes must encode to something that decodes
// again.
#include <cstdint>
#include <cstdlib>

#include "wire/messages.hpp"

using namespace udperf;
using wire::MessageType;

namespace {

template <typename Message>
void check(MessageType type, std::span<const std::byte> bytes) {
  if (const auto message = wire::decode<Message>(bytes)) {
    if (!wire::decode<Message>(wire::encode(type, 1, 0, *message))) {
      std::abort();
    }
  }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span{data, size});
  static_cast<void>(wire::decode_common(bytes));
  static_cast<void>(wire::decode_data(bytes));
  check<wire::Hello>(MessageType::hello, bytes);
  check<wire::Challenge>(MessageType::challenge, bytes);
  check<wire::Request>(MessageType::request, bytes);
  check<wire::Accept>(MessageType::accept, bytes);
  check<wire::Reject>(MessageType::reject, bytes);
  check<wire::Go>(MessageType::go, bytes);
  check<wire::Probe>(MessageType::probe, bytes);
  check<wire::ProbeReply>(MessageType::probe_reply, bytes);
  check<wire::Feedback>(MessageType::feedback, bytes);
  check<wire::Fin>(MessageType::fin, bytes);
  check<wire::ReportChunk>(MessageType::report, bytes);
  check<wire::ReportPull>(MessageType::report_pull, bytes);
  check<wire::Bye>(MessageType::bye, bytes);
  check<wire::Join>(MessageType::join, bytes);
  return 0;
}
