#include "wire/messages.hpp"

#include <algorithm>
#include <utility>

#include "wire/bounds.hpp"
#include "wire/unchecked.hpp"
#include "wire/visit_fin.hpp"
#include "wire/visit_handshake.hpp"
#include "wire/visit_headers.hpp"
#include "wire/visit_running.hpp"

namespace udperf::wire {
namespace {

// What a field may hold beyond what its type says. A message without a rule of its own is fine.
template <typename Message>
bool valid(const Message&) {
  return true;
}
bool valid(const Request& m) {
  return !check_params(m.params);
}
bool valid(const Accept& m) {
  const auto family = m.client.address.family;
  return !check_params(m.params) && (family == IpFamily::v4 || family == IpFamily::v6);
}
bool valid(const Reject& m) {
  return m.reason >= RejectReason::version;  // later versions may have reasons that this has not
}
bool valid(const Go& m) {
  return m.payload_bytes >= kCompactHeaderBytes && m.payload_bytes <= kMaxPayloadBytes;
}
bool valid(const Bye& m) {
  return m.reason <= ByeReason::shutting_down;
}
bool valid(const ReportPull& m) {
  return m.chunks >= 1 && m.chunks <= 32;
}
bool valid(const ReportChunk& m) {
  return m.total <= kMaxReportBytes && m.offset <= m.total && m.bytes.size() <= m.total - m.offset;
}
bool valid(const Fin& m) {
  return believable(m.report) && m.rtt_max_ns >= 0;
}
constexpr std::int64_t kLatest = std::int64_t{1} << 60U;  // so that differences cannot overflow
bool is_time(std::int64_t ns) {
  return ns >= -kLatest && ns <= kLatest;
}
bool valid(const ProbeReply& m) {
  // Ten times 1970 is still long to come.
  return m.stamp <= ProbeStamp::kernel && is_time(m.t1_ns) && is_time(m.t2_ns) &&
         is_time(m.t3_ns) && is_time(m.utc_minus_mono_ns / 4);
}
bool valid(const Feedback& m) {
  return believable(m);
}

}  // namespace

template <typename Message>
std::vector<std::byte> encode(MessageType type, std::uint64_t session, std::uint8_t stream,
                              const Message& message, std::size_t padded_to) {
  std::vector<std::byte> out;
  out.reserve(std::max<std::size_t>(padded_to, 256));
  Writer writer{out};
  const CommonHeader header{kVersion, type, stream, 0, session};
  visit(writer, header);
  visit(writer, message);
  if (out.size() < padded_to) {
    out.resize(padded_to);
  }
  return out;
}

template <typename Message>
std::optional<Message> read_unchecked(std::span<const std::byte> datagram) {
  if (datagram.size() < kCommonHeaderBytes) {
    return std::nullopt;
  }
  Reader reader{datagram.subspan(kCommonHeaderBytes)};
  Message message;
  visit(reader, message);
  return reader.ok() ? std::optional{std::move(message)} : std::nullopt;
}

template <typename Message>
std::optional<Message> decode(std::span<const std::byte> datagram) {
  auto message = read_unchecked<Message>(datagram);
  return message && valid(*message) ? std::move(message) : std::nullopt;
}

#define UDPERF_CODEC(Message)                                                                      \
  template std::vector<std::byte> encode(MessageType, std::uint64_t, std::uint8_t, const Message&, \
                                         std::size_t);                                             \
  template std::optional<Message> decode(std::span<const std::byte>);

UDPERF_CODEC(Hello)
UDPERF_CODEC(Challenge)
UDPERF_CODEC(Request)
UDPERF_CODEC(Accept)
UDPERF_CODEC(Reject)
UDPERF_CODEC(Go)
UDPERF_CODEC(Empty)
UDPERF_CODEC(Probe)
UDPERF_CODEC(ProbeReply)
UDPERF_CODEC(Feedback)
UDPERF_CODEC(Fin)
UDPERF_CODEC(ReportChunk)
UDPERF_CODEC(ReportPull)
UDPERF_CODEC(Bye)
UDPERF_CODEC(Join)

template std::optional<Request> read_unchecked(std::span<const std::byte>);
template std::optional<Accept> read_unchecked(std::span<const std::byte>);

std::vector<std::byte> encode_params(const TestParams& params) {
  std::vector<std::byte> out;
  Writer writer{out};
  visit_params(writer, params);
  return out;
}

}  // namespace udperf::wire
