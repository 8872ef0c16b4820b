// Both ends of the iperf3 control connection, told any bytes in any pieces with any pauses: nothing
// breaks, what they keep is bounded, and both come to an end.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "iperf3/client_control.hpp"
#include "iperf3/server_control.hpp"

namespace {

using namespace udperf;

constexpr MonoTime kStart{std::chrono::seconds{1000}};

void expect(bool good) {
  if (!good) {
    std::abort();
  }
}

iperf3::Results results_of(std::size_t streams) {
  iperf3::Results out;
  for (std::size_t i = 0; i < streams; ++i) {
    out.streams.emplace_back().id = iperf3::stream_id(i);
  }
  return out;
}

/// What an owner does at once.
void act(iperf3::ServerControl& control, MonoTime now) {
  using Event = iperf3::ServerControl::Event;
  for (const Event event : control.take_events()) {
    if (event == Event::asked) {
      control.admit(now);
      control.streams_made(now);
    } else if (event == Event::client_results) {
      control.send_results(results_of(control.parameters().sockets()), now);
    }
  }
}

void act(iperf3::ClientControl& control, MonoTime now) {
  using Event = iperf3::ClientControl::Event;
  for (const Event event : control.take_events()) {
    if (event == Event::parameters_wanted) {
      control.send_parameters(iperf3::Parameters{});
    } else if (event == Event::create_streams) {
      control.streams_made();
    } else if (event == Event::started) {
      control.end_test(now, std::chrono::seconds{15});
    } else if (event == Event::results_wanted) {
      control.send_results(results_of(1), now);
    }
  }
}

void close_connection(iperf3::ServerControl& control, MonoTime now) {
  control.on_closed(now);
}

void close_connection(iperf3::ClientControl& control, MonoTime /*now*/) {
  control.on_closed();
}

template <typename Control>
void feed(Control& control, std::span<const std::byte> bytes) {
  MonoTime now = kStart;
  while (!bytes.empty() && !control.over()) {
    const auto first = std::to_integer<std::size_t>(bytes.front());
    now += std::chrono::milliseconds{first};
    const std::size_t n = std::min(bytes.size(), first % 37 + 1);
    control.on_bytes(bytes.first(n), now);
    act(control, now);
    static_cast<void>(control.take_output());
    control.on_time(now);
    bytes = bytes.subspan(n);
  }
  for (int i = 0; i < 16 && !control.over(); ++i) {
    act(control, now);
    now = control.deadline() == kNever ? now : control.deadline();
    control.on_time(now);
    if (control.deadline() == kNever && !control.over()) {
      close_connection(control, now);  // only its data is watched, by its owner
    }
  }
  expect(control.over());
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span{data, size});
  iperf3::ServerControl server{kStart};
  feed(server, bytes);
  iperf3::ClientControl client{{iperf3::Cookie{}, std::chrono::seconds{5}}, kStart};
  feed(client, bytes);
  return 0;
}
