#include "app/monitor/address_book.hpp"

#include <algorithm>

#include "app/monitor/longest_waiting.hpp"

namespace udperf::app {
namespace {

using namespace std::chrono_literals;

constexpr Duration kEvery = 60s;
constexpr Duration kLookupTime = 5s;
/// What nobody finds is asked for again so soon at the earliest.
constexpr Duration kLeastPause = 10s;
/// A lookup has a thread of its own, which may take as long as it likes.
constexpr std::size_t kMostAtOnce = 32;

Duration pause_after(unsigned failures) {
  constexpr unsigned kMostDoublings = 4;
  const Duration pause = 5s * (1U << std::min(failures, kMostDoublings));
  return failures == 0 ? kEvery : std::min(pause, kEvery);
}

std::vector<Endpoint> with_port(std::vector<Endpoint> addresses, std::uint16_t port) {
  for (Endpoint& endpoint : addresses) {
    endpoint.port = port;
  }
  return addresses;
}

}  // namespace

AddressBook::AddressBook(const Clock& clock, OnServers on_servers)
    : clock_(clock), on_servers_(std::move(on_servers)), thread_([this] { work(); }) {}

AddressBook::~AddressBook() {
  stop();
}

void AddressBook::stop() {
  stopping_ = true;
  wake_.raise();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void AddressBook::watch(std::uint64_t target, const Host& host) {
  leave(target);
  if (net::is_numeric_host(host.name)) {
    auto known = net::resolve(host.name, host.port, host.family);
    if (known) {
      on_servers_(target, std::move(known));
      return;
    }
  }  // the network interface that it names may still come
  std::vector<Endpoint> last;
  {
    const std::lock_guard lock{mutex_};
    const Key key{host.name, host.family};
    Name& name = names_[key];
    name.ports[target] = host.port;
    keys_[target] = key;
    last = name.last;
    if (last.empty()) {
      name.next = clock_.now();
    }
  }
  if (last.empty()) {
    wake_.raise();
  } else {
    on_servers_(target, with_port(std::move(last), host.port));
  }
}

void AddressBook::leave(std::uint64_t target) {
  const std::lock_guard lock{mutex_};
  const auto key = keys_.find(target);
  if (key == keys_.end()) {
    return;
  }
  const auto name = names_.find(key->second);
  name->second.ports.erase(target);
  if (name->second.ports.empty()) {
    names_.erase(name);
  }
  keys_.erase(key);
}

void AddressBook::hurry(std::uint64_t target) {
  const std::lock_guard lock{mutex_};
  const auto key = keys_.find(target);
  if (key == keys_.end()) {
    return;
  }
  Name& name = names_.at(key->second);
  const MonoTime soon = std::max(name.asked + kLeastPause, clock_.now());
  if (soon < name.next) {
    name.next = soon;
    wake_.raise();
  }
}

void AddressBook::work() {
  while (!stopping_) {
    std::vector<int> fds{wake_.fd()};
    std::vector<News> news;
    const MonoTime now = clock_.now();
    const MonoTime next = turn(now, fds, news);
    for (News& one : news) {
      on_servers_(one.target, std::move(one.servers));
    }
    if (news.empty()) {  // else there may be somebody whose turn it is now
      os::wait_readable(fds, std::max(next - clock_.now(), Duration{0}));
    }
    wake_.take();
  }
}

/// Takes answers and begins lookups. Returns when to look again at the latest.
MonoTime AddressBook::turn(MonoTime now, std::vector<int>& fds, std::vector<News>& news) {
  const std::lock_guard lock{mutex_};
  MonoTime next = now + kEvery;
  std::size_t asked = 0;
  for (auto& [key, name] : names_) {
    if (name.lookup) {
      answer(key, name, now, news);
    }
    asked += name.lookup ? 1U : 0U;
  }
  begin_due(now, kMostAtOnce - asked);
  for (auto& [key, name] : names_) {
    if (name.lookup) {
      fds.push_back(name.lookup->fd());
      next = std::min(next, name.asked + kLookupTime);
    } else if (name.next > now) {  // who waits for a free place is looked at when one is
      next = std::min(next, name.next);
    }
  }
  return next;
}

/// With the lock held.
void AddressBook::begin_due(MonoTime now, std::size_t room) {
  std::vector<std::map<Key, Name>::value_type*> due;
  for (auto& entry : names_) {
    if (!entry.second.lookup && entry.second.next <= now) {
      due.push_back(&entry);
    }
  }
  keep_longest_waiting(due, room, [](const auto* entry) { return entry->second.next; });
  for (auto* const entry : due) {
    const auto& [host, family] = entry->first;
    entry->second.lookup = std::make_unique<net::Lookup>(host, std::uint16_t{0}, family);
    entry->second.asked = now;
  }
}

void AddressBook::answer(const Key& key, Name& name, MonoTime now, std::vector<News>& news) {
  auto answer = name.lookup->take();
  if (!answer && now < name.asked + kLookupTime) {
    return;
  }
  if (!answer) {
    answer = tl::unexpected{Error{ErrorCode::unreachable,
                                  "cannot resolve " + key.first + ": no answer within 5 s", 0,
                                  "resolve"}};
  }
  name.lookup.reset();
  name.failures = *answer ? 0 : name.failures + 1;
  name.next = now + pause_after(name.failures);
  if (*answer) {
    name.last = **answer;
  } else if (!name.last.empty()) {
    return;
  }
  for (const auto& [target, port] : name.ports) {
    news.push_back(
        {target, *answer ? Result<std::vector<Endpoint>>{with_port(name.last, port)} : *answer});
  }
}

}  // namespace udperf::app
