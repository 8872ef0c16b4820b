#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "app/commands/commands.hpp"
#include "app/exit_code.hpp"
#include "app/iperf3/access.hpp"
#include "app/iperf3/idle_guard.hpp"
#include "app/iperf3/output.hpp"
#include "app/iperf3/printer.hpp"
#include "app/iperf3/server_watch.hpp"
#include "app/options/commands.hpp"
#include "app/output/files.hpp"
#include "app/signals.hpp"
#include "clock/system_clock.hpp"
#include "crypto/crypto.hpp"
#include "engine/port_options.hpp"
#include "engine/server_lookup.hpp"
#include "iperf3/first_server.hpp"
#include "iperf3/report_json.hpp"
#include "iperf3/service.hpp"
#include "os/affinity.hpp"
#include "os/descriptor_limit.hpp"
#include "result/version.hpp"

namespace udperf::app {
namespace {

/// iperf3 has one status for everything that goes wrong.
constexpr int kFailed = exit_internal;

constexpr Duration kDataPatience = std::chrono::seconds{120};

/// Where -d has what goes over the control connection written.
std::function<void(const std::string&)> trace_of(const Iperf3Command& command,
                                                 Iperf3Printer& printer) {
  if (!command.log.debug) {
    return {};
  }
  return [&printer](const std::string& text) { printer.say_debug(text); };
}

iperf3::ClientPlan plan_of(const Iperf3Command& command, const Endpoint& server,
                           Iperf3Printer& printer) {
  iperf3::ClientPlan plan;
  plan.host = command.host;
  plan.server = server;
  plan.parameters = command.parameters;
  plan.parameters.counters_64bit = true;  // no server has to follow numbers that begin anew
  plan.parameters.labels.client_version = std::string{"udperf "} + result::program_version();
  plan.duration = std::chrono::seconds{command.parameters.seconds};
  plan.rate_bps = command.parameters.rate_bps;
  plan.either_amount = true;
  plan.sockets.device = command.local.device;
  plan.sockets.local_port = command.local.port;
  plan.sockets.buffer_bytes = engine::kDefaultBuffer;
  plan.patience = command.patience.connect;
  plan.data_patience = command.patience.data.value_or(kDataPatience);
  plan.interval = command.report.interval;
  plan.control = command.patience.control;
  plan.trace = trace_of(command, printer);
  return plan;
}

/// However long the system's resolver takes, until `by` or a stop.
Result<std::vector<Endpoint>> look_up(const Iperf3Command& command, const std::string& host,
                                      std::optional<IpFamily> family, const engine::StopToken& stop,
                                      MonoTime by) {
  const SystemClock clock;
  return engine::look_up({host, command.port, family, command.patience.connect}, clock, stop, by);
}

/// What -B says, where it is a host's name: its first address, of the family that is asked for or
/// that the server's address has.
Result<std::optional<IpAddress>> bound_address(const Iperf3Command& command,
                                               const engine::StopToken& stop, MonoTime by) {
  if (command.local.name.empty()) {
    return command.local.address;
  }
  const auto host = parse_ip_address(command.host);
  const auto family = command.family || !host ? command.family : std::optional{host->family};
  auto found = look_up(command, command.local.name, family, stop, by);
  if (!found) {
    found.error().what = "-B " + command.local.name + ": " + found.error().what;
    return tl::unexpected<Error>{found.error()};
  }
  return found->front().address;
}

/// The test, at the first of the host's addresses that takes it; the error: there is no address.
Result<iperf3::ClientFinish> run_test(const Iperf3Command& command, Iperf3Printer& printer,
                                      const iperf3::ClientTest::Parts& parts,
                                      const std::function<Result<std::string>()>& token) {
  const MonoTime start_by = parts.clock.now() + command.patience.connect;
  const auto bind = bound_address(command, parts.stop, start_by);
  if (!bind) {
    return tl::unexpected<Error>{bind.error()};
  }
  const auto family = command.family || !*bind ? command.family : std::optional{(*bind)->family};
  const auto servers = look_up(command, command.host, family, parts.stop, start_by);
  if (!servers) {
    return tl::unexpected<Error>{servers.error()};
  }
  return iperf3::run_at_first(*servers, start_by, parts, [&](const Endpoint& server) {
    iperf3::ClientPlan plan = plan_of(command, server, printer);
    plan.sockets.bind = *bind;
    plan.token = token;
    return plan;
  });
}

int run_client(const Iperf3Command& command, Iperf3Printer& printer,
               const engine::StopToken& stop) {
  const SystemClock clock;
  crypto::SystemRandom random;
  const auto token = make_token_source(command, stop);
  if (!token && !stop.requested()) {
    printer.say_last_error(token.error().message());
    return kFailed;
  }
  iperf3::ClientFinish finish;
  auto ran = token ? run_test(command, printer, {clock, random, stop, &printer}, *token)
                   : tl::unexpected<Error>{token.error()};
  if (ran) {
    finish = *std::move(ran);
  } else {
    finish.record.parameters.labels = command.parameters.labels;
    finish.interrupted = stop.requested();
    if (!finish.interrupted) {
      finish.record.error = "unable to connect to server: " + ran.error().message();
    }
  }
  if (finish.interrupted && !finish.record.error) {
    finish.record.error = "interrupt - the client has terminated";
  }
  printer.finish_client(finish.record, finish.began);
  const bool good = (!finish.record.error || finish.interrupted) && !printer.failed();
  return good ? exit_ok : kFailed;
}

Result<engine::ServerOptions> server_options(const Iperf3Command& command,
                                             const engine::StopToken& stop) {
  constexpr std::uint32_t kMostTests = 128;
  const auto bind = bound_address(command, stop, SystemClock{}.now() + command.patience.connect);
  if (!bind) {
    return tl::unexpected<Error>{bind.error()};
  }
  engine::ServerOptions options;
  options.bind = *bind;
  if (!options.bind && command.family) {
    options.bind = IpAddress::any(*command.family);
  }
  options.bind_device = command.local.device;
  options.one_off = command.service.one_off;
  options.max_sessions = kMostTests;
  options.max_sessions_per_address = kMostTests;
  const auto limit = command.service.limit_bps.value_or(0);
  if (limit != 0) {
    options.max_rate = BitRate::bits_per_second(limit);
  }
  options.max_duration = command.service.max_duration;
  return options;
}

void set_parts(const Iperf3Command& command, Iperf3Printer& printer,
               iperf3::Iperf3Service::Parts& parts) {
  parts.interval = command.report.interval;
  if (command.report.output != Iperf3Command::Output::text) {
    parts.json_output = command.report.keys;
  }
  parts.text_output = text_format(command);
  parts.data_patience = command.patience.data.value_or(kDataPatience);
  parts.one_family = command.family.has_value();
  parts.refuse_rates = true;
  parts.rate_window = command.service.limit_window;
  parts.control = command.patience.control;
  parts.trace = trace_of(command, printer);
}

int fail_listening(const Error& error, Iperf3Printer& printer) {
  printer.say_last_error("unable to start listener for connections: " + error.message());
  return kFailed;
}

/// Serves until a stop, or until the one test of -1 is over. `gate`: null: everybody is served.
Result<void> serve(const Iperf3Command& command, const engine::ServerOptions& options,
                   AccessGate* gate, Iperf3Printer& printer, const engine::StopToken& stop) {
  const SystemClock clock;
  crypto::SystemRandom random;
  ServerWatch watch{printer};
  const engine::ServiceMaker make =
      [&](const engine::ServiceSite& site) -> Result<std::unique_ptr<engine::Service>> {
    iperf3::Iperf3Service::Parts parts{options,       clock,       random,          watch,
                                       site.executor, site.memory, site.neighbours, &printer};
    set_parts(command, printer, parts);
    if (gate != nullptr) {
      parts.authorize = [gate](const std::optional<std::string>& token) {
        return gate->let_in(token);
      };
    }
    auto service = iperf3::Iperf3Service::open(parts, command.port);
    if (!service) {
      return tl::unexpected<Error>{service.error()};
    }
    watch.on_service_ready("iperf3", (*service)->local());
    return *std::move(service);
  };
  return engine::run_services(options, clock, watch, stop, {make});
}

int run_server(const Iperf3Command& command, Iperf3Printer& printer, engine::StopToken& stop) {
  os::raise_descriptor_limit();
  const auto options = server_options(command, stop);
  if (!options) {
    return fail_listening(options.error(), printer);
  }
  std::optional<IdleGuard> idle;
  // A server that serves on has nothing that it could be stuck in, and so needs no restart.
  if (command.service.idle_timeout && command.service.one_off) {
    idle.emplace(*command.service.idle_timeout, printer, stop);
  }
  const auto gate = make_gate(command);
  if (!gate) {
    printer.say_last_error(gate.error().message());
    return kFailed;
  }
  const auto served = serve(command, *options, *gate ? &**gate : nullptr, printer, stop);
  if (!served) {
    return fail_listening(served.error(), printer);
  }
  if (stop.requested() && !(idle && idle->asked())) {
    printer.say_interrupted();
  }
  printer.finish_server();
  return printer.failed() ? kFailed : exit_ok;
}

/// The forms of JSON have on stdout what went wrong before there is any other output.
void print_failure(const Iperf3Command& command, const std::string& what) {
  using Output = Iperf3Command::Output;
  const Output output = command.report.output;
  iperf3::TestRecord record;
  record.parameters.labels = command.parameters.labels;
  record.error = what;
  if (output == Output::json) {
    static_cast<void>(print_to_stdout(iperf3::report_json(record, command.report.keys)));
  } else if (output != Output::text) {
    static_cast<void>(print_to_stdout(iperf3::end_events(record)));
  }
}

int fail(const Iperf3Command& command, const std::string& what) {
  print_failure(command, what);
  std::fprintf(stderr, "iperf3: error - %s\n", what.c_str());
  return kFailed;
}

/// On stderr, as iperf3 does.
int refuse(const Iperf3Command& command) {
  print_failure(command, *command.problem);
  std::fprintf(stderr, "iperf3: parameter error - %s\n", command.problem->c_str());
  return kFailed;
}

int run_role(const Iperf3Command& command, OutputFile& output, engine::StopToken& stop) {
  const SignalWatcher signals{stop, {}, [&stop] { stop.request(SIGHUP); }};
  const SystemClock clock;
  Iperf3Printer printer{command, output, clock};
  return command.role == Iperf3Command::Role::server ? run_server(command, printer, stop)
                                                     : run_client(command, printer, stop);
}

/// Nothing of the terminal stays open. What went wrong, where something did.
std::optional<std::string> become_daemon(const Iperf3Command& command, OutputFile& output,
                                         const std::optional<PidFile>& pid_file,
                                         const engine::StopToken& stop) {
  if (::daemon(1, 0) != 0) {
    return "cannot become a daemon";
  }
  auto renewed = open_iperf3_output(command, stop);  // stdout is another one now
  if (!renewed) {
    return renewed.error().message();
  }
  output = *std::move(renewed);
  if (pid_file && !pid_file->write_own_id()) {
    return "cannot write --pidfile " + *command.pid_file;
  }
  return std::nullopt;
}

}  // namespace

Invocation make_iperf3(std::span<const std::string> arguments) {
  return parse_iperf3(arguments);
}

int run_command(const Iperf3Command& command) {
  for (const std::string& note : command.notes) {
    std::fprintf(stderr, "iperf3: warning - %s\n", note.c_str());
  }
  if (command.problem) {
    return refuse(command);
  }
  if (command.help) {
    return print_to_stdout(iperf3_help());
  }
  if (command.version) {
    return print_to_stdout(iperf3_version(command.report.keys));
  }
  engine::StopToken stop;
  auto output = open_iperf3_output(command, stop);
  if (!output) {
    return fail(command, output.error().message());
  }
  if (command.local.cpu && !os::stay_on_cpu(*command.local.cpu)) {
    return fail(command,
                "-A: no CPU " + std::to_string(*command.local.cpu) + " is to be used here");
  }
  std::optional<PidFile> pid_file;
  if (command.pid_file) {
    auto created = PidFile::create(*command.pid_file, "--pidfile");
    if (!created) {
      return fail(command, created.error().message());
    }
    pid_file = *std::move(created);
  }
  if (command.service.daemon) {
    if (const auto problem = become_daemon(command, *output, pid_file, stop)) {
      return fail(command, *problem);
    }
  }
  return run_role(command, *output, stop);
}

}  // namespace udperf::app
