#include "app/monitor/expand.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <glob.h>
#include <ifaddrs.h>
#include <memory>
#include <set>

#include "app/files.hpp"
#include "clock/system_clock.hpp"
#include "engine/event.hpp"
#include "net/resolver.hpp"
#include "net/socket_address.hpp"

namespace udperf::app {
namespace {

constexpr Duration kLookupTime = std::chrono::seconds{5};
constexpr std::size_t kMostAddresses = 4096;  // of one name

std::set<IpAddress> own_addresses() {
  std::set<IpAddress> own;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) {
    return own;
  }
  for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
    IpAddress address;
    if (one->ifa_addr != nullptr && one->ifa_addr->sa_family == AF_INET) {
      sockaddr_in in{};
      std::memcpy(&in, one->ifa_addr, sizeof in);
      std::memcpy(address.bytes.data(), &in.sin_addr, sizeof in.sin_addr);
      own.insert(address);
    } else if (one->ifa_addr != nullptr && one->ifa_addr->sa_family == AF_INET6) {
      sockaddr_in6 in{};
      std::memcpy(&in, one->ifa_addr, sizeof in);
      address.family = IpFamily::v6;
      std::memcpy(address.bytes.data(), &in.sin6_addr, sizeof in.sin6_addr);
      address.scope_id = in.sin6_scope_id;
      own.insert(address);
    }
  }
  ::freeifaddrs(list);
  return own;
}

monitor::Target target_of(const monitor::TargetConfig& config) {
  return {0, config.name, config.address, config.module, config.labels};
}

void add_unless_there(std::vector<monitor::Target>& targets, monitor::Target target) {
  const bool there = std::any_of(targets.begin(), targets.end(),
                                 [&](const auto& other) { return other.name == target.name; });
  if (!there && targets.size() < monitor::kMostTargets) {
    targets.push_back(std::move(target));
  }
}

class Expansion {
 public:
  Expansion(const MonitorSetup& setup, std::vector<std::string>* problems)
      : setup_(setup), problems_(problems) {}

  std::vector<monitor::Target> run(const engine::StopToken& stop) {
    std::vector<monitor::TargetConfig> all = setup_.targets;
    for (const std::string& pattern : setup_.file_sd) {
      for (const std::string& file : files_of(pattern)) {
        read(file, all);
      }
    }
    std::vector<monitor::Target> targets;
    for (const monitor::TargetConfig& config : all) {
      if (config.dns) {
        names_.push_back(
            {config, std::make_unique<net::Lookup>(config.address.host,
                                                   config.address.port.value_or(1), std::nullopt)});
      } else {
        add_unless_there(targets, target_of(config));
      }
    }
    ask(stop, targets);
    return targets;
  }

 private:
  struct Name {
    monitor::TargetConfig config;
    std::unique_ptr<net::Lookup> lookup;
  };

  void say(std::string problem) {
    if (problems_ != nullptr) {
      problems_->push_back(std::move(problem));
    }
  }

  void read(const std::string& file, std::vector<monitor::TargetConfig>& all) {
    const auto text = read_file(file, monitor::kMostConfigBytes);
    if (!text) {
      say(text.error().message());
      return;
    }
    std::vector<monitor::ConfigError> errors;
    auto found = monitor::parse_file_sd(*text, errors);
    for (const monitor::ConfigError& error : errors) {
      say(error.text(file));
    }
    for (monitor::TargetConfig& config : found) {
      if (!setup_.modules.contains(config.module)) {
        say(monitor::ConfigError{config.place, "unknown module " + config.module}.text(file));
      } else if (errors.empty()) {
        all.push_back(std::move(config));
      }
    }
  }

  void ask(const engine::StopToken& stop, std::vector<monitor::Target>& targets) {
    const SystemClock clock;
    const MonoTime deadline = clock.now() + kLookupTime;
    const std::set<IpAddress> own = names_.empty() ? std::set<IpAddress>{} : own_addresses();
    for (Name& name : names_) {
      std::optional<net::Lookup::Answer> answer = name.lookup->take();
      while (!answer && clock.now() < deadline && !stop.requested()) {
        const std::array<int, 2> fds{name.lookup->fd(), stop.wait_fd()};
        engine::wait_readable(fds, deadline - clock.now());
        answer = name.lookup->take();
      }
      if (!answer || !*answer) {
        say("dns " + name.config.address.host + ": " +
            (answer ? answer->error().message() : std::string{"no answer within 5 s"}));
        continue;
      }
      add_addresses(name.config, **answer, own, targets);
    }
  }

  static void add_addresses(const monitor::TargetConfig& config, std::vector<Endpoint> addresses,
                            const std::set<IpAddress>& own, std::vector<monitor::Target>& targets) {
    std::sort(addresses.begin(), addresses.end());
    addresses.resize(std::min(addresses.size(), kMostAddresses));
    for (const Endpoint& endpoint : addresses) {
      if (own.contains(endpoint.address)) {
        continue;
      }
      monitor::Target target = target_of(config);
      target.address.host = endpoint.address.to_string();
      target.name = config.name + "/" + target.address.host;
      add_unless_there(targets, std::move(target));
    }
  }

  const MonitorSetup& setup_;
  std::vector<std::string>* problems_;
  std::vector<Name> names_;
};

}  // namespace

std::vector<std::string> files_of(const std::string& pattern) {
  std::vector<std::string> files;
  glob_t found{};
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  return files;
}

std::vector<monitor::Target> expand_targets(const MonitorSetup& setup,
                                            const engine::StopToken& stop,
                                            std::vector<std::string>* problems) {
  return Expansion{setup, problems}.run(stop);
}

}  // namespace udperf::app
