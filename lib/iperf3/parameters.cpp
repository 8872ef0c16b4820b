#include "iperf3/parameters.hpp"

#include <algorithm>
#include <limits>

#include "iperf3/bounded_json.hpp"
#include "pacing/packet_period.hpp"
#include "session/admission.hpp"

namespace udperf::iperf3 {
namespace {

using Json = nlohmann::json;

/// A number within its range, or the number that stands for "not given".
template <typename T>
bool read_into(const Json& object, const char* key, std::uint64_t most, T& out) {
  const auto value = find_count(object, key);
  if (!value) {
    return !object.contains(key) || !object[key].is_number();  // a wrong type is as good as none
  }
  if (*value > most) {
    return false;
  }
  out = static_cast<T>(*value);
  return true;
}

bool has_flag(const Json& object, const char* key) {
  return find_number(object, key).has_value() || find_true(object, key);
}

std::optional<bool> switch_of(const Json& object, const char* key) {
  const auto value = find_number(object, key);
  return value ? std::optional{*value != 0} : std::nullopt;
}

void read_flags(const Json& object, Parameters& out) {
  out.udp = find_true(object, "udp");
  out.reverse = find_true(object, "reverse");
  out.bidirectional = find_true(object, "bidirectional");
  out.counters_64bit = has_flag(object, "udp_counters_64bit");
  out.repeating_payload = has_flag(object, "repeating_payload");
  out.ip.dont_fragment = has_flag(object, "dont_fragment");
  out.get_server_output = has_flag(object, "get_server_output");
  out.offload.gso = switch_of(object, "gso");
  out.offload.gro = switch_of(object, "gro");
  out.labels.title = find_text(object, "title");
  out.labels.extra_data = find_text(object, "extra_data");
  out.labels.client_version = find_text(object, "client_version").value_or("");
  out.extras.zerocopy = has_flag(object, "zerocopy");
  out.extras.skip_rx_copy = has_flag(object, "skip_rx_copy");
  out.extras.authtoken = find_text(object, "authtoken");
}

/// A CPU that the server is to use. Servers since 3.1 take numbers up to 1024.
bool read_affinity(const Json& object, Extras& out) {
  if (!find_number(object, "server_affinity")) {
    return true;
  }
  const auto cpu = find_count(object, "server_affinity");
  if (!cpu) {
    return find_number(object, "server_affinity") == -1.0;  // none
  }
  if (*cpu > kMostCpu) {
    return false;
  }
  out.server_affinity = static_cast<std::uint32_t>(*cpu);
  return true;
}

ErrorNumber read_numbers(const Json& object, Parameters& out) {
  constexpr std::uint64_t kAny = UINT64_MAX;
  constexpr std::uint64_t kMostWindow = 512U << 20U;
  constexpr std::uint64_t kMostLabel = 0xFFFFF;
  if (!read_into(object, "omit", kMostOmitSeconds, out.omit_seconds)) {
    return ErrorNumber::omit_time;
  }
  if (!read_into(object, "time", kMostSeconds, out.seconds)) {
    return ErrorNumber::duration;
  }
  if (!read_into(object, "parallel", kMostStreams, out.streams) || out.streams == 0) {
    return ErrorNumber::stream_count;
  }
  if (!read_into(object, "len", kMostLength, out.length) || out.length < kLeastLength) {
    return ErrorNumber::datagram_length;
  }
  if (!read_into(object, "burst", kMostBurst, out.burst)) {
    return ErrorNumber::burst;
  }
  if (!read_affinity(object, out.extras)) {
    return ErrorNumber::affinity;
  }
  const bool good = read_into(object, "num", kAny, out.bytes) &&
                    read_into(object, "blockcount", kAny, out.blocks) &&
                    read_into(object, "bandwidth", kAny, out.rate_bps) &&
                    read_into(object, "fqrate", kAny, out.fq_rate_bps) &&
                    read_into(object, "window", kMostWindow, out.window) &&
                    read_into(object, "TOS", 255, out.ip.tos) &&
                    read_into(object, "flowlabel", kMostLabel, out.ip.flow_label);
  return good ? ErrorNumber::none : ErrorNumber::bad_parameters;
}

void write_flags(const Parameters& p, Json& out) {
  if (p.reverse) {
    out["reverse"] = true;
  }
  if (p.bidirectional) {
    out["bidirectional"] = true;
  }
  if (p.counters_64bit) {
    out["udp_counters_64bit"] = 1;
  }
  if (p.repeating_payload) {
    out["repeating_payload"] = 1;
  }
  if (p.ip.dont_fragment) {
    out["dont_fragment"] = 1;
  }
  if (p.get_server_output) {
    out["get_server_output"] = 1;
  }
  if (p.labels.title) {
    out["title"] = *p.labels.title;
  }
  if (p.labels.extra_data) {
    out["extra_data"] = *p.labels.extra_data;
  }
}

void write_if_set(Json& out, const char* key, std::uint64_t value) {
  if (value != 0) {
    out[key] = value;
  }
}

/// Batches of the server's sockets. It cuts what is too long for UDP_SEGMENT into errors, so it is
/// told a length that is not.
void write_offload(const Parameters& p, Json& out) {
  // Said in any case: a server keeps the values of the test before where they are missing.
  out["gso"] = p.offload.gso.value_or(false) ? 1 : 0;
  out["gro"] = p.offload.gro.value_or(false) ? 1 : 0;
  if (p.length != 0) {
    constexpr std::uint32_t kMostSegments = 64;  // of kernels before 6.9
    out["gso_dg_size"] = p.length;
    out["gso_bf_size"] = std::clamp(kMostLength / p.length, 1U, kMostSegments) * p.length;
    out["gro_bf_size"] = kMostLength;
  }
}

void write_extras(const Extras& extras, Json& out) {
  out["pacing_timer"] = extras.pacing_timer_us;
  if (extras.server_affinity) {
    out["server_affinity"] = *extras.server_affinity;
  }
  if (extras.zerocopy) {
    out["zerocopy"] = 1;
  }
  if (extras.skip_rx_copy) {
    out["skip_rx_copy"] = 1;
  }
  if (extras.authtoken) {
    out["authtoken"] = *extras.authtoken;
  }
}

std::uint8_t dscp_of(std::uint8_t tos) {
  return static_cast<std::uint8_t>(tos >> 2U);
}

Amount amount_of(const Parameters& p) {
  Amount amount;
  if (p.bytes != 0) {
    amount.size_bytes = p.bytes;
  } else if (p.blocks != 0) {
    amount.packets = p.blocks;
  } else {
    amount.duration = std::chrono::seconds{p.seconds};
  }
  return amount;
}

}  // namespace

std::string to_json(const Parameters& p) {
  Json out;
  out["udp"] = true;
  out["omit"] = p.omit_seconds;
  out["time"] = p.seconds;
  out["num"] = p.bytes;
  out["blockcount"] = p.blocks;
  out["parallel"] = p.streams;
  out["len"] = p.length;
  write_if_set(out, "bandwidth", p.rate_bps);
  write_if_set(out, "fqrate", p.fq_rate_bps);
  write_if_set(out, "burst", p.burst);
  write_if_set(out, "window", p.window);
  write_if_set(out, "TOS", p.ip.tos);
  write_if_set(out, "flowlabel", p.ip.flow_label);
  write_flags(p, out);
  write_offload(p, out);
  write_extras(p.extras, out);
  out["client_version"] = p.labels.client_version;
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Parameters, ErrorNumber> read_parameters(std::string_view text) {
  const auto object = read_object(text);
  if (!object) {
    return tl::unexpected{ErrorNumber::bad_parameters};
  }
  Parameters out;
  read_flags(*object, out);
  if (!out.udp) {
    return tl::unexpected{ErrorNumber::protocol};
  }
  if (const auto problem = read_numbers(*object, out); problem != ErrorNumber::none) {
    return tl::unexpected{problem};
  }
  if (out.reverse && out.bidirectional) {
    out.reverse = false;  // both directions run anyhow
  }
  return out;
}

std::uint64_t charged_bps(const Parameters& p, const TestParams& granted) {
  const std::uint64_t burst_bits = std::uint64_t{p.burst} * p.streams * p.length * 8;
  const std::uint64_t bps = session::offered_bps(granted);
  return p.server_sends() ? std::max(bps, burst_bits) : bps;
}

std::uint32_t burst_of(Duration window, std::uint64_t rate_bps, std::uint32_t length) {
  if (window <= Duration{0} || rate_bps == 0) {
    return 0;
  }
  const auto period = pacing::PacketPeriod::of({SendRate::Kind::bits, rate_bps}, length, 1);
  return static_cast<std::uint32_t>(
      std::clamp<std::uint64_t>(period.count_in(window), 1, kMostBurst));
}

TestParams to_test_params(const Parameters& p) {
  TestParams out;
  out.direction = p.bidirectional ? Direction::both : p.reverse ? Direction::down : Direction::up;
  out.streams = static_cast<std::uint16_t>(p.streams);
  out.payload_bytes = p.length;
  out.amount = amount_of(p);
  if (p.rate_bps != 0) {
    const auto total = Uint128{p.rate_bps} * p.streams;
    const auto most = Uint128{std::numeric_limits<std::uint64_t>::max()};
    const SendRate rate{SendRate::Kind::bits, static_cast<std::uint64_t>(std::min(total, most))};
    out.rate_up = rate;
    out.rate_down = rate;
  }
  out.dscp = dscp_of(p.ip.tos);
  out.ecn = p.ip.tos & 3U;
  out.df = p.ip.dont_fragment ? DontFragment::on : DontFragment::off;
  return out;
}

}  // namespace udperf::iperf3
