#include "classic/service.hpp"

#include <span>

#include "classic/run_report.hpp"

namespace udperf::classic {
namespace {

RunTable::Settings table_settings(const engine::ServerOptions& options) {
  RunTable::Settings settings;
  settings.allow = options.allow;
  settings.deny = options.deny;
  const bool one = options.exclusive || options.one_off;
  settings.most_runs = one ? 1 : options.max_sessions;
  settings.most_runs_per_address = options.max_sessions_per_address;
  settings.max_duration = options.max_duration;
  return settings;
}

}  // namespace

ClassicService::ClassicService(const Parts& parts)
    : parts_(parts), table_(table_settings(parts.options)) {}

MonoTime ClassicService::step(MonoTime /*now*/) {
  // Of this moment: what has just arrived is timed by when it was read.
  const MonoTime next = table_.expire(parts_.clock.now());
  for (const RunOutcome& outcome : table_.take_finished()) {
    parts_.observer.on_fallback_closed({"classic", outcome.client, outcome.status, outcome.reason,
                                        [&outcome] { return to_text(outcome); },
                                        [&outcome] { return to_json(outcome); }});
  }
  return next;
}

void ClassicService::add_counts(std::vector<engine::NamedCount>& counts) const {
  const RunTable::Counters& counted = table_.counters();
  counts.push_back({"classic_runs", counted.runs});
  counts.push_back({"classic_refused", counted.refused});
  counts.push_back({"classic_denied", counted.denied});
  counts.push_back({"classic_answers", counted.answers});
  counts.push_back({"classic_withheld", counted.withheld});
  counts.push_back({"classic_stragglers", counted.stragglers});
}

session::Occupancy ClassicService::occupancy(const IpAddress& /*client*/, MonoTime /*now*/) const {
  session::Occupancy out;
  if (alone()) {
    out.sessions = static_cast<std::uint32_t>(table_.active());  // nothing runs beside it
  }
  return out;
}

bool ClassicService::may_begin(const IpAddress& client, MonoTime now) const {
  if (parts_.options.one_off && parts_.neighbours.sessions_beside(*this) > 0) {
    return false;
  }
  return !alone() || parts_.neighbours.beside(*this, client, now).sessions == 0;
}

bool ClassicService::on_datagram(const net::Datagram& datagram, bool native, MonoTime now) {
  if (native && !table_.knows(datagram.peer, datagram.local)) {
    return false;
  }
  RunTable::Arrival arrival;
  arrival.bytes = datagram.bytes;
  arrival.length = datagram.length();
  arrival.from = datagram.peer;
  arrival.to = datagram.local;
  arrival.native = native;
  arrival.may_begin = may_begin(datagram.peer.address, now);
  if (const auto answer = table_.on_datagram(arrival, now, parts_.clock.unix_now())) {
    const auto text = std::as_bytes(std::span{*answer});
    parts_.port.send(net::Datagram{{text.begin(), text.end()}, datagram.peer, datagram.local});
  }
  return true;
}

}  // namespace udperf::classic
