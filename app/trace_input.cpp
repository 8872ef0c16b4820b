#include "app/trace_input.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace udperf::app {
namespace {

void warn(const traffic::TraceNotes& notes, std::uint32_t least, std::vector<Warning>& warnings) {
  const auto add = [&warnings](std::uint64_t count, const std::string& text) {
    if (count != 0) {
      warnings.push_back({"trace", std::to_string(count) + " packets of the trace " + text});
    }
  };
  add(notes.reordered, "were earlier than the one before: it was sorted by time");
  add(notes.raised, "have no room for udperf's header: they are sent with " +
                        std::to_string(least) + " bytes of payload");
  add(notes.skipped, "are not IP: they are left out");
}

}  // namespace

Result<traffic::TraceInput> load_trace(const ClientCommand& command,
                                       engine::ClientOptions& options) {
  const TraceOption& option = *command.trace;
  TestParams& params = options.params;
  const bool full = command.header == HeaderKind::full;
  auto trace = traffic::read_trace(option.file, full ? kDataHeaderBytes : kCompactHeaderBytes);
  if (!trace) {
    return tl::unexpected{trace.error()};
  }
  params.header = command.header.value_or(trace->smallest() < kDataHeaderBytes ? HeaderKind::compact
                                                                               : HeaderKind::full);
  params.payload_bytes = trace->largest();
  const std::uint64_t mean = std::max<std::uint64_t>(trace->bytes() / trace->packets(), 1);
  params.shape_up.sizes.front() = {static_cast<std::uint16_t>(mean), 1};
  if (!option.rate_given) {
    const std::uint64_t all = trace->mean_bps() * params.streams;
    params.rate_up = SendRate{SendRate::Kind::bits, std::min(all, std::uint64_t{1} << 60U)};
  }
  if (!option.amount_given && !option.loop) {
    params.amount = Amount{0, trace->packets() * params.streams, Duration{0}};
  }
  if (auto problem = check_params(params)) {
    return tl::unexpected{*std::move(problem)};
  }
  warn(trace->notes(), header_bytes(params.header), options.profile.warnings);
  return traffic::TraceInput{*std::move(trace), option.loop};
}

}  // namespace udperf::app
