#include "bench/contenders.hpp"

#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>

#include <nlohmann/json.hpp>

#include "support/spawn.hpp"

namespace udperf::bench {
namespace {

using test::Process;
using test::Stream;
using Arguments = std::vector<std::string>;
using Json = nlohmann::json;
using namespace std::chrono_literals;

Arguments words(const std::string& prefix, const Arguments& command) {
  Arguments all;
  std::istringstream stream{prefix};
  for (std::string word; stream >> word;) {
    all.push_back(word);
  }
  all.insert(all.end(), command.begin(), command.end());
  return all;
}

/// Processor time of all children that have been waited for.
double children_cpu() {
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double peak_kib(pid_t pid) {
  std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) == 0) {
      return std::strtod(line.c_str() + 6, nullptr);
    }
  }
  return 0;
}

std::chrono::milliseconds limit(const Case& c) {
  return std::chrono::milliseconds{static_cast<long>(c.seconds * 1000)} + 15s;
}

struct Pair {
  Arguments server;
  Arguments client;
  std::string ready;  ///< text of the server's output that says it listens
  Stream ready_on = Stream::out;
};

struct PairResult {
  std::string client_out;
  Measurement cost;
};

/// Starts the server, runs the client to its end and stops the server, counting what each cost.
std::optional<PairResult> run_pair(const Case& c, const Pair& pair) {
  auto server = Process::start(words(c.server_prefix, pair.server));
  if (!server || !server->wait_for(pair.ready_on, pair.ready, 5s)) {
    return std::nullopt;
  }
  PairResult result;
  const double before = children_cpu();
  const auto client = test::run_to_end(words(c.client_prefix, pair.client), limit(c));
  const double between = children_cpu();
  result.cost.server_peak_kib = peak_kib(server->pid());
  server->send_signal(SIGTERM);
  if (!server->wait(2s)) {
    server->send_signal(SIGKILL);
    static_cast<void>(server->wait(2s));
  }
  result.cost.client_cpu_s = between - before;
  result.cost.server_cpu_s = children_cpu() - between;
  if (!client || client->code() != 0) {
    return std::nullopt;
  }
  result.client_out = client->out;
  return result;
}

/// The number after the first match of `pattern`, whose first group it is.
std::optional<double> number_after(const std::string& text, const std::string& pattern) {
  std::smatch match;
  if (!std::regex_search(text, match, std::regex{pattern})) {
    return std::nullopt;
  }
  return std::strtod(match[1].str().c_str(), nullptr);
}

std::string seconds_text(double seconds) {
  std::ostringstream out;
  out << seconds;
  return out.str();
}

int next_port() {
  static int port = 42000;  // each run has a port of its own: nothing lingers from the one before
  return ++port;
}

/// As fast as both hosts can, or as fast as the sender alone can.
enum class FullSpeed { governed, flood };

std::optional<Measurement> run_udperf(const std::string& bin, const Case& c, FullSpeed speed) {
  const std::string port = std::to_string(next_port());
  Pair pair;
  pair.server = {bin + "/udperf", "server", "--port", port, "--log-level", "info"};
  pair.ready = "listening";
  pair.ready_on = Stream::err;
  pair.client = {bin + "/udperf",
                 "client",
                 c.host,
                 "--port",
                 port,
                 "--json",
                 "--duration",
                 seconds_text(c.seconds) + "s",
                 "--packet-size",
                 std::to_string(c.payload),
                 "--streams",
                 std::to_string(c.streams),
                 "--direction",
                 c.down ? "down" : "up"};
  if (!c.offload) {
    pair.client.insert(pair.client.end(), {"--gso", "off", "--gro", "off"});
  }
  if (speed == FullSpeed::flood) {
    pair.client.insert(pair.client.end(), {"--rate", "flood"});
  }
  const auto result = run_pair(c, pair);
  const auto json = result ? Json::parse(result->client_out, nullptr, false) : Json{};
  if (!json.is_object() || !json["goodput_bps"].is_number()) {
    return std::nullopt;
  }
  Measurement m = result->cost;
  m.goodput_bps = json["goodput_bps"].get<double>();
  m.pps = m.goodput_bps / 8 / c.payload;
  m.loss_percent = json["loss_percent"].get<double>();
  return m;
}

std::optional<Measurement> run_ceiling(const std::string& bin, const Case& c) {
  if (c.down || !c.server_prefix.empty()) {
    return std::nullopt;  // it has no directions, and both of its ends are in one process
  }
  const double before = children_cpu();
  const auto done =
      test::run_to_end({bin + "/udperf_ceiling", std::to_string(c.payload), seconds_text(c.seconds),
                        c.offload ? "offload" : "plain", std::to_string(c.streams)},
                       limit(c));
  const auto json = done ? Json::parse(done->out, nullptr, false) : Json{};
  if (!json.is_object()) {
    return std::nullopt;
  }
  Measurement m;
  m.goodput_bps = json["goodput_bps"].get<double>();
  m.pps = json["pps"].get<double>();
  m.client_cpu_s = children_cpu() - before;
  return m;
}

std::optional<Measurement> run_iperf3(const Case& c) {
  const std::string port = std::to_string(next_port());
  Pair pair;
  pair.server = {"iperf3", "-s", "-p", port, "--forceflush"};
  pair.ready = "Server listening";
  pair.client = {"iperf3",
                 "-c",
                 c.host,
                 "-p",
                 port,
                 "-u",
                 "-b",
                 "0",
                 "-J",
                 "-t",
                 seconds_text(c.seconds),
                 "-l",
                 std::to_string(c.payload),
                 "-P",
                 std::to_string(c.streams)};
  if (c.down) {
    pair.client.emplace_back("-R");
  }
  const auto result = run_pair(c, pair);
  const auto json = result ? Json::parse(result->client_out, nullptr, false) : Json{};
  if (!json.is_object() || !json.contains("end") || !json["end"].contains("sum")) {
    return std::nullopt;
  }
  // `sum` is the sender's rate: what arrived is that less the loss.
  const auto& sum = json["end"]["sum"];
  Measurement m = result->cost;
  m.loss_percent = sum.value("lost_percent", 0.0);
  m.goodput_bps = sum.value("bits_per_second", 0.0) * (1.0 - m.loss_percent / 100.0);
  m.pps = m.goodput_bps / 8 / c.payload;
  return m;
}

std::optional<Measurement> run_iperf2(const Case& c) {
  if (c.down) {
    return std::nullopt;
  }
  const std::string port = std::to_string(next_port());
  Pair pair;
  pair.server = {"iperf", "-s", "-u", "-p", port, "-l", std::to_string(c.payload)};
  pair.ready = "Server listening";
  pair.client = {"iperf", "-c",
                 c.host,  "-u",
                 "-p",    port,
                 "-b",    "100g",
                 "-f",    "k",
                 "-t",    seconds_text(c.seconds),
                 "-l",    std::to_string(c.payload),
                 "-P",    std::to_string(c.streams)};
  const auto result = run_pair(c, pair);
  if (!result) {
    return std::nullopt;
  }
  const std::size_t report = result->client_out.find("Server Report");
  const auto rate = report == std::string::npos
                        ? std::nullopt
                        : number_after(result->client_out.substr(report), R"(([0-9.]+) Kbits/sec)");
  if (!rate) {
    return std::nullopt;
  }
  Measurement m = result->cost;
  m.goodput_bps = *rate * 1000;
  m.pps = m.goodput_bps / 8 / c.payload;
  return m;
}

std::optional<Measurement> run_nuttcp(const Case& c) {
  if (c.streams > 1) {
    return std::nullopt;  // its streams are TCP's
  }
  const std::string port = std::to_string(next_port());
  const std::string data_port = std::to_string(next_port());
  Pair pair;
  pair.server = {"sh", "-c", "echo listening; exec nuttcp -S --nofork -P " + port};
  pair.ready = "listening";
  pair.client = {"sh", "-c",
                 "sleep 0.2; exec nuttcp -u -Ru -fparse -T" + seconds_text(c.seconds) + " -l" +
                     std::to_string(c.payload) + " -P " + port + " -p " + data_port +
                     (c.down ? " -r " : " ") + c.host};
  const auto result = run_pair(c, pair);
  const auto rate =
      result ? number_after(result->client_out, R"(rate_Mbps=([0-9.]+))") : std::nullopt;
  if (!rate) {
    return std::nullopt;
  }
  Measurement m = result->cost;
  m.goodput_bps = *rate * 1e6;
  m.pps = m.goodput_bps / 8 / c.payload;
  m.loss_percent = number_after(result->client_out, R"(data_loss=([0-9.]+))").value_or(0);
  return m;
}

std::optional<Measurement> run_sockperf(const Case& c) {
  if (c.down || c.streams > 1) {
    return std::nullopt;
  }
  const std::string port = std::to_string(next_port());
  Pair pair;
  pair.server = {"stdbuf", "-oL", "sockperf", "sr", "-i", c.host, "-p", port};
  pair.ready = "Warmup";
  pair.client = {"sockperf", "tp",
                 "-i",       c.host,
                 "-p",       port,
                 "-m",       std::to_string(c.payload),
                 "-t",       std::to_string(std::max(1, static_cast<int>(c.seconds)))};
  auto result = run_pair(c, pair);
  if (!result) {
    pair.ready = "SERVER";
    result = run_pair(c, pair);
  }
  const auto rate =
      result ? number_after(result->client_out, R"(BandWidth is ([0-9.]+) MBps)") : std::nullopt;
  if (!rate) {
    return std::nullopt;
  }
  Measurement m = result->cost;
  m.goodput_bps = *rate * 8 * 1024 * 1024;  // what it sent: it does not count what arrived
  m.pps = m.goodput_bps / 8 / c.payload;
  return m;
}

}  // namespace

std::string Case::name() const {
  return std::to_string(payload) + " B " + (down ? "down" : "up") + " x" + std::to_string(streams) +
         (offload ? "" : " no offload") + (server_prefix.empty() ? "" : " veth");
}

double Measurement::cpu_per_gigabyte(double seconds) const {
  const double gigabytes = goodput_bps * seconds / 8e9;
  return gigabytes > 0 ? (client_cpu_s + server_cpu_s) / gigabytes : 0;
}

std::vector<Contender> contenders(const std::string& bin) {
  return {{"udperf", [bin](const Case& c) { return run_udperf(bin, c, FullSpeed::governed); }},
          {"flood", [bin](const Case& c) { return run_udperf(bin, c, FullSpeed::flood); }},
          {"ceiling", [bin](const Case& c) { return run_ceiling(bin, c); }},
          {"iperf3", run_iperf3},
          {"iperf2", run_iperf2},
          {"nuttcp", run_nuttcp},
          {"sockperf", run_sockperf}};
}

}  // namespace udperf::bench
