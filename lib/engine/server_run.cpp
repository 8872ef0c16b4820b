#include "engine/server_run.hpp"

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/port_options.hpp"
#include "engine/server_pool.hpp"
#include "engine/server_sessions.hpp"
#include "engine/service_loop.hpp"
#include "net/udp_listener.hpp"

namespace udperf::engine {
namespace {

using Services = std::vector<std::unique_ptr<Service>>;

Result<Services> make_services(const std::vector<ServiceMaker>& makers, const ServiceSite& site) {
  Services services;
  for (const ServiceMaker& make : makers) {
    auto service = make(site);
    if (!service) {
      return tl::unexpected{service.error()};
    }
    services.push_back(*std::move(service));
  }
  return services;
}

/// Who has its clients on the port itself; null: nobody.
FallbackProtocol* fallback_of(const Services& services) {
  for (const auto& service : services) {
    if (FallbackProtocol* const fallback = service->as_fallback_protocol()) {
      return fallback;
    }
  }
  return nullptr;
}

Worker::Waiting waiting_of(const ServerOptions& options) {
  return options.spin ? Worker::Waiting::spinning : Worker::Waiting::asleep;
}

}  // namespace

Result<void> run_server(const ServerOptions& options, const Clock& clock, RandomSource& random,
                        ServerObserver& observer, const StopToken& stop,
                        const std::vector<ServiceMaker>& more) {
  const std::uint32_t buffer = options.data_on_port ? options.buffer.value_or(kDefaultBuffer)
                                                    : net::UdpListener::kHandshakeBuffer;
  auto listener = net::UdpListener::open(options.bind, options.port, buffer, options.bind_device);
  if (!listener) {
    return tl::unexpected{listener.error()};
  }
  ServerPool pool{clock, waiting_of(options), options.realtime};
  SessionMemory memory{options.max_memory.count()};
  ServiceLoop loop{clock, observer, stop};
  const ServiceSite site{pool, memory, loop, listener->get()};
  const auto others = make_services(more, site);
  if (!others) {
    return tl::unexpected{others.error()};
  }
  ServerSessions sessions{options, site, clock, random, observer, fallback_of(*others)};
  loop.add(sessions);
  loop.add(*others);
  observer.on_ready((*listener)->local());
  const auto tell_counters = [&] {
    ServerCounters counters = sessions.counters();
    for (const auto& service : *others) {
      service->add_counts(counters.of_others);
    }
    observer.on_counters(counters);
  };
  loop.run(options.one_off, tell_counters);
  pool.stop();
  loop.step(clock.now());  // what had not ended by itself has now
  tell_counters();
  return loop.fault();
}

Result<void> run_services(const ServerOptions& options, const Clock& clock,
                          ServerObserver& observer, const StopToken& stop,
                          const std::vector<ServiceMaker>& services) {
  ServerPool pool{clock, waiting_of(options), options.realtime};
  SessionMemory memory{options.max_memory.count()};
  ServiceLoop loop{clock, observer, stop};
  const auto made = make_services(services, {pool, memory, loop});
  if (!made) {
    return tl::unexpected{made.error()};
  }
  loop.add(*made);
  loop.run(options.one_off, [] {});
  pool.stop();
  loop.step(clock.now());
  return loop.fault();
}

}  // namespace udperf::engine
