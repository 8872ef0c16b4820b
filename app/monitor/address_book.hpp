#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/endpoint.hpp"
#include "base/result.hpp"
#include "clock/clock.hpp"
#include "net/resolver.hpp"
#include "os/event.hpp"

namespace udperf::app {

/// Where targets are, for who must not wait for a name server. Names are asked on other threads: at
/// once, then each minute, sooner where that failed or somebody does not find the target there.
class AddressBook {
 public:
  struct Host {
    std::string name;  ///< or an address
    std::uint16_t port = 0;
    std::optional<IpFamily> family;
  };
  /// From any thread, the first time within watch() where the answer is known. Told of a failure
  /// only who has had no address yet: the last ones stay while the name server says nothing.
  using OnServers =
      std::function<void(std::uint64_t target, Result<std::vector<Endpoint>> servers)>;

  AddressBook(const Clock& clock, OnServers on_servers);
  AddressBook(const AddressBook&) = delete;
  AddressBook& operator=(const AddressBook&) = delete;
  /// As stop().
  ~AddressBook();

  void watch(std::uint64_t target, const Host& host);
  void leave(std::uint64_t target);
  /// The target was not found where it was: its name is asked again soon.
  void hurry(std::uint64_t target);
  /// Nothing is told afterwards.
  void stop();

 private:
  using Key = std::pair<std::string, std::optional<IpFamily>>;
  struct Name {
    std::map<std::uint64_t, std::uint16_t> ports;  ///< by target
    std::vector<Endpoint> last;                    ///< without a port
    MonoTime next{};
    MonoTime asked{};
    unsigned failures = 0;
    std::unique_ptr<net::Lookup> lookup;
  };
  struct News {
    std::uint64_t target = 0;
    Result<std::vector<Endpoint>> servers;
  };

  void work();
  [[nodiscard]] MonoTime turn(MonoTime now, std::vector<int>& fds, std::vector<News>& news);
  void begin_due(MonoTime now, std::size_t room);
  static void answer(const Key& key, Name& name, MonoTime now, std::vector<News>& news);

  const Clock& clock_;
  OnServers on_servers_;
  std::mutex mutex_;
  std::map<Key, Name> names_;
  std::map<std::uint64_t, Key> keys_;
  os::Event wake_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;  // last: it uses the rest
};

}  // namespace udperf::app
