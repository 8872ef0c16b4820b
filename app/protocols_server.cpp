#include "app/protocols_server.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "classic/service.hpp"
#include "iperf3/service.hpp"

namespace udperf::app {
namespace {

using MadeService = Result<std::unique_ptr<engine::Service>>;

engine::ServiceMaker classic_maker(const ServiceParts& parts) {
  return [parts](const engine::ServiceSite& site) -> MadeService {
    return std::make_unique<classic::ClassicService>(classic::ClassicService::Parts{
        parts.options, parts.clock, *site.port, parts.observer, site.neighbours});
  };
}

engine::ServiceMaker iperf3_maker(const ServiceParts& parts) {
  return [parts](const engine::ServiceSite& site) -> MadeService {
    auto service = iperf3::Iperf3Service::open(
        {parts.options, parts.clock, parts.random, parts.observer, site.executor, site.memory,
         site.neighbours, nullptr, std::chrono::seconds{1}},
        *parts.command.iperf3_port);
    if (!service) {
      return tl::unexpected<Error>{service.error()};
    }
    parts.observer.on_service_ready("iperf3", (*service)->local());
    return *std::move(service);
  };
}

}  // namespace

const std::vector<ServiceRow>& service_rows() {
  static const std::vector<ServiceRow> rows{
      {.option = "classic",
       .wanted = [](const ServerCommand& command) { return command.classic; },
       .make = classic_maker,
       .data_on_port = true},
      {.option = "iperf3",
       .wanted = [](const ServerCommand& command) { return command.iperf3_port.has_value(); },
       .make = iperf3_maker,
       .refuses = true}};
  return rows;
}

std::vector<engine::ServiceMaker> wanted_services(const ServiceParts& parts) {
  std::vector<engine::ServiceMaker> makers;
  for (const ServiceRow& row : service_rows()) {
    if (row.wanted(parts.command)) {
      makers.push_back(row.make(parts));
    }
  }
  return makers;
}

bool has_data_on_port(const ServerCommand& command) {
  const auto& rows = service_rows();
  return std::any_of(rows.begin(), rows.end(), [&command](const ServiceRow& row) {
    return row.data_on_port && row.wanted(command);
  });
}

}  // namespace udperf::app
