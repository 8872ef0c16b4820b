#pragma once

#include <cstdint>
#include <string>

#include "app/iperf3/printer.hpp"
#include "engine/server_run.hpp"

namespace udperf::app {

/// Of what the service tells its server, only where it listens is for this program's output.
class ServerWatch final : public engine::ServerObserver {
 public:
  explicit ServerWatch(Iperf3Printer& printer) : printer_(printer) {}

  void on_ready(const Endpoint& /*local*/) override {}
  void on_service_ready(const std::string& /*name*/, const Endpoint& local) override {
    printer_.announce_server(local.port);
  }
  void on_session_opened(std::uint64_t /*session*/, const Endpoint& /*client*/,
                         const TestParams& /*params*/) override {
    printer_.note_client();
  }
  void on_session_closed(const SessionOutcome& /*outcome*/) override {}
  void on_refused(const Endpoint& client, const engine::Refusal& refusal) override {
    printer_.say_trouble(client.to_string() + ": " + refusal.sentence);
  }
  void on_warning(const Warning& warning) override { printer_.say_trouble(warning.message); }
  void on_counters(const engine::ServerCounters& /*counters*/) override {}
  MonoTime on_turn(MonoTime now) override { return printer_.tell_left_out(now); }

 private:
  Iperf3Printer& printer_;
};

}  // namespace udperf::app
