#include "support/routed_path.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <utility>

#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/families.hpp"
#include "support/spawn.hpp"

namespace udperf::test {
namespace {

using namespace std::chrono_literals;

constexpr std::array kPlaces{RoutedPath::Place::client, RoutedPath::Place::router,
                             RoutedPath::Place::server};

// @C, @R and @S stand for the namespaces. A merged buffer crosses veth whole and is one packet to
// whoever counts in between: tests that count there use --gso off. A router asks for its neighbours
// from its link-local address: looking for others that have the same takes seconds on a busy host,
// as long as a neighbour may be asked for.
constexpr const char* kBuild = R"(set -e
for n in @C @R @S; do
  ip netns add $n
  ip -n $n link set lo up
  ip netns exec $n sh -c 'for f in all default; do echo 0 >/proc/sys/net/ipv4/conf/$f/rp_filter
    [ ! -d /proc/sys/net/ipv6 ] || echo 0 >/proc/sys/net/ipv6/conf/$f/accept_dad; done'
done
ip -n @R link add client type veth peer name router netns @C
ip -n @R link add server type veth peer name router netns @S
ip -n @C addr add 10.77.1.2/24 dev router
ip -n @S addr add 10.77.2.2/24 dev router
ip -n @S addr add 10.77.2.3/24 dev router
ip -n @R addr add 10.77.1.1/24 dev client
ip -n @R addr add 10.77.2.1/24 dev server
ip -n @C link set router up
ip -n @S link set router up
ip -n @R link set client up
ip -n @R link set server up
ip -n @C route add default via 10.77.1.1
ip -n @S route add default via 10.77.2.1
ip netns exec @R sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
)";

// The same of IPv6, where the host has it.
constexpr const char* kBuild6 = R"(ip -n @C addr add fd77:1::2/64 dev router nodad
ip -n @S addr add fd77:2::2/64 dev router nodad
ip -n @R addr add fd77:1::1/64 dev client nodad
ip -n @R addr add fd77:2::1/64 dev server nodad
ip -n @C -6 route add default via fd77:1::1
ip -n @S -6 route add default via fd77:2::1
ip netns exec @R sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
for at in '@C router' '@S router' '@R client' '@R server'; do
  set -- $at
  until ip -n $1 -6 -o addr show dev $2 scope link | grep -q inet6; do :; done
done)";

constexpr const char* kPrefix = "udperf-";  // and the pid, a number and the place

/// Takes away what a test left behind that was killed: namespaces whose process is no more.
void remove_orphans() {
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator{"/run/netns", none}) {
    const std::string name = entry.path().filename();
    if (name.rfind(kPrefix, 0) != 0) {
      continue;
    }
    const pid_t owner = std::atoi(name.c_str() + std::strlen(kPrefix));
    if (owner > 0 && ::kill(owner, 0) != 0 && errno == ESRCH) {
      static_cast<void>(run_to_end({"ip", "netns", "del", name}, 60s));
    }
  }
}

}  // namespace

std::string build_namespaces(const std::string& script) {
  const auto done = run_to_end({"sh", "-c", script}, 60s);
  if (done && done->code() == 0) {
    return {};
  }
  return "network namespaces cannot be made: " + (done ? done->err : "no shell");
}

Result<RoutedPath, std::string> RoutedPath::make() {
  if (::geteuid() != 0) {
    return tl::unexpected{kNoRoot};
  }
  static std::once_flag tidied;
  std::call_once(tidied, remove_orphans);
  static int made = 0;
  RoutedPath path{kPrefix + std::to_string(::getpid()) + "-" + std::to_string(++made)};
  if (const std::string problem = path.build(); !problem.empty()) {
    return tl::unexpected{problem};
  }
  return path;
}

RoutedPath::RoutedPath(RoutedPath&& other) noexcept : prefix_(std::exchange(other.prefix_, {})) {}

RoutedPath::~RoutedPath() {
  if (prefix_.empty()) {
    return;
  }
  for (const Place place : kPlaces) {
    static_cast<void>(run_to_end({"ip", "netns", "del", name(place)}, 60s));
  }
}

std::string RoutedPath::name(Place place) const {
  constexpr std::array kSuffixes{"-client", "-router", "-server"};
  return prefix_ + kSuffixes.at(static_cast<std::size_t>(place));
}

std::string RoutedPath::build() const {
  std::string script = kBuild;
  if (family_here(IpFamily::v6)) {
    script += kBuild6;
  }
  constexpr std::array kMarks{"@C", "@R", "@S"};
  for (const Place place : kPlaces) {
    const std::string mark = kMarks.at(static_cast<std::size_t>(place));
    for (auto at = script.find(mark); at != std::string::npos; at = script.find(mark)) {
      script.replace(at, mark.size(), name(place));
    }
  }
  return build_namespaces(script);
}

std::vector<std::string> RoutedPath::command(Place place,
                                             std::vector<std::string> arguments) const {
  const std::array<std::string, 4> head{"ip", "netns", "exec", name(place)};
  arguments.insert(arguments.begin(), head.begin(), head.end());
  return arguments;
}

std::string RoutedPath::run(Place place, const std::string& script) const {
  const auto done = run_to_end(command(place, {"sh", "-ec", script}), 60s);
  REQUIRE(done.has_value());
  INFO(script << "\n" << done->err);
  REQUIRE(done->code() == 0);
  return done->out;
}

std::uint64_t RoutedPath::counter(Place place, const std::string& name) const {
  const auto listed = nlohmann::json::parse(run(place, "nft -j list counter inet t " + name));
  for (const auto& entry : listed.at("nftables")) {
    if (entry.contains("counter")) {
      return entry.at("counter").at("packets").get<std::uint64_t>();
    }
  }
  FAIL("no counter " << name);
  return 0;
}

}  // namespace udperf::test
