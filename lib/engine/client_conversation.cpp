#include "engine/client_conversation.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "engine/offload_check.hpp"

namespace udperf::engine {
namespace {

using namespace std::chrono_literals;
using wire::MessageType;

constexpr std::uint64_t kIdleProbes = 10;
constexpr Duration kIdleProbeEvery = 1ms;
constexpr Duration kLoadedProbeEvery = 100ms;
constexpr Duration kGoPatience = 5s;
/// Round trips under load: often enough that an interval has one, seldom enough to be no load.
Duration loaded_probe_every(const TestParams& params) {
  constexpr Duration kMostOften = 10ms;
  return std::clamp(params.interval, kMostOften, kLoadedProbeEvery);
}
/// So seldom that probes take a five-hundredth of what is asked of a way, but not less than twice a
/// second.
Duration sparing_probe_every(const TestParams& params) {
  constexpr double kShare = 0.002;
  constexpr double kProbeBits = 8.0 * 120;  // an answer with its headers
  constexpr Duration kSeldom = 500ms;
  Duration every = loaded_probe_every(params);
  for (const Way way : {Way::up, Way::down}) {
    const SendRate& rate = params.rate(way);
    if (includes(params.direction, way) && rate.kind == SendRate::Kind::bits) {
      const std::chrono::duration<double> gap{kProbeBits /
                                              (kShare * static_cast<double>(rate.value))};
      every = std::max(every, gap < kSeldom ? std::chrono::duration_cast<Duration>(gap) : kSeldom);
    }
  }
  return every;
}
constexpr Duration kServerSilence = 3s;
constexpr Duration kAfterRefused = 250ms;  // an ICMP error alone could be forged or old
constexpr Duration kWindUp = 2s;           // after SIGINT or the server's BYE
constexpr Duration kOverdue = 4s;          // beyond duration and drain
constexpr int kSlowestHost = 8;            // times slower than asked, and not overdue
constexpr int kByes = 3;
// Numbers that no other probes use.
constexpr std::uint64_t kSizesUp = std::uint64_t{1} << 62U;
constexpr std::uint64_t kSizesDown = kSizesUp + session::PathMtuSearch::kMostProbes;

}  // namespace

ClientConversation::ClientConversation(const Settings& settings, SharedTest& shared, MonoTime now)
    : settings_(settings),
      shared_(shared),
      prober_(settings.session),
      stage_since_(now),
      probe_every_(settings.few_probes ? sparing_probe_every(settings.params)
                                       : loaded_probe_every(settings.params)),
      next_probe_(now) {
  shared_.heard(now);
}

bool ClientConversation::all_complete() const {
  return std::all_of(lanes_.begin(), lanes_.end(),
                     [](const Lane* lane) { return lane->complete(); });
}

void ClientConversation::on_probe_reply(const wire::ProbeReply& reply, std::size_t bytes,
                                        const Lane& lane, const Arrival& arrival) {
  const MonoTime now = lane.clock_now();
  shared_.note_sessions(reply.sessions_max);
  if (on_size_reply(reply, bytes, now) || preflight_.on_reply(reply, now)) {
    return;
  }
  if (!prober_.on_reply(reply, arrival.at, arrival.kernel)) {
    return;
  }
  note_clocks(reply, lane, arrival.at);
  last_rtt_ns_.store(prober_.last_rtt().value_or(Duration{0}).count());
  const std::int64_t longest = prober_.longest_rtt().count();
  if (longest > shared_.rtt_max_ns.load()) {
    shared_.rtt_max_ns.store(longest);
  }
}

void ClientConversation::on_message(MessageType type, std::span<const std::byte> datagram,
                                    Lane& lane, const Arrival& arrival) {
  const MonoTime now = lane.clock_now();
  if (type == MessageType::probe_reply) {
    if (const auto reply = wire::decode<wire::ProbeReply>(datagram)) {
      on_probe_reply(*reply, datagram.size() + lane.trailer_bytes(), lane, arrival);
    }
  } else if (type == MessageType::go_ack && stage() == Stage::going) {
    go_backoff_.stop();
    if (!shared_.started.load()) {
      begin_data(now);
    }
    set_stage(Stage::running);
  } else if (type == MessageType::bye && stage() != Stage::ended) {
    const auto bye = wire::decode<wire::Bye>(datagram);
    if (bye && bye->reason != wire::ByeReason::done && !server_bye_) {
      server_bye_ = true;
      shared_.stop(TxEnd::peer_stopped);
      deadline_ = std::min(deadline_, now + kWindUp);
      if (!shared_.started.load()) {
        finish(End::server_stopping, lane);
      }
    }
  }
}

MonoTime ClientConversation::on_timer(Lane& lane, MonoTime now) {
  if (stage() == Stage::ended) {
    return kNever;
  }
  note_interrupt(lane, now);
  if (stage() == Stage::ended) {
    return kNever;
  }
  if (const auto end = trouble(now)) {
    finish(*end, lane);
    return kNever;
  }
  if (stage() == Stage::probing) {
    return probe_idle(lane, now);
  }
  if (stage() == Stage::sizing) {
    return find_size(lane, now);
  }
  if (stage() == Stage::clocks) {
    return probe_after(lane, now);
  }
  if (stage() == Stage::preflight) {
    return check_offload(lane, now);
  }
  return watch(lane, now);
}

void ClientConversation::note_interrupt(Lane& lane, MonoTime now) {
  if (!interrupt_.load() || interrupt_said_) {
    return;
  }
  interrupt_said_ = true;
  if (!shared_.started.load()) {
    finish(End::interrupted, lane);
    return;
  }
  // Our senders end with a FIN; the server is asked to do the same with its own.
  shared_.stop(TxEnd::interrupted);
  lane.send(wire::encode(MessageType::bye, settings_.session, 0,
                         wire::Bye{wire::ByeReason::interrupted}));
  deadline_ = now + kWindUp;
}

std::optional<ClientConversation::End> ClientConversation::trouble(MonoTime now) const {
  const Duration silence = shared_.silence(now);
  if (shared_.refused.load() && silence > kAfterRefused) {
    return End::server_gone;
  }
  if (silence > kServerSilence) {
    return End::server_silent;
  }
  if (now >= deadline_) {
    return server_bye_ ? End::server_stopping : (interrupt_said_ ? End::interrupted : End::overdue);
  }
  if (stage() == Stage::going && now - stage_since_ > kGoPatience) {
    return End::never_started;
  }
  return std::nullopt;
}

MonoTime ClientConversation::probe_idle(Lane& lane, MonoTime now) {
  // The answers are waited for, but a path that loses them must not hold the test up.
  const Duration wait = 2 * settings_.handshake_rtt + 20ms;
  const bool enough = prober_.answered() >= kIdleProbes;
  if (enough || now - stage_since_ > static_cast<int>(kIdleProbes) * kIdleProbeEvery + wait) {
    idle_ = prober_.take();
    if (settings_.payload_fallback) {
      begin_sizing(lane, now);
      return now;
    }
    return prepare_data(lane, now);
  }
  if (prober_.sent() < kIdleProbes && now >= next_probe_) {
    lane.send(prober_.probe(lane.clock_now()));
    next_probe_ = now + kIdleProbeEvery;
  }
  return prober_.sent() < kIdleProbes ? next_probe_ : now + kIdleProbeEvery;
}

void ClientConversation::begin_sizing(Lane& lane, MonoTime now) {
  set_stage(Stage::sizing);
  const IpFamily family = lane.port().remote().address.family;
  for (const Way way : {Way::up, Way::down}) {
    if (includes(settings_.params.direction, way)) {
      session::PathMtuSearch::Settings search;
      search.highest = settings_.params.payload_bytes;
      search.headers = ip_udp_header_bytes(family);
      search.first_id = way == Way::up ? kSizesUp : kSizesDown;
      search.rtt = idle_->delay.n > 0 ? Duration{idle_->delay.p50_ns} : settings_.handshake_rtt;
      sizes_[static_cast<std::size_t>(way)].emplace(search, now);
    }
  }
}

MonoTime ClientConversation::find_size(Lane& lane, MonoTime now) {
  MonoTime next = kNever;
  bool done = true;
  for (const Way way : {Way::up, Way::down}) {
    if (auto& search = sizes_[static_cast<std::size_t>(way)]) {
      send_size_probes(way, lane, now);
      done = done && search->done();
      next = std::min(next, search->next_timeout());
    }
  }
  if (!done) {
    return next;
  }
  settle_size();
  return prepare_data(lane, now);
}

void ClientConversation::send_size_probes(Way way, Lane& lane, MonoTime now) {
  session::PathMtuSearch& search = *sizes_[static_cast<std::size_t>(way)];
  for (const auto& one : search.poll(now)) {
    wire::Probe probe;
    probe.id = one.id;
    probe.t1_ns = to_ns(now);
    probe.reply_bytes = static_cast<std::uint16_t>(way == Way::down ? one.bytes : 0);
    // A server answers with a multiple of what it gets, and no more.
    constexpr auto kShare = static_cast<std::uint32_t>(session::ControlBudget::kMultiple);
    const std::uint32_t asks = one.bytes / kShare + 1;
    const auto status = lane.send_probe(probe, way == Way::up ? one.bytes : asks);
    if (status == net::SendOutcome::Status::too_big && way == Way::up) {
      search.on_local_limit(one.bytes);
    }
  }
  if (way == Way::up) {
    if (const auto hint = lane.port().take_mtu_hint()) {
      search.on_hint(*hint);
    }
  }
}

bool ClientConversation::on_size_reply(const wire::ProbeReply& reply, std::size_t bytes,
                                       MonoTime now) {
  auto& up = sizes_[static_cast<std::size_t>(Way::up)];
  auto& down = sizes_[static_cast<std::size_t>(Way::down)];
  if (down && reply.path_mtu != 0) {
    down->on_hint(reply.path_mtu);
  }
  return (up && up->on_reply(reply.id, reply.received_bytes, now)) ||
         (down && down->on_reply(reply.id, static_cast<std::uint32_t>(bytes), now));
}

void ClientConversation::settle_size() {
  std::optional<std::uint32_t> smallest;
  for (const auto& search : sizes_) {
    if (search) {
      const std::uint32_t found =
          search->result().payload_bytes.value_or(*settings_.payload_fallback);
      smallest = std::min(smallest.value_or(found), found);
    }
  }
  TestParams sized = settings_.params;
  sized.payload_bytes = smallest.value_or(settings_.params.payload_bytes);
  if (check_params(sized)) {
    return;  // an amount that does not divide into such datagrams: as granted
  }
  size_changed_ = sized.payload_bytes != settings_.params.payload_bytes;
  settings_.params = sized;
  shared_.payload_bytes.store(sized.payload_bytes);
}

std::optional<PathMtu> ClientConversation::mtu(Way way) const {
  const auto& search = sizes_[static_cast<std::size_t>(way)];
  return search ? std::optional{search->result()} : std::nullopt;
}

MonoTime ClientConversation::prepare_data(Lane& lane, MonoTime now) {
  if (offload_in_question(lane)) {
    set_stage(Stage::preflight);
    ask_offload(preflight_, lane, now);
  } else {
    go(lane, now);
  }
  return now;
}

MonoTime ClientConversation::check_offload(Lane& lane, MonoTime now) {
  const auto verdict = preflight_.verdict(now);
  if (!verdict) {
    return preflight_.next_timeout();
  }
  shared_.gso_broken.store(*verdict == session::Preflight::Verdict::broken);
  go(lane, now);
  return now;
}

/// Padded where the server sends data: its check of offload is paid for with that.
void ClientConversation::say_go(Lane& lane) const {
  constexpr std::size_t kPadded = wire::ReportChunk::kMaxBytes;  // reports cross the path, too
  wire::Go go;
  go.server_nonce = settings_.server_nonce;
  go.payload_bytes = settings_.params.payload_bytes;
  go.receive_buffer = lane.port().receive_buffer_bytes();
  lane.send(wire::encode(MessageType::go, settings_.session, 0, go,
                         includes(settings_.params.direction, Way::down) ? kPadded : 0));
}

void ClientConversation::go(Lane& lane, MonoTime now) {
  set_stage(Stage::going);
  stage_since_ = now;
  next_probe_ = now + probe_every_;
  go_backoff_.start(now);
  say_go(lane);
  // Data rides behind GO: the server has been ready since ACCEPT. But not for another size than
  // granted, of which its other streams learn from GO.
  if (includes(settings_.params.direction, Way::up) && !size_changed_) {
    begin_data(now);
  }
}

void ClientConversation::begin_data(MonoTime now) {
  Duration longest{0};
  bool bounded = true;
  for (const Way way : {Way::up, Way::down}) {
    if (includes(settings_.params.direction, way)) {
      const auto expected = expected_duration(settings_.params, way);
      bounded = bounded && expected.has_value();
      longest = std::max(longest, expected.value_or(Duration{0}));
    }
  }
  if (bounded) {
    // What ends after an amount, and not after a time, takes as long as a busy host needs.
    const int slowest = settings_.params.amount.duration == Duration{0} ? kSlowestHost : 1;
    longest = std::min(longest, Duration::max() / (2 * kSlowestHost));
    deadline_ = now + slowest * longest + session::ReportExchange::kTmax + kOverdue;
  }
  data_since_ = now;
  shared_.started.store(true, std::memory_order_release);
  on_started();
}

MonoTime ClientConversation::watch(Lane& lane, MonoTime now) {
  if (stage() == Stage::going && go_backoff_.due(now)) {
    say_go(lane);
    go_backoff_.repeated(now);
  }
  if (now >= next_probe_) {
    lane.send(prober_.probe(lane.clock_now()));
    next_probe_ = now + probe_every_;
  }
  if (shared_.started.load() && all_complete()) {
    take_loaded();
    data_until_ = now;
    if (clock_worth_another_look(now)) {
      set_stage(Stage::clocks);
      stage_since_ = now;
      next_probe_ = now;
      return now;
    }
    finish(
        server_bye_ ? End::server_stopping : (interrupt_said_ ? End::interrupted : End::complete),
        lane);
    return kNever;
  }
  constexpr Duration kLook = 10ms;  // other lanes end without telling this one
  const MonoTime look = lanes_.size() > 1 || interrupt_said_ ? now + kLook : kNever;
  return std::min({next_probe_, go_backoff_.next(), deadline_, look});
}

void ClientConversation::note_clocks(const wire::ProbeReply& reply, const Lane& lane,
                                     MonoTime now) {
  corridor_.add(reply.t1_ns, reply.t2_ns, reply.t3_ns, to_ns(now));
  const ClockAnchor ours = lane.clock_anchor();
  note_wall(our_wall_, to_ns(ours.unix) - to_ns(ours.mono));
  note_wall(server_wall_, reply.utc_minus_mono_ns);
  walls_known_ = true;
}

void ClientConversation::note_wall(WallClock& wall, std::int64_t difference_ns) const {
  constexpr std::int64_t kStep = 100'000;  // reading both clocks is more exact than that
  if (!walls_known_) {
    wall.first_ns = difference_ns;
  }
  wall.latest_ns = difference_ns;
  wall.set = wall.set || std::abs(difference_ns - wall.first_ns) > kStep;
}

void ClientConversation::take_loaded() {
  if (idle_ && !loaded_) {
    loaded_samples_ = prober_.samples();
    loaded_ = prober_.take();
  }
}

bool ClientConversation::clock_worth_another_look(MonoTime now) const {
  // In a second, clocks drift by less than a round trip tells.
  return !settings_.same_host && !interrupt_said_ && !server_bye_ && now - data_since_ >= 1s;
}

/// The clocks are compared once more on the idle path, so that what lies between is pinned from
/// both sides.
MonoTime ClientConversation::probe_after(Lane& lane, MonoTime now) {
  const Duration wait = 2 * settings_.handshake_rtt + 20ms;
  const bool enough = prober_.answered() >= kIdleProbes;
  if (enough || now - stage_since_ > static_cast<int>(kIdleProbes) * kIdleProbeEvery + wait) {
    finish(End::complete, lane);
    return kNever;
  }
  if (prober_.sent() < kIdleProbes && now >= next_probe_) {
    lane.send(prober_.probe(lane.clock_now()));
    next_probe_ = now + kIdleProbeEvery;
  }
  return prober_.sent() < kIdleProbes ? next_probe_ : now + kIdleProbeEvery;
}

ClockEstimate ClientConversation::clock() const {
  ClockEstimate out;
  const MonoTime until = data_until_ != MonoTime{} ? data_until_ : data_since_;
  const Duration half = (until - data_since_) / 2;
  const auto found = corridor_.estimate(to_ns(data_since_ + half));
  if (settings_.same_host) {
    out.method = "same_host";
    out.theta_ns = 0;
    out.uncertainty_ns = 0;
    out.skew_ppm = 0;
    out.skew_uncertainty_ppm = 0;
  } else if (found) {
    out.method = "corridor";
    out.theta_ns = found->theta_ns;
    out.uncertainty_ns = found->uncertainty_ns;
    out.skew_ppm = found->skew * 1e6;
    out.skew_uncertainty_ppm = found->skew_uncertainty * 1e6;
    const double most = std::abs(found->skew) + found->skew_uncertainty;
    out.delay_uncertainty_ns =
        found->uncertainty_ns + std::llround(most * static_cast<double>(half.count()));
  }
  if (walls_known_) {
    out.step_detected = corridor_.broken() || our_wall_.set || server_wall_.set;
    if (out.theta_ns) {
      // On one host there is one wall clock: what two readings differ by is their own noise.
      out.offset_ns =
          settings_.same_host ? 0 : *out.theta_ns + server_wall_.latest_ns - our_wall_.latest_ns;
    }
  }
  return out;
}

void ClientConversation::finish(End end, Lane& lane) {
  end_ = end;
  const auto reason = end == End::complete ? wire::ByeReason::done : wire::ByeReason::failed;
  for (int i = 0; i < kByes; ++i) {
    lane.send(wire::encode(MessageType::bye, settings_.session, 0, wire::Bye{reason}));
  }
  take_loaded();
  set_stage(Stage::ended);
  on_ended();
}

}  // namespace udperf::engine
