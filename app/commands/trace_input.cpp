#include "app/commands/trace_input.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "base/saturating.hpp"
#include "model/forever.hpp"
#include "traffic/profiles.hpp"

namespace udperf::app {
namespace {

using namespace std::chrono_literals;

void warn(const traffic::TraceNotes& notes, std::uint32_t least, std::vector<Warning>& warnings) {
  const auto add = [&warnings](std::uint64_t count, const std::string& text) {
    if (count != 0) {
      const std::string packets = count == 1 ? " packet" : " packets";
      warnings.push_back(
          {"trace", text + ": " + std::to_string(count) + packets + " of the trace"});
    }
  };
  add(notes.reordered, "earlier than the one before, and sorted by time");
  add(notes.raised, "sent with " + std::to_string(least) +
                        " bytes of payload, having no room for udperf's header");
  add(notes.skipped, "left out, being no IP");
  add(notes.cut, "left out, being cut too short when captured");
  if (notes.heading) {
    warnings.push_back({"trace", "the first row of the trace is a heading: it is left out"});
  }
}

/// A wrong time in a file may make a trace last for years.
std::optional<Error> too_long(const traffic::Trace& trace, const TestParams& params) {
  const double ns = static_cast<double>(trace.turn().count()) *
                    trace.stretch(params.rate_up.value, params.streams);
  if (ns <= static_cast<double>(kForever.count())) {
    return std::nullopt;
  }
  return Error{ErrorCode::usage,
               "it would last for " +
                   std::to_string(std::llround(std::min(ns / 1e9 / 86'400, 1e15))) +
                   " days, more than any test may: look at its times, or give a higher --rate",
               0, "profile"};
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
    const std::uint64_t all = saturating_mul(trace->mean_bps(), params.streams);
    params.rate_up = SendRate{SendRate::Kind::bits, std::min(all, std::uint64_t{1} << 60U)};
  }
  if (!option.amount_given && !option.loop) {
    params.amount = Amount{0, trace->packets() * params.streams, Duration{0}};
    if (options.flows) {
      options.flows->packets_of_each = true;
    }
  }
  traffic::settle_offload(params);
  if (auto problem = check_params(params)) {
    return tl::unexpected{*std::move(problem)};
  }
  if (auto problem = too_long(*trace, params)) {
    problem->what = option.file + ": " + problem->what;
    return tl::unexpected{*std::move(problem)};
  }
  warn(trace->notes(), header_bytes(params.header), options.profile.warnings);
  return traffic::TraceInput{*std::move(trace), option.loop};
}

}  // namespace udperf::app
