#pragma once

#include <memory>
#include <optional>

#include "classic/alphabet_format.hpp"
#include "sender/sender.hpp"
#include "support/catch.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_port.hpp"
#include "wire/messages.hpp"

namespace udperf::test {

inline net::SendOutcome outcome(net::SendOutcome::Status status, std::uint32_t datagrams,
                                int os_error, std::uint32_t lost = 0) {
  net::SendOutcome out;
  out.status = status;
  out.datagrams = datagrams;
  out.os_error = os_error;
  out.lost = lost;
  return out;
}

/// A Sender over a port that says what a test wants, on a clock that the test turns.
struct SenderScene {
  SenderScene() {
    settings.session = 0xABCDEF;
    settings.stream = 3;
    settings.params.payload_bytes = 100;
    settings.params.streams = 1;
    settings.params.rate_up = SendRate{};
    settings.token_key.fill(std::byte{9});
  }

  void open() { sender.emplace(settings, port, clock); }
  void open_alphabet() {
    sender.emplace(settings, std::make_unique<classic::AlphabetFormat>(), port, clock);
  }
  /// As its thread does it, but no longer than an hour of the clock's; `late`: at every wake-up.
  void run(Duration late = {}) {
    for (int i = 0; i < 1'000'000 && !sender->finished(); ++i) {
      const sender::Wake wake = sender->step(clock.now());
      clock.advance(std::chrono::microseconds{1});
      if (wake.at != kNever) {
        clock.move_to(wake.at + late);
      }
    }
    REQUIRE(sender->finished());
  }
  [[nodiscard]] const TxReport& report() const { return sender->report(); }

  /// What holds whatever happened: all that was numbered was taken, or lost here.
  void check_books() const {
    const TxReport& r = report();
    CHECK(r.packets == port.sent().size() + r.local_drop);
    CHECK(r.packets == sender->packets());
    CHECK(r.payload_bytes == sender->bytes());
    if (r.local_drop == 0) {
      CHECK(r.payload_bytes == port.bytes());
    }
  }
  /// Each number once, and no other than those that were lost left out.
  void check_numbers() const {
    std::uint64_t next = 0;
    for (const FakePort::Sent& sent : port.sent()) {
      const auto header = wire::decode_data(sent.bytes);
      REQUIRE(header.has_value());
      REQUIRE(header->sequence >= next);
      next = header->sequence + 1;
    }
    CHECK(next <= report().packets);
    CHECK(report().packets - port.sent().size() == report().local_drop);
  }

  sender::Sender::Settings settings;
  FakePort port;
  FakeClock clock;
  std::optional<sender::Sender> sender;
};

/// Sent as such a rate.
inline SendRate packets_per_second(std::uint64_t pps) {
  return SendRate{SendRate::Kind::packets, pps * 1000};
}

}  // namespace udperf::test
