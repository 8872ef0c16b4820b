#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/client_run.hpp"

namespace udperf::app {

struct ClientCommand;

/// What a test is made by.
enum class Protocol : std::uint8_t { native, classic, iperf3 };

/// All that the client's generic code has to know of a protocol.
struct ProtocolSpec {
  Protocol id = Protocol::native;
  std::string_view name;    ///< what a monitor's modules call it
  std::string_view option;  ///< the client's, without the dashes; empty: spoken without one
  decltype(&engine::run_client) run = nullptr;
  bool in_modules = false;      ///< a monitor's rounds may be of it
  bool chooses_header = false;  ///< has more than one kind of header for data
  bool flows_by_port = false;   ///< streams with ports of their own are flows to be told apart
  bool mixes_sizes = false;
  std::uint32_t least_payload = 0;           ///< bytes; 0: as small as any test's
  unsigned sockets_each_both_ways = 1;       ///< of a stream, where data go both ways
  const char* why_heavy = nullptr;           ///< always, and not by its rate; null: is not
  bool spaces_by_default = false;            ///< a round's datagrams come at random times
  void (*settle)(ClientCommand&) = nullptr;  ///< sets what it leaves no choice of
};

[[nodiscard]] std::span<const ProtocolSpec> protocol_specs();
[[nodiscard]] const ProtocolSpec& spec_of(Protocol protocol);

/// That of a monitor's module; nothing where it may not have one of this name.
[[nodiscard]] const ProtocolSpec* module_protocol(std::string_view name);
/// "native and ...": those that a module may have.
[[nodiscard]] std::string module_protocol_names();
/// Whether this option of the client says by which protocol it tests.
[[nodiscard]] bool is_protocol_option(std::string_view name);

}  // namespace udperf::app
