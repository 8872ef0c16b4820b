#include "support/bundled_path.hpp"

#include <unistd.h>

#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/routed_path.hpp"
#include "support/spawn.hpp"

namespace udperf::test {
namespace {

using namespace std::chrono_literals;

// $C and $S are the namespaces, $N the number of members. What arrives over each is noted by port,
// before anything is dropped. The hash has a seed, so that no flow changes its member when the test
// is made again.
constexpr const char* kBuildBundle = R"(set -e
for n in $C $S; do
  ip netns add $n
  ip -n $n link set lo up
  ip netns exec $n sh -c 'echo 1 >/proc/sys/net/ipv4/fib_multipath_hash_policy
    for f in all default; do echo 0 >/proc/sys/net/ipv4/conf/$f/rp_filter; done'
done
ip -n $C addr add 10.78.0.1/32 dev lo
ip -n $S addr add 10.78.0.2/32 dev lo
there=; back=
for i in $(seq 0 $((N - 1))); do
  ip -n $C link add member$i type veth peer name member$i netns $S
  ip -n $C addr add 10.78.$((i + 1)).1/24 dev member$i
  ip -n $S addr add 10.78.$((i + 1)).2/24 dev member$i
  ip -n $C link set member$i up
  ip -n $S link set member$i up
  there="$there nexthop via 10.78.$((i + 1)).2 dev member$i"
  back="$back nexthop via 10.78.$((i + 1)).1 dev member$i"
done
ip -n $C route add 10.78.0.2/32 src 10.78.0.1 $there
ip -n $S route add 10.78.0.1/32 src 10.78.0.2 $back
{
  echo 'table inet t {'
  for i in $(seq 0 $((N - 1))); do
    echo "set over$i { type inet_service; flags dynamic; size 65535; }"
    echo "chain lossy$i { }"
  done
  echo 'chain in { type filter hook prerouting priority 0;'
  for i in $(seq 0 $((N - 1))); do
    echo "iifname member$i udp dport != 0 add @over$i { udp sport }"
    echo "iifname member$i jump lossy$i"
  done
  echo '}'
  echo '}'
} | ip netns exec $S nft -f -
)";

}  // namespace

Result<BundledPath, std::string> BundledPath::make(int members) {
  if (::geteuid() != 0) {
    return tl::unexpected{kNoRoot};
  }
  static int made = 0;
  BundledPath path{"udperf-" + std::to_string(::getpid()) + "-bundle" + std::to_string(++made)};
  if (const std::string problem = path.build(members); !problem.empty()) {
    return tl::unexpected{problem};
  }
  return path;
}

BundledPath::BundledPath(BundledPath&& other) noexcept
    : prefix_(std::exchange(other.prefix_, {})) {}

BundledPath::~BundledPath() {
  for (const char* const place : {"-client", "-server"}) {
    if (!prefix_.empty()) {
      static_cast<void>(run_to_end({"ip", "netns", "del", prefix_ + place}, 60s));
    }
  }
}

std::string BundledPath::build(int members) const {
  const std::string head =
      "C=" + prefix_ + "-client S=" + prefix_ + "-server N=" + std::to_string(members) + "\n";
  return build_namespaces(head + kBuildBundle);
}

std::vector<std::string> BundledPath::in(const char* place,
                                         std::vector<std::string> arguments) const {
  const std::array<std::string, 4> head{"ip", "netns", "exec", prefix_ + place};
  arguments.insert(arguments.begin(), head.begin(), head.end());
  return arguments;
}

std::string BundledPath::run(const char* place, const std::string& script) const {
  const auto done = run_to_end(in(place, {"sh", "-ec", script}), 60s);
  REQUIRE(done.has_value());
  INFO(script << "\n" << done->err);
  REQUIRE(done->code() == 0);
  return done->out;
}

void BundledPath::lose(int member, int percent) const {
  const std::string chain = "lossy" + std::to_string(member);
  at_server("nft flush chain inet t " + chain);
  if (percent > 0) {  // nft takes no comparison that is always true
    at_server("nft add rule inet t " + chain +
              (percent < 100 ? " numgen random mod 100 '<' " + std::to_string(percent) : "") +
              " drop");
  }
}

std::set<std::uint64_t> BundledPath::ports_over(int member) const {
  const auto listed =
      nlohmann::json::parse(run("-server", "nft -j list set inet t over" + std::to_string(member)));
  std::set<std::uint64_t> ports;
  for (const auto& entry : listed.at("nftables")) {
    if (entry.contains("set") && entry.at("set").contains("elem")) {
      for (const auto& port : entry.at("set").at("elem")) {
        ports.insert(port.get<std::uint64_t>());
      }
    }
  }
  return ports;
}

}  // namespace udperf::test
