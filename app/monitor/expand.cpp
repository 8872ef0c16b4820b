#include "app/monitor/expand.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <glob.h>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "app/output/files.hpp"
#include "clock/system_clock.hpp"
#include "net/device.hpp"
#include "net/resolver.hpp"
#include "os/event.hpp"

namespace udperf::app {
namespace {

constexpr std::size_t kMostAddresses = 4096;  // of one name

struct AskedName {
  std::string host;
  std::unique_ptr<net::Lookup> lookup;
};

void wait_for_any(const std::vector<AskedName>& asked, const engine::StopToken& stop,
                  Duration longest) {
  std::vector<int> fds{stop.wait_fd()};
  for (const AskedName& one : asked) {
    fds.push_back(one.lookup->fd());
  }
  os::wait_readable(fds, std::max(longest, Duration{0}));
}

std::set<IpAddress> own_addresses() {
  std::set<IpAddress> own;
  for (const net::DeviceAddress& one : net::device_addresses()) {
    if (one.address) {
      own.insert(*one.address);
    }
  }
  return own;
}

monitor::Target target_of(const monitor::TargetConfig& config) {
  return {0, config.name, config.address, config.module, config.labels};
}

class Expansion {
 public:
  Expansion(const MonitorSetup& setup, LastTargets& last, std::vector<std::string>& problems)
      : setup_(setup), last_(last), problems_(problems) {}

  std::vector<monitor::Target> run(const engine::StopToken& stop) {
    std::vector<monitor::TargetConfig> all = setup_.targets;
    std::set<std::string> files;
    for (const std::string& pattern : setup_.file_sd) {
      for (const std::string& file : files_of(pattern)) {
        if (files.insert(file).second) {  // also one that several patterns match
          read(file, all);
        }
      }
    }
    for (const monitor::TargetConfig& config : all) {
      if (config.dns) {
        names_.push_back(config);
      } else {
        add(target_of(config));
      }
    }
    ask(stop);
    forget_others(files);
    if (left_out_ > 0) {
      problems_.push_back("more than " + std::to_string(monitor::kMostTargets) +
                          " targets: " + std::to_string(left_out_) + " are left out");
    }
    return std::move(targets_);
  }

 private:
  /// Nothing is kept of files and names that are gone: new ones may come each day.
  void forget_others(const std::set<std::string>& files) {
    std::erase_if(last_.files, [&files](const auto& one) { return !files.contains(one.first); });
    std::set<std::string> hosts;
    for (const monitor::TargetConfig& config : names_) {
      hosts.insert(config.address.host);
    }
    const auto gone = [&hosts](const auto& one) { return !hosts.contains(one.first); };
    std::erase_if(last_.names, gone);
    std::erase_if(last_.unknown, gone);
    std::erase_if(last_.turns, gone);
  }

  /// Names are unique: one that others have by another module is told apart by that.
  void add(monitor::Target target) {
    const auto known = places_.find(target.name);
    if (known != places_.end() && targets_[known->second].module != target.module) {
      target.name += "/" + target.module;
    }
    if (is_taken(target)) {
      problems_.push_back("the target " + target.name +
                          " is there more than once; __name__ gives it another name");
    } else if (!places_.contains(target.name)) {
      if (targets_.size() == monitor::kMostTargets) {
        ++left_out_;
        return;
      }
      places_[target.name] = targets_.size();
      targets_.push_back(std::move(target));
    }
  }

  /// By somebody else: who is there twice is watched once.
  [[nodiscard]] bool is_taken(const monitor::Target& target) const {
    const auto place = places_.find(target.name);
    if (place == places_.end()) {
      return false;
    }
    const monitor::Target& there = targets_[place->second];
    return there.module != target.module || there.address.host != target.address.host ||
           there.address.port != target.address.port || there.labels != target.labels;
  }

  /// The file's targets; nothing where it cannot be read.
  std::optional<std::vector<monitor::TargetConfig>> parsed(const std::string& file) {
    const auto text = read_file(file, monitor::kMostConfigBytes);
    if (!text) {
      problems_.push_back(text.error().message());
      return std::nullopt;
    }
    std::vector<monitor::ConfigError> errors;
    auto found = monitor::parse_file_sd(*text, errors);
    for (const auto* const told : {&errors, &found.left_out}) {
      for (const monitor::ConfigError& one : *told) {
        problems_.push_back(one.text(file));
      }
    }
    return errors.empty() ? std::optional{std::move(found.targets)} : std::nullopt;
  }

  void read(const std::string& file, std::vector<monitor::TargetConfig>& all) {
    if (auto found = parsed(file)) {
      last_.files[file] = *std::move(found);
    }
    for (const monitor::TargetConfig& config : last_.files[file]) {
      if (setup_.modules.contains(config.module)) {
        all.push_back(config);
      } else {
        problems_.push_back(
            monitor::ConfigError{config.module_place, "unknown module " + config.module}.text(
                file));
      }
    }
  }

  void ask(const engine::StopToken& stop) {
    std::set<std::string> hosts;
    for (const monitor::TargetConfig& config : names_) {
      hosts.insert(config.address.host);
    }
    for (auto& [host, answer] : ask_names(hosts, last_.turns, stop)) {
      last_.unknown.erase(host);
      if (answer) {
        last_.names[host] = *std::move(answer);
        hosts.erase(host);
      } else {
        last_.unknown[host] = answer.error();
      }
    }
    for (const std::string& host : hosts) {  // what was wrong before is so still
      const auto why = last_.unknown.try_emplace(
          host, Error{ErrorCode::unreachable, "not asked for long enough: others took the time", 0,
                      "resolve"});
      problems_.push_back("dns " + host + ": " + why.first->second.message());
    }
    const std::set<IpAddress> own = names_.empty() ? std::set<IpAddress>{} : own_addresses();
    for (const monitor::TargetConfig& config : names_) {
      add_addresses(config, last_.names[config.address.host], own);
    }
  }

  void add_addresses(const monitor::TargetConfig& config, std::vector<Endpoint> addresses,
                     const std::set<IpAddress>& own) {
    std::sort(addresses.begin(), addresses.end());
    addresses.resize(std::min(addresses.size(), kMostAddresses));
    for (const Endpoint& endpoint : addresses) {
      if (own.contains(endpoint.address)) {
        continue;
      }
      monitor::Target target = target_of(config);
      target.address.host = endpoint.address.to_string();
      target.name = config.name + "/" + target.address.host;
      add(std::move(target));
    }
  }

  const MonitorSetup& setup_;
  LastTargets& last_;
  std::vector<std::string>& problems_;
  std::vector<monitor::TargetConfig> names_;   ///< that stand for all their addresses
  std::map<std::string, std::size_t> places_;  ///< in targets_, by name
  std::size_t left_out_ = 0;
  std::vector<monitor::Target> targets_;
};

}  // namespace

NameAnswers ask_names(const std::set<std::string>& hosts, NameTurns& turns,
                      const engine::StopToken& stop) {
  const SystemClock clock;
  NameRound round{hosts, turns, clock.now()};
  std::vector<AskedName> asked;
  while (!round.is_over(clock.now()) && !stop.requested()) {
    for (const std::string& host : round.next(clock.now())) {
      asked.push_back({host, std::make_unique<net::Lookup>(host, std::uint16_t{0}, std::nullopt)});
    }
    wait_for_any(asked, stop, round.until() - clock.now());
    std::erase_if(asked, [&](const AskedName& one) {
      auto answer = one.lookup->take();
      if (answer) {
        round.answer(one.host, *std::move(answer), clock.now());
      }
      return answer.has_value();
    });
  }
  return round.end(turns, clock.now());
}

std::vector<std::string> files_of(const std::string& pattern) {
  std::vector<std::string> files;
  glob_t found{};
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  return files;
}

FileMarks marks_of(const std::vector<std::string>& patterns) {
  FileMarks marks;
  for (const std::string& pattern : patterns) {
    for (const std::string& file : files_of(pattern)) {
      struct stat info {};
      if (::stat(file.c_str(), &info) == 0) {
        marks[file] = {info.st_mtim.tv_sec, info.st_mtim.tv_nsec, info.st_size,
                       static_cast<std::int64_t>(info.st_ino)};
      }
    }
  }
  return marks;
}

std::vector<std::string> unmatched(const std::vector<std::string>& patterns) {
  std::vector<std::string> lines;
  for (const std::string& pattern : patterns) {
    if (files_of(pattern).empty()) {
      lines.push_back("file_sd: no file matches " + pattern);
    }
  }
  return lines;
}

bool lacks_file(const std::vector<std::string>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(), [](const std::string& pattern) {
    return pattern.find_first_of("*?[") == std::string::npos && files_of(pattern).empty();
  });
}

std::vector<monitor::Target> without_address(const MonitorSetup& setup, const LastTargets& last) {
  std::vector<monitor::Target> targets;
  for (const monitor::TargetConfig& config : setup.targets) {
    const auto known = last.names.find(config.address.host);
    if (config.dns && last.unknown.contains(config.address.host) &&
        (known == last.names.end() || known->second.empty())) {
      monitor::Target target = target_of(config);
      const auto is_there = [&targets](const std::string& name) {
        return std::any_of(targets.begin(), targets.end(),
                           [&name](const auto& one) { return one.name == name; });
      };
      if (is_there(target.name)) {
        target.name += "/" + target.module;
      }
      if (!is_there(target.name) && targets.size() < monitor::kMostTargets) {
        targets.push_back(std::move(target));
      }
    }
  }
  return targets;
}

std::vector<monitor::Target> expand_targets(const MonitorSetup& setup,
                                            const engine::StopToken& stop, LastTargets& last,
                                            std::vector<std::string>& problems) {
  return Expansion{setup, last, problems}.run(stop);
}

}  // namespace udperf::app
