#pragma once

#include <string_view>
#include <vector>

#include "app/cli.hpp"
#include "base/random.hpp"
#include "clock/clock.hpp"
#include "engine/server_run.hpp"

namespace udperf::app {

/// What a server's services are made of; all of it outlives them.
struct ServiceParts {
  const ServerCommand& command;
  const engine::ServerOptions& options;
  const Clock& clock;
  RandomSource& random;
  engine::ServerObserver& observer;
};

/// A protocol that `udperf server` speaks beside its own.
struct ServiceRow {
  std::string_view option;  ///< the server's, without the dashes
  bool (*wanted)(const ServerCommand& command) = nullptr;
  engine::ServiceMaker (*make)(const ServiceParts& parts) = nullptr;
  bool refuses = false;       ///< and tells of it, by the option's name as engine::Refusal::kind
  bool data_on_port = false;  ///< its data come to the port of udperf's own protocol
};

[[nodiscard]] const std::vector<ServiceRow>& service_rows();

/// Those that the command asks for.
[[nodiscard]] std::vector<engine::ServiceMaker> wanted_services(const ServiceParts& parts);
/// Whether data of one of them come to the server's own port.
[[nodiscard]] bool has_data_on_port(const ServerCommand& command);

}  // namespace udperf::app
