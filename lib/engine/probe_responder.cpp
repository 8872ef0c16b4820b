#include "engine/probe_responder.hpp"

#include <algorithm>

#include "session/path_mtu_search.hpp"
#include "session/prober.hpp"

namespace udperf::engine {

void ProbeResponder::answer(const wire::Probe& probe, std::size_t bytes, const Arrival& arrival,
                            bool begun) {
  // A client that looks for the path's MTU asks for answers of a size. Its address has been proven,
  // and DATA goes there next: so they may be larger than the questions, but not for ever, and on
  // the first stream alone.
  constexpr std::uint32_t kMostPadded = 2 * session::PathMtuSearch::kMostProbes;
  const bool sizing = probe.reply_bytes != 0 && !begun;
  std::size_t most = bytes;
  if (sizing && settings_.stream == 0 && settings_.role == session::Role::server &&
      settings_.sends() && padded_answers_ < kMostPadded) {
    ++padded_answers_;
    most = std::max<std::size_t>(bytes, kAutoPayloadV4);
  }
  mtu_hint_ = socket_.take_mtu_hint().value_or(mtu_hint_);
  session::ProbeContext context;
  context.session = settings_.session;
  context.bytes = bytes;
  context.arrived = arrival.at;
  context.kernel_stamp = arrival.kernel;
  context.clock = clock_.anchor();
  context.sessions_max = test_.sessions_max.load(std::memory_order_relaxed);
  const std::size_t padded = std::min<std::size_t>(probe.reply_bytes, most);
  context.padding = padded - std::min(padded, socket_.trailer_bytes());
  context.path_mtu = mtu_hint_;
  auto reply = session::answer_probe(probe, context, clock_.now());
  if (!sizing) {
    socket_.send(std::move(reply));
  } else if (socket_.send_whole(std::move(reply)) == net::SendOutcome::Status::too_big) {
    mtu_hint_ = socket_.take_mtu_hint().value_or(mtu_hint_);
    context.padding = 0;
    context.path_mtu = mtu_hint_;
    socket_.send(session::answer_probe(probe, context, clock_.now()));
  }
}

}  // namespace udperf::engine
