#include "app/iperf3/values.hpp"

#include <cmath>

#include "app/options/values.hpp"

namespace udperf::app::iperf3_values {
namespace {

using Given = Iperf3Command;
using Text = const std::string&;

constexpr std::uint64_t kRate = 1000;

constexpr std::uint32_t kMostMilliseconds = 86'400'000;

}  // namespace

Problem bad(Text value) {
  return "bad value: " + value;
}

Problem set_iperf3_rate(Text value, std::uint64_t& rate) {
  const auto number = iperf3_number(value, kRate);
  rate = number.value_or(0);
  return number ? std::nullopt : bad(value);
}

/// RATE, or RATE/DATAGRAMS.
Problem set_bitrate(Text value, Given& c) {
  const auto slash = value.find('/');
  Problem problem = set_iperf3_rate(value.substr(0, slash), c.parameters.rate_bps);
  return problem || slash == std::string::npos
             ? problem
             : from_one(value.substr(slash + 1), iperf3::kMostBurst, c.parameters.burst);
}

Problem set_seconds(Text value, Duration& out, double least, double most) {
  char* end = nullptr;
  const double seconds = std::strtod(value.c_str(), &end);
  if (end == value.c_str() || !std::isfinite(seconds) ||
      (seconds != 0 && (seconds < least || seconds > most))) {
    return bad(value);
  }
  out = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
  return std::nullopt;
}

Problem set_milliseconds(Text value, Duration& out) {
  std::uint32_t ms = 0;
  Problem problem = plain(value, kMostMilliseconds, ms);
  out = std::chrono::milliseconds{ms};
  return problem;
}

/// The one time that iperf3 reads with a unit; of 500ms it takes 500 million, which nobody means. 0
/// is as if it was not given.
Problem set_connect_timeout(Text value, Given& c) {
  std::uint32_t ms = 0;
  Problem problem = value.ends_with("ms") ? plain(value, kMostMilliseconds, ms)
                                          : whole(value, kMostMilliseconds, ms);
  c.patience.connect = ms != 0 ? std::chrono::milliseconds{ms} : Given::Patience{}.connect;
  return problem ? bad(value) : Problem{};
}

Problem set_receive_timeout(Text value, Given& c) {
  constexpr Duration kLeast = std::chrono::milliseconds{100};
  Problem problem = set_milliseconds(value, c.patience.data.emplace());
  return problem || *c.patience.data < kLeast ? "must be 100..86400000 ms: " + value : Problem{};
}

/// A limit of 0 is none.
Problem set_limit(Text value, Given& c) {
  const auto slash = value.find('/');
  auto& service = c.service;
  Problem problem = set_iperf3_rate(value.substr(0, slash), service.limit_bps.emplace());
  if (!problem && slash != std::string::npos) {
    problem = set_seconds(value.substr(slash + 1), service.limit_window, 0.1, 60);
    if (service.limit_window == Duration{0}) {
      service.limit_window = Given::Service{}.limit_window;
    }
  }
  return problem;
}

Problem set_max_duration(Text value, Given& c) {
  Duration most{0};
  Problem problem = set_seconds(value, most, 1, iperf3::kMostSeconds);
  c.service.max_duration = most > Duration{0} ? std::optional{most} : std::nullopt;
  return problem;
}

Problem set_iperf3_dscp(Text value, Given& c) {
  const auto code = dscp_by_name(value);
  std::uint8_t number = code.value_or(0);
  if (!code && prefixed(value, 0, 63, number)) {
    return "must be 0..63 or a name such as EF or AF41: " + value;
  }
  c.parameters.ip.tos = static_cast<std::uint8_t>(number << 2U);
  return std::nullopt;
}

/// ADDRESS or the name of a host, or one of them and %DEVICE, which of an IPv6 address is its
/// scope, too.
Problem set_bind(Text value, Given& c) {
  const auto percent = value.find('%');
  const bool scoped = value.find(':') != std::string::npos;
  if (percent != std::string::npos) {
    if (Problem problem = store_device(value.substr(percent + 1), c.local.device)) {
      return problem;
    }
  }
  const std::string host = scoped ? value : value.substr(0, percent);
  const auto address = parse_ip_address(host);
  c.local.address = address ? std::optional{*address} : std::nullopt;
  c.local.name = address ? std::string{} : host;
  const bool name = !scoped && !host.empty() && host.find_first_of(" /") == std::string::npos;
  return address || name ? Problem{} : address.error().what;
}

/// Its levels, any number, have all the same here: what goes over the control connection.
Problem set_debug(Text value, Given& c) {
  std::uint32_t level = 0;
  c.log.debug = true;
  return value.empty() ? Problem{} : plain(value, UINT32_MAX, level);
}

/// N, or of a client N,M: this end's CPU and the server's.
Problem set_affinity(Text value, Given& c) {
  const auto comma = value.find(',');
  Problem problem = prefixed(value.substr(0, comma), 0, iperf3::kMostCpu, c.local.cpu.emplace());
  if (!problem && comma != std::string::npos) {  // see check_server()
    problem = prefixed(value.substr(comma + 1), 0, iperf3::kMostCpu,
                       c.parameters.extras.server_affinity.emplace());
  }
  return problem;
}

/// IDLE/INTERVAL/COUNT, each of which may be left out.
Problem set_keep_alive(Text value, Given& c) {
  auto& alive = c.patience.control.keep_alive.emplace(net::TcpPatience::KeepAlive{});
  std::string rest = value;
  constexpr std::uint32_t kMost = 32'767;  // of Linux
  for (std::uint32_t* const part : {&alive.idle_s, &alive.interval_s, &alive.count}) {
    const auto slash = rest.find('/');
    const std::string number = rest.substr(0, slash);
    if (!number.empty() && plain(number, kMost, *part)) {
      return bad(value);
    }
    rest = slash == std::string::npos ? std::string{} : rest.substr(slash + 1);
  }
  return alive.idle_s != 0 && alive.idle_s <= alive.interval_s * alive.count
             ? "the first number must be above the product of the others: " + value
             : Problem{};
}

Problem set_unit(Text value, Given& c) {
  // As iperf3 does, of "Mbits" the first letter alone is looked at.
  if (value.empty() || std::string_view{"kmgtKMGT"}.find(value[0]) == std::string::npos) {
    return "must be one of k m g t K M G T: " + value;
  }
  c.report.unit = value[0];
  return std::nullopt;
}

Problem set_role(Given& c, Given::Role role) {
  if (c.role != Given::Role::none && c.role != role) {
    return "cannot be both server and client";
  }
  c.role = role;
  return std::nullopt;
}

/// HOST, or HOST%DEVICE; of an IPv6 address it is its scope, too.
Problem set_client(Text value, Given& c) {
  const auto percent = value.find('%');
  if (percent != std::string::npos) {
    if (Problem problem = store_device(value.substr(percent + 1), c.local.device)) {
      return problem;
    }
  }
  c.host = value.find(':') != std::string::npos ? value : value.substr(0, percent);
  return set_role(c, Given::Role::client);
}

/// Whose keys -J has.
Problem set_version(Text value, Given& c) {
  if (value != "3.12" && value != "3.21") {
    return "must be 3.12 or 3.21: " + value;
  }
  c.report.keys = value == "3.12" ? iperf3::KeySet::of_3_12 : iperf3::KeySet::of_3_21;
  return std::nullopt;
}

}  // namespace udperf::app::iperf3_values
