#include "sim/sim_network.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "pacing/governor.hpp"
#include "wire/compact_header.hpp"

namespace udperf::test {

Endpoint SimNetwork::endpoint(std::uint8_t host, std::uint16_t port) {
  Endpoint out;
  out.address.bytes = {10, 0, 0, host};
  out.port = port;
  return out;
}

namespace {

bool never_passes(const Impairment& path, std::size_t bytes, Departure departure) {
  return (path.loses_merged && departure == Departure::merged) ||
         (path.max_payload != 0 && bytes > path.max_payload);
}

}  // namespace

void SimNetwork::send(const Endpoint& from, const Endpoint& to, std::span<const std::byte> bytes,
                      Departure departure) {
  if (on_send) {
    on_send(from, to, bytes);
  }
  const bool upward = to == server;
  const Impairment& path = upward ? up : down;
  DirectionTruth& truth = upward ? up_ : down_;
  truth.last_sent = clock_.now();
  const auto header = wire::decode_common(bytes);
  const bool data = (header && header->type == wire::MessageType::data) ||
                    wire::decode_compact(bytes).has_value();
  truth.sent += data ? 1 : 0;
  const bool filtered = (header && path.drop_if && path.drop_if(*header)) ||
                        never_passes(path, bytes.size(), departure);
  const bool lost = filtered || random_.chance(data ? path.drop_data : path.drop_control);
  const auto wait =
      lost ? std::nullopt : queueing(path, upward ? up_free_at_ : down_free_at_, bytes.size());
  if (!wait) {
    truth.dropped += data ? 1 : 0;
    return;
  }
  const MonoTime at = clock_.now() + *wait + travel_time(path);
  Flight flight{from, to, {bytes.begin(), bytes.end()}};
  if (lie) {
    lie(from, flight.bytes);
  }
  if (random_.chance(data ? path.duplicate_data : path.duplicate_control)) {
    // The copy comes with the original: both are there before books can be closed.
    truth.duplicated += data ? 1 : 0;
    flights_.emplace(at, flight);
  }
  flights_.emplace(at, std::move(flight));
}

void SimNetwork::forge_refusal(const Endpoint& client) {
  const auto socket = connected_.find({client, server});
  if (socket != connected_.end()) {
    socket->second->refuse();
  }
}

Duration SimNetwork::travel_time(const Impairment& path) {
  Duration time = path.delay;
  if (path.jitter > Duration{0}) {
    time += Duration{random_.between(0, path.jitter.count())};
  }
  return random_.chance(path.late) ? time + path.late_by : time;
}

std::optional<Duration> SimNetwork::queueing(const Impairment& path, MonoTime& free_at,
                                             std::size_t bytes) const {
  if (path.rate_bps == 0) {
    return Duration{0};
  }
  const MonoTime now = clock_.now();
  const MonoTime begin = std::max(free_at, now);
  if (begin - now > path.queue) {
    return std::nullopt;
  }
  free_at = begin + BitRate::bits_per_second(path.rate_bps).time_for(ByteCount::bytes(bytes));
  return free_at - now;
}

void SimNetwork::deliver(MonoTime now) {
  while (!flights_.empty() && flights_.begin()->first <= now) {
    auto first = flights_.extract(flights_.begin());
    hand_over(std::move(first.mapped()), first.key());
  }
}

void SimNetwork::hand_over(Flight flight, MonoTime at) {
  if (const auto port = connected_.find({flight.to, flight.from}); port != connected_.end()) {
    port->second->arrive(std::move(flight.bytes), at);
    return;
  }
  if (listener_ != nullptr && flight.to == server) {
    listener_->arrive(net::Datagram{std::move(flight.bytes), flight.from, flight.to});
    return;
  }
  if (const auto sender = connected_.find({flight.from, flight.to});
      icmp && sender != connected_.end()) {
    sender->second->refuse();
  }
}

std::unique_ptr<net::DatagramPort> SimNetwork::connect(const Endpoint& local,
                                                       const Endpoint& remote) {
  return std::make_unique<SimPort>(*this, local, remote);
}

std::unique_ptr<SimListenPort> SimNetwork::listen() {
  return std::make_unique<SimListenPort>(*this);
}

SimPort::SimPort(SimNetwork& network, const Endpoint& local, const Endpoint& remote)
    : network_(network), local_(local), remote_(remote) {
  network_.connected_[{local, remote}] = this;
}

SimPort::~SimPort() {
  const auto found = network_.connected_.find({local_, remote_});
  if (found != network_.connected_.end() && found->second == this) {
    network_.connected_.erase(found);
  }
}

net::SendOutcome SimPort::send(std::span<const std::byte> data, std::uint32_t segment) {
  if (away()) {
    return net::SendOutcome{net::SendOutcome::Status::denied, 0, 0, network_.client_away, 1};
  }
  if (const auto said = network_.host_says ? network_.host_says(local_) : std::nullopt) {
    return *said;
  }
  std::uint32_t count = 0;
  const auto departure = gso_ && data.size() > segment ? Departure::merged : Departure::single;
  for (std::size_t at = 0; at < data.size(); at += segment, ++count) {
    network_.send(local_, remote_,
                  data.subspan(at, std::min<std::size_t>(segment, data.size() - at)), departure);
  }
  return net::SendOutcome{net::SendOutcome::Status::taken, count, 1, 0};
}

net::SendOutcome SimPort::send_control(std::span<const std::byte> datagram) {
  if (away()) {
    return net::SendOutcome{net::SendOutcome::Status::denied, 0, 0, network_.client_away, 1};
  }
  network_.send(local_, remote_, datagram);
  return net::SendOutcome{};
}

net::SendOutcome SimPort::send_whole(std::span<const std::byte> datagram) {
  const Impairment& path = network_.path_from(local_);
  if (path.max_payload != 0 && datagram.size() > path.max_payload && path.told_mtu != 0) {
    hint_ = path.told_mtu;
  }
  return send_control(datagram);
}

MonoTime SimNetwork::next_arrival() {
  MonoTime next = flights_.empty() ? kNever : flights_.begin()->first;
  for (const auto& [link, port] : connected_) {
    next = std::min(next, port->readable_at(clock_.now()));
  }
  return next;
}

MonoTime SimPort::readable_at(MonoTime now) {
  if (queue_.empty() || !its_turn()) {
    return kNever;
  }
  if (told_ && free_at() <= now) {
    network_.left_unread += std::exchange(unread_, true) ? 0U : 1U;
    return kNever;
  }
  told_ = free_at() <= now;
  return free_at();
}

MonoTime& SimPort::free_at() {
  return limits().one_reader ? network_.readers_[local_.address].free_at : free_at_;
}

/// Whose latest is longest ago, of those with something to read that is not left there.
bool SimPort::its_turn() const {
  if (!limits().one_reader) {
    return true;
  }
  const auto& ports = network_.connected_;
  return std::none_of(ports.begin(), ports.end(), [this](const auto& entry) {
    const SimPort& other = *entry.second;
    return other.local_.address == local_.address && !other.queue_.empty() && !other.unread_ &&
           other.turn_ < turn_;
  });
}

void SimPort::arrive(std::vector<std::byte> bytes, MonoTime at) {
  if (away()) {
    return;
  }
  const std::size_t length = bytes.size();
  const std::uint64_t cost = pacing::socket_cost(length, false);
  if (limits().bounded && queued_cost_ + cost > 2 * std::uint64_t{limits().bytes}) {
    ++drops_;
    return;
  }
  queued_cost_ += cost;
  told_ = unread_ = false;
  queue_.push_back(Waiting{std::move(bytes), at, length, drops_});
}

std::optional<net::ReceiveQueue> SimPort::receive_queue() {
  return net::ReceiveQueue{static_cast<std::uint32_t>(queued_cost_), 2 * limits().bytes, drops_};
}

std::span<const net::Received> SimPort::receive(net::ReceiveBuffers& /*buffers*/) {
  constexpr std::size_t kMost = 8;
  current_.clear();
  received_.clear();
  told_ = unread_ = false;
  const MonoTime now = network_.clock().now();
  while (!queue_.empty() && current_.size() < kMost && free_at() <= now && its_turn()) {
    take_one();
  }
  for (const Waiting& waiting : current_) {
    net::Received read;
    read.data = waiting.bytes;
    read.segment = static_cast<std::uint32_t>(waiting.segment);
    const bool at_server = local_ == network_.server && network_.server_time;
    read.at = at_server ? network_.server_time(waiting.at) : waiting.at;
    read.kernel_stamp = true;
    read.drops = waiting.drops;
    received_.push_back(read);
  }
  return received_;
}

void SimPort::take_one() {
  constexpr std::size_t kMostBytes = 65507;
  current_.push_back(std::move(queue_.front()));
  queue_.pop_front();
  Waiting& read = current_.back();
  // As the kernel merges: what came together, of equal lengths, where a shorter one is the last.
  bool open = network_.merges_reads;
  while (open && !queue_.empty() && queue_.front().at == read.at &&
         queue_.front().bytes.size() <= read.segment &&
         read.bytes.size() + queue_.front().bytes.size() <= kMostBytes) {
    open = queue_.front().bytes.size() == read.segment;
    read.bytes.insert(read.bytes.end(), queue_.front().bytes.begin(), queue_.front().bytes.end());
    queue_.pop_front();
  }
  std::uint64_t cost = 0;
  for (std::size_t at = 0; at < read.bytes.size(); at += read.segment) {
    cost += pacing::socket_cost(std::min(read.segment, read.bytes.size() - at), false);
  }
  queued_cost_ -= cost;
  if (limits().drain_bps != 0) {
    const auto bits = static_cast<std::int64_t>(read.bytes.size()) * 8;
    free_at() = std::max(free_at(), read.at) +
                Duration{bits * 1'000'000'000 / static_cast<std::int64_t>(limits().drain_bps)};
  }
  if (limits().one_reader) {
    turn_ = ++network_.readers_[local_.address].turns;
  }
}

SimListenPort::SimListenPort(SimNetwork& network) : network_(network) {
  network_.listener_ = this;
}

SimListenPort::~SimListenPort() {
  network_.listener_ = nullptr;
}

void SimListenPort::send(const net::Datagram& letter) {
  network_.send(letter.local, letter.peer, letter.bytes);
}

Result<std::unique_ptr<net::DatagramPort>> SimListenPort::open_session(
    const net::PortOptions& options, std::vector<net::Datagram>& /*strays*/) {
  if (network_.out_of_sockets) {
    return system_error(EMFILE, "socket");
  }
  return network_.connect(network_.server, options.remote);
}

}  // namespace udperf::test
