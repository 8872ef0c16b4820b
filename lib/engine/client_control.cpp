#include "engine/client_control.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "engine/offload_check.hpp"
#include "session/light.hpp"

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
// All of them and the round trips that an exchange takes.
constexpr Duration kServerSilence = 5s;
constexpr Duration kWindUp = 2s;    // after SIGINT or the server's BYE
constexpr Duration kOverdue = 4s;   // beyond duration and drain
constexpr Duration kSetUp = 7s;     // from ACCEPT to GO
constexpr Duration kInAll = 8s;     // beside the data, from ACCEPT on
constexpr Duration kOwnPause = 1s;  // no server can be heard by who does not run
constexpr int kSlowestHost = 8;     // times slower than asked, and not overdue
constexpr int kByes = 3;
// Numbers that no other probes use.
constexpr std::uint64_t kSizesUp = std::uint64_t{1} << 62U;
constexpr std::uint64_t kSizesDown = kSizesUp + session::PathMtuSearch::kMostProbes;

/// How long data may flow at most. What goes as fast as it can is given the time that it would take
/// over the slowest of modems: whatever the server does, the client comes to an end.
Duration longest_transfer(const TestParams& params) {
  constexpr std::uint64_t kSlowestBps = 56'000;
  constexpr Duration kLeast = 60s;
  constexpr Duration kMost = 24h * 400;
  Duration longest{0};
  for (const Way way : {Way::up, Way::down}) {
    if (!includes(params.direction, way)) {
      continue;
    }
    const Amount& amount = params.amount;
    const Uint128 bytes = amount.size_bytes != 0 ? Uint128{amount.size_bytes}
                                                 : Uint128{amount.packets} * params.payload_bytes;
    const Uint128 slow_ns = bytes * 8 * 1'000'000'000U / kSlowestBps;
    const auto slow = std::min(slow_ns, Uint128{static_cast<std::uint64_t>(kMost.count())});
    const Duration guess = params.omit + kLeast + Duration{static_cast<Duration::rep>(slow)};
    const auto expected = expected_duration(params, way);
    // What ends after an amount, and not after a time, takes as long as a busy host needs.
    const int slowest = expected && amount.duration == Duration{0} ? kSlowestHost : 1;
    longest = std::max(longest, slowest * std::clamp(expected.value_or(guess), Duration{0}, kMost));
  }
  return std::min(longest, kMost);
}

}  // namespace

ClientControl::ClientControl(const Settings& settings, TestState& shared, MonoTime now)
    : settings_(settings),
      shared_(shared),
      prober_(settings.session),
      accepted_(std::max(now, settings.go_at)),
      stage_since_(now),
      last_turn_(now),
      listening_since_(now),
      probe_every_(settings.seldom       ? session::kLightProbe
                   : settings.few_probes ? sparing_probe_every(settings.params)
                                         : loaded_probe_every(settings.params)),
      next_probe_(now) {
  shared_.heard(now);
  shared_.handshake_ns.store(settings.handshake_rtt.count());
  deadline_ = accepted_ + kSetUp + 8 * shared_.round_trip();
}

bool ClientControl::all_complete() const {
  return std::all_of(streams_.begin(), streams_.end(),
                     [](const StreamEndpoint* stream) { return stream->complete(); });
}

void ClientControl::on_probe_reply(const wire::ProbeReply& reply, const ControlMessage& message,
                                   ControlChannel& channel) {
  const MonoTime now = channel.clock_now();
  const Arrival& arrival = message.arrival;
  shared_.note_sessions(reply.sessions_max);
  shared_.note_peer_clock(mono_from_ns(reply.t3_ns), arrival.at);
  if (on_size_reply(reply, message.bytes, now) || preflight_.on_reply(reply, now)) {
    return;
  }
  if (!prober_.on_reply(reply, arrival.at, arrival.kernel)) {
    return;
  }
  note_clocks(reply, channel, arrival.at);
  last_rtt_ns_.store(prober_.last_rtt().value_or(Duration{0}).count());
  shared_.note_round_trip(prober_.longest_rtt());
}

void ClientControl::on_message(const ControlMessage& message, ControlChannel& channel) {
  const MonoTime now = channel.clock_now();
  const MessageType type = message.type;
  if (type == MessageType::probe_reply) {
    if (const auto reply = wire::decode<wire::ProbeReply>(message.inner)) {
      on_probe_reply(*reply, message, channel);
    }
  } else if (type == MessageType::go_ack && stage() == Stage::going) {
    go_backoff_.stop();
    if (!shared_.started.load()) {
      begin_data(now);
    }
    set_stage(Stage::running);
  } else if (type == MessageType::bye && stage() != Stage::ended) {
    const auto bye = wire::decode<wire::Bye>(message.inner);
    if (bye && bye->reason != wire::ByeReason::done && !server_bye_) {
      server_bye_ = true;
      shared_.stop(TxEnd::peer_stopped);
      deadline_ = std::min(deadline_, now + kWindUp + shared_.round_trip());
      if (!shared_.started.load()) {
        finish(End::server_stopping, channel, now);
      }
    }
  }
}

MonoTime ClientControl::on_timer(ControlChannel& channel, MonoTime now) {
  if (stage() == Stage::ended) {
    return kNever;
  }
  note_interrupt(channel, now);
  if (stage() == Stage::ended) {
    return kNever;
  }
  if (now - last_turn_ > kOwnPause + probe_every_) {
    listening_since_ = now;  // this process stood still: what came meanwhile is still to be read
  }
  last_turn_ = now;
  if (const auto end = trouble(now)) {
    finish(*end, channel, now);
    return kNever;
  }
  if (stage() == Stage::probing) {
    return probe_idle(channel, now);
  }
  if (stage() == Stage::sizing) {
    return find_size(channel, now);
  }
  if (stage() == Stage::clocks) {
    return probe_after(channel, now);
  }
  if (stage() == Stage::preflight) {
    return check_offload(channel, now);
  }
  if (stage() == Stage::waiting) {
    return go_in_time(channel, now);
  }
  return watch(channel, now);
}

void ClientControl::note_interrupt(ControlChannel& channel, MonoTime now) {
  if (!interrupt_.load() || interrupt_said_) {
    return;
  }
  interrupt_said_ = true;
  if (!shared_.started.load()) {
    finish(End::interrupted, channel, now);
    return;
  }
  // Our senders end with a FIN; the server is asked to do the same with its own.
  shared_.stop(TxEnd::interrupted);
  channel.send(wire::encode(MessageType::bye, settings_.session, 0,
                            wire::Bye{wire::ByeReason::interrupted}));
  deadline_ = now + kWindUp + shared_.round_trip();
}

void ClientControl::abandon() noexcept {
  if (!ended()) {
    end_ = End::out_of_memory;
    set_stage(Stage::ended);
    tell_root();
  }
}

std::optional<ClientControl::End> ClientControl::trouble(MonoTime now) const {
  if (shared_.out_of_memory.load(std::memory_order_relaxed)) {
    return End::out_of_memory;
  }
  const Duration round_trip = shared_.round_trip();
  if (shared_.gone(now)) {
    return End::server_gone;
  }
  if (std::min(shared_.silence(now), now - listening_since_) > kServerSilence + 2 * round_trip) {
    return End::server_silent;
  }
  if (now >= deadline_) {
    if (server_bye_ || interrupt_said_) {
      return server_bye_ ? End::server_stopping : End::interrupted;
    }
    return shared_.started.load() ? End::overdue : End::never_started;
  }
  if (stage() == Stage::going && now - stage_since_ > kGoPatience + 2 * round_trip) {
    return End::never_started;
  }
  return std::nullopt;
}

MonoTime ClientControl::probe_idle(ControlChannel& channel, MonoTime now) {
  // The answers are waited for, but a path that loses them must not hold the test up.
  const Duration wait = 2 * settings_.handshake_rtt + 20ms;
  const bool enough = prober_.answered() >= kIdleProbes;
  if (enough || now - stage_since_ > static_cast<int>(kIdleProbes) * kIdleProbeEvery + wait) {
    idle_ = prober_.take(now);
    if (settings_.payload_fallback) {
      begin_sizing(channel, now);
      return now;
    }
    return prepare_data(channel, now);
  }
  if (prober_.sent() < kIdleProbes && now >= next_probe_) {
    channel.send(prober_.probe(channel.clock_now()));
    next_probe_ = now + kIdleProbeEvery;
  }
  return prober_.sent() < kIdleProbes ? next_probe_ : now + kIdleProbeEvery;
}

void ClientControl::begin_sizing(ControlChannel& channel, MonoTime now) {
  set_stage(Stage::sizing);
  const IpFamily family = channel.family();
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

MonoTime ClientControl::find_size(ControlChannel& channel, MonoTime now) {
  MonoTime next = kNever;
  bool done = true;
  for (const Way way : {Way::up, Way::down}) {
    if (auto& search = sizes_[static_cast<std::size_t>(way)]) {
      send_size_probes(way, channel, now);
      done = done && search->done();
      next = std::min(next, search->next_timeout());
    }
  }
  if (!done) {
    return next;
  }
  settle_size();
  return prepare_data(channel, now);
}

void ClientControl::send_size_probes(Way way, ControlChannel& channel, MonoTime now) {
  session::PathMtuSearch& search = *sizes_[static_cast<std::size_t>(way)];
  for (const auto& one : search.poll(now)) {
    wire::Probe probe;
    probe.id = one.id;
    probe.t1_ns = to_ns(now);
    probe.reply_bytes = static_cast<std::uint16_t>(way == Way::down ? one.bytes : 0);
    // A server answers with a multiple of what it gets, and no more.
    constexpr auto kShare = static_cast<std::uint32_t>(session::ControlBudget::kMultiple);
    const std::uint32_t asks = one.bytes / kShare + 1;
    const auto status = channel.send_probe(probe, way == Way::up ? one.bytes : asks);
    if (status == net::SendOutcome::Status::too_big && way == Way::up) {
      search.on_local_limit(one.bytes);
    }
  }
  if (way == Way::up) {
    if (const auto hint = channel.take_mtu_hint()) {
      search.on_hint(*hint);
    }
  }
}

bool ClientControl::on_size_reply(const wire::ProbeReply& reply, std::size_t bytes, MonoTime now) {
  auto& up = sizes_[static_cast<std::size_t>(Way::up)];
  auto& down = sizes_[static_cast<std::size_t>(Way::down)];
  if (down && reply.path_mtu != 0) {
    down->on_hint(reply.path_mtu);
  }
  return (up && up->on_reply(reply.id, reply.received_bytes, now)) ||
         (down && down->on_reply(reply.id, static_cast<std::uint32_t>(bytes), now));
}

void ClientControl::settle_size() {
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

std::optional<PathMtu> ClientControl::mtu(Way way) const {
  const auto& search = sizes_[static_cast<std::size_t>(way)];
  return search ? std::optional{search->result()} : std::nullopt;
}

MonoTime ClientControl::prepare_data(ControlChannel& channel, MonoTime now) {
  if (includes(settings_.params.direction, Way::up) &&
      offload_in_question(channel, settings_.params.payload_bytes)) {
    set_stage(Stage::preflight);
    ask_offload(preflight_, {settings_.session, 0, settings_.params.payload_bytes}, channel, now);
    return now;
  }
  return go_in_time(channel, now);
}

MonoTime ClientControl::check_offload(ControlChannel& channel, MonoTime now) {
  const auto verdict = preflight_.verdict(now);
  if (!verdict) {
    return preflight_.next_timeout();
  }
  shared_.gso_broken.store(*verdict == session::Preflight::Verdict::broken);
  return go_in_time(channel, now);
}

/// A server is not left alone meanwhile: it would take the client for gone.
MonoTime ClientControl::go_in_time(ControlChannel& channel, MonoTime now) {
  constexpr Duration kSignOfLife = 1s;
  if (now >= settings_.go_at) {
    static_cast<void>(prober_.take(now));
    go(channel, now);
    return now;
  }
  if (stage() != Stage::waiting) {
    set_stage(Stage::waiting);
    next_probe_ = now + kSignOfLife;
  } else if (now >= next_probe_) {
    channel.send(prober_.probe(channel.clock_now()));
    next_probe_ = now + kSignOfLife;
  }
  return std::min(next_probe_, settings_.go_at);
}

/// Padded where the server sends data: its check of offload is paid for with that.
void ClientControl::say_go(ControlChannel& channel) const {
  constexpr std::size_t kPadded = wire::ReportChunk::kMaxBytes;  // reports cross the path, too
  wire::Go go;
  go.server_nonce = settings_.server_nonce;
  go.payload_bytes = settings_.params.payload_bytes;
  go.receive_buffer = channel.receive_buffer_bytes();
  channel.send(wire::encode(MessageType::go, settings_.session, 0, go,
                            includes(settings_.params.direction, Way::down) ? kPadded : 0));
}

void ClientControl::go(ControlChannel& channel, MonoTime now) {
  set_stage(Stage::going);
  stage_since_ = now;
  next_probe_ = now + probe_every_;
  go_backoff_.start(now);
  say_go(channel);
  // Data rides behind GO: the server has been ready since ACCEPT. But not for another size than
  // granted, of which its other streams learn from GO.
  if (includes(settings_.params.direction, Way::up) && !size_changed_) {
    begin_data(now);
  }
}

void ClientControl::begin_data(MonoTime now) {
  const Duration transfer = longest_transfer(settings_.params);
  const Duration round_trip = shared_.round_trip();
  deadline_ = std::min(now + transfer + session::ReportExchange::kTmax + kOverdue + 2 * round_trip,
                       accepted_ + transfer + kInAll + 8 * round_trip);
  data_since_ = now;
  shared_.started.store(true, std::memory_order_release);
  for (const StreamEndpoint* const stream : streams_) {
    stream->notify();
  }
  tell_root();
}

void ClientControl::tell_root() const {
  if (settings_.root != nullptr) {
    settings_.root->notify();
  }
}

void ClientControl::interrupt() {
  interrupt_.store(true);
  streams_.front()->notify();
}

MonoTime ClientControl::watch(ControlChannel& channel, MonoTime now) {
  if (stage() == Stage::going && go_backoff_.due(now)) {
    say_go(channel);
    go_backoff_.repeated(now);
  }
  if (now >= next_probe_) {
    channel.send(prober_.probe(channel.clock_now()));
    next_probe_ = now + probe_every_;
  }
  leave_warm_up(now);
  if (shared_.started.load() && all_complete()) {
    take_loaded(now);
    data_until_ = now;
    if (clock_worth_another_look(now)) {
      set_stage(Stage::clocks);
      stage_since_ = now;
      next_probe_ = now;
      return now;
    }
    finish(
        server_bye_ ? End::server_stopping : (interrupt_said_ ? End::interrupted : End::complete),
        channel, now);
    return kNever;
  }
  return std::min({next_probe_, go_backoff_.next(), deadline_});
}

void ClientControl::note_clocks(const wire::ProbeReply& reply, const ControlChannel& channel,
                                MonoTime now) {
  corridor_.add(reply.t1_ns, reply.t2_ns, reply.t3_ns, to_ns(now));
  const ClockAnchor ours = channel.clock_anchor();
  note_wall(our_wall_, to_ns(ours.unix) - to_ns(ours.mono));
  note_wall(server_wall_, reply.utc_minus_mono_ns);
  walls_known_ = true;
}

void ClientControl::note_wall(WallClock& wall, std::int64_t difference_ns) const {
  constexpr std::int64_t kStep = 100'000;  // reading both clocks is more exact than that
  if (!walls_known_) {
    wall.first_ns = difference_ns;
  }
  wall.latest_ns = difference_ns;
  wall.set = wall.set || std::abs(difference_ns - wall.first_ns) > kStep;
}

void ClientControl::take_loaded(MonoTime now) {
  if (idle_ && !loaded_) {
    loaded_samples_ = prober_.samples();
    loaded_ = prober_.take(now);
  }
}

/// Round trips under the load of the warm-up are not the test's.
void ClientControl::leave_warm_up(MonoTime now) {
  const Duration omit = settings_.params.omit;
  if (omit > Duration{0} && !warmed_up_ && shared_.started.load() && now - data_since_ >= omit) {
    warmed_up_ = true;
    static_cast<void>(prober_.take(now));
  }
}

bool ClientControl::clock_worth_another_look(MonoTime now) const {
  // In a second, clocks drift by less than a round trip tells.
  return !settings_.same_host && !interrupt_said_ && !server_bye_ && now - data_since_ >= 1s;
}

/// The clocks are compared once more on the idle path, so that what lies between is pinned from
/// both sides.
MonoTime ClientControl::probe_after(ControlChannel& channel, MonoTime now) {
  const Duration wait = 2 * settings_.handshake_rtt + 20ms;
  const bool enough = prober_.answered() >= kIdleProbes;
  if (enough || now - stage_since_ > static_cast<int>(kIdleProbes) * kIdleProbeEvery + wait) {
    finish(End::complete, channel, now);
    return kNever;
  }
  if (prober_.sent() < kIdleProbes && now >= next_probe_) {
    channel.send(prober_.probe(channel.clock_now()));
    next_probe_ = now + kIdleProbeEvery;
  }
  return prober_.sent() < kIdleProbes ? next_probe_ : now + kIdleProbeEvery;
}

ClockEstimate ClientControl::clock() const {
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

void ClientControl::finish(End end, ControlChannel& channel, MonoTime now) {
  end_ = end;
  if (end != End::complete) {
    shared_.stop(end == End::interrupted ? TxEnd::interrupted : TxEnd::peer_silent);
  }
  const auto reason = end == End::complete ? wire::ByeReason::done : wire::ByeReason::failed;
  for (int i = 0; i < kByes; ++i) {
    channel.send(wire::encode(MessageType::bye, settings_.session, 0, wire::Bye{reason}));
  }
  take_loaded(now);
  set_stage(Stage::ended);
  tell_root();
}

}  // namespace udperf::engine
