#include <filesystem>
#include <fstream>

#include "app/monitor/prober.hpp"
#include "app/monitor/setup.hpp"
#include "app/monitor/usual_round.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"

namespace udperf::app {
namespace {

using namespace std::chrono_literals;

std::optional<MonitorSetup> setup_of(const std::string& text, std::vector<std::string>& errors) {
  MonitorCommand command;
  command.config = "m.yaml";
  return make_setup(command, text, errors);
}

std::string error_of(const std::string& text) {
  std::vector<std::string> errors;
  CHECK_FALSE(setup_of(text, errors));
  REQUIRE_FALSE(errors.empty());
  return errors.front();
}

MonitorCommand parse(const std::vector<std::string>& arguments) {
  const auto invocation = parse_command_line(arguments);
  REQUIRE(std::holds_alternative<MonitorCommand>(invocation));
  return std::get<MonitorCommand>(invocation);
}

std::string usage_problem(const std::vector<std::string>& arguments) {
  const auto invocation = parse_command_line(arguments);
  REQUIRE(std::holds_alternative<UsageError>(invocation));
  return std::get<UsageError>(invocation).message;
}

TEST_CASE("without a configuration a round is 100 datagrams of 200 bytes each way in ten seconds") {
  std::vector<std::string> errors;
  const auto setup = make_setup(parse({"monitor", "gw", "[::1]:7000"}), std::nullopt, errors);
  REQUIRE(setup);
  REQUIRE(setup->targets.size() == 2);
  const MonitorModule& light = setup->modules.at("light");
  const TestParams& params = light.client.options.params;
  CHECK(params.amount.packets == 100);
  CHECK(params.payload_bytes == 200);
  CHECK(params.direction == Direction::both);
  CHECK(params.rate_up.kind == SendRate::Kind::packets);
  CHECK(params.rate_up.value == 10'000);  // thousandths a second
  CHECK(params.rate_down == params.rate_up);
  CHECK(light.timing.every == 10s);
  CHECK_FALSE(light.timing.heavy);
  const auto options = test_for(light, setup->targets[1].address).options;
  CHECK(options.host == "::1");
  CHECK(options.port == 7000);
  CHECK(test_for(light, setup->targets[0].address).options.port == kDefaultPort);
  for (const char* const option : {"-p", "--port"}) {  // as of the client and the server
    const auto other = make_setup(parse({"monitor", option, "7000", "gw"}), std::nullopt, errors);
    REQUIRE(other);
    CHECK(test_for(other->modules.at("light"), other->targets[0].address).options.port == 7000);
  }
}

TEST_CASE("modules are made of the client's options, and rounds fill their time") {
  std::vector<std::string> errors;
  const auto setup = setup_of(R"(
retention: 1h
modules:
  quick: {every: 1s, packets: 20}
  day: {every: 24h}
  fast: {rate: unlimited, at: "03:10", direction: up}
  light: {fail-loss: 2%, bidir: true}
targets: [{target: a, module: quick}]
)",
                              errors);
  CAPTURE(errors);
  REQUIRE(setup);
  CHECK(setup->command.retention.rounds == 1h);
  const auto& quick = setup->modules.at("quick").client.options.params;
  CHECK(quick.amount.packets == 20);
  CHECK(quick.rate_up.value == 20'000);
  CHECK(setup->modules.at("day").client.options.params.rate_up.value == 1'667);
  CHECK(setup->modules.at("fast").timing.heavy);
  CHECK(setup->modules.at("fast").client.options.params.amount.duration == 10s);
  CHECK(setup->modules.at("light").limits.loss_ratio == 0.02);
}

TEST_CASE("what has no rate of its own is not spaced at random, and a profile keeps its own") {
  std::vector<std::string> errors;
  const auto setup = setup_of(R"(
modules:
  nightly: {rate: unlimited, duration: 10s, at: "03:10"}
  flood: {rate: flood, every: 1h}
  uneven: {rate: 1M/unlimited, every: 1h}
  classic: {size: 25, every: 1h}
  game: {profile: gaming}
  bursts: {burst: 1ms}
)",
                              errors);
  CAPTURE(errors);
  REQUIRE(setup);
  const auto params = [&](const char* module) -> const TestParams& {
    return setup->modules.at(module).client.options.params;
  };
  for (const char* const module : {"nightly", "flood", "uneven", "classic"}) {
    CAPTURE(module);
    CHECK(setup->modules.at(module).timing.heavy);
    CHECK(params(module).shape_up.spacing == Spacing::even);
  }
  CHECK(params("light").shape_up.spacing == Spacing::poisson);
  CHECK(params("bursts").shape_up.spacing != Spacing::poisson);
  CHECK(params("game").rate_up.value == 60'000);
  CHECK(params("game").amount.duration == 10s);
  CHECK_FALSE(setup->modules.at("game").timing.heavy);
}

TEST_CASE("a module may speak iperf3, one round at a time, and nothing that is not there") {
  std::vector<std::string> errors;
  const auto setup = setup_of(R"(
modules:
  stock: {protocol: iperf3, rate: 10M, duration: 5s, every: 1h, direction: both}
  other: {protocol: iperf3, port: 5202, at: "03:10"}
  own: {protocol: native}
targets: [{target: a, module: stock}]
)",
                              errors);
  CAPTURE(errors);
  REQUIRE(setup);
  const MonitorModule& stock = setup->modules.at("stock");
  CHECK(stock.client.protocol == Protocol::iperf3);
  CHECK(stock.timing.heavy);
  CHECK(test_for(stock, setup->targets[0].address).options.port == 5201);
  CHECK(setup->modules.at("other").client.options.port == 5202);
  CHECK(setup->modules.at("other").timing.heavy);  // an iperf3 server has one test at a time
  CHECK(setup->modules.at("own").client.protocol == Protocol::native);
  CHECK_FALSE(setup->modules.at("own").timing.heavy);

  CHECK(error_of("modules:\n  s: {protocol: stamp, every: 1h}\n")
            .find("m.yaml:2:17: protocol: stamp") == 0);
  CHECK(error_of("modules:\n  s: {protocol: tcp, every: 1h}\n").find("native and iperf3") !=
        std::string::npos);
  CHECK(error_of("modules:\n  s: {protocol: iperf3}\n").find("one test at a time") !=
        std::string::npos);
  CHECK(error_of("modules:\n  s: {protocol: iperf3, every: 1h, spacing: poisson}\n")
            .find("does not go with") != std::string::npos);
}

TEST_CASE("a module with a wrong value is not called heavy, too") {
  for (const char* const text :
       {"modules: {m: {direction: sideways}}\n", "modules: {m: {rate: 100M, at: '25:00'}}\n",
        "modules: {m: {rate: 100M, every: soon}}\n"}) {
    CAPTURE(text);
    std::vector<std::string> errors;
    CHECK_FALSE(setup_of(text, errors));
    CHECK(errors.size() == 1);
  }
}

TEST_CASE("a round that would still run when the next one is due is refused") {
  CHECK(error_of("modules: {m: {packets: 100, rate: 5pps}}\n").find("a round takes 20.0 s") !=
        std::string::npos);
  CHECK(error_of("modules: {m: {duration: forever, rate: 5pps}}\n").find("a round takes") !=
        std::string::npos);
  CHECK(error_of("modules: {m: {duration: 20s, rate: 10M, every: 15s}}\n").find("a round takes") !=
        std::string::npos);
  CHECK(error_of("modules: {m: {duration: 30h, rate: 10M, at: '03:10'}}\n").find("a round takes") !=
        std::string::npos);
  std::vector<std::string> errors;
  const auto setup = setup_of(R"(
modules:
  full: {packets: 100, rate: 10pps}
  nightly: {rate: unlimited, duration: 10s, at: "03:10"}
  warm: {omit: 2s}
  warm_rate: {omit: 2s, rate: 10pps, every: 5s}
)",
                              errors);
  CAPTURE(errors);
  REQUIRE(setup);
  CHECK(setup->modules.at("warm").client.options.params.rate_up.value == 12'500);
  CHECK(setup->modules.at("warm_rate").client.options.params.amount.duration == 3s);
}

TEST_CASE("a module knows the score that is wanted of a call, and takes no trace") {
  std::vector<std::string> errors;
  const auto setup = setup_of("modules: {call: {profile: voip-g711, fail-mos: 4.1}}\n", errors);
  CAPTURE(errors);
  REQUIRE(setup);
  CHECK(setup->modules.at("call").limits.mos == 4.1);
  CHECK(error_of("modules: {m: {profile: 'trace:x.csv'}}\n")
            .starts_with("m.yaml:1:24: profile: a trace"));
}

TEST_CASE("a module may be a search, which has a timetable and a path of its own") {
  std::vector<std::string> errors;
  const auto setup = setup_of(R"(
modules:
  found: {find-rate: true, search-time: 8s, max-rate: 50M, fail-rate: 20M, every: 6h}
  capacity: {find-rate: rfc9097, direction: down, at: "03:10"}
targets: [{target: a, module: found}]
)",
                              errors);
  CAPTURE(errors);
  REQUIRE(setup);
  const MonitorModule& found = setup->modules.at("found");
  CHECK(found.timing.heavy);
  CHECK(found.client.options.params.direction == Direction::both);
  CHECK_FALSE(found.client.options.params.rate_up.limited());
  const RoundTest test = test_for(found, setup->targets[0].address);
  REQUIRE(test.search);
  CHECK(test.search->search.time == 8s);
  CHECK(setup->modules.at("capacity").client.search.algorithm == search::Algorithm::rfc9097);
  CHECK_FALSE(test_for(setup->modules.at("light"), setup->targets[0].address).search);

  CHECK(error_of("modules: {m: {find-rate: true}}\n").find("a search fills the path") !=
        std::string::npos);
  CHECK(error_of("modules: {m: {find-rate: true, every: 20s}}\n").find("a round takes 30.0 s") !=
        std::string::npos);
  CHECK(
      error_of("modules: {m: {find-rate: true, every: 1h, rate: 5M}}\n").find("does not go with") !=
      std::string::npos);
  CHECK(error_of("modules: {m: {max-loss: 1%}}\n").find("find-rate") != std::string::npos);
}

TEST_CASE("wrong values of options are told where they stand") {
  CHECK(error_of("modules: {m: {packet-size: 7}}\n").starts_with("m.yaml:1:28: packet-size: "));
  CHECK(error_of("retention: soon\n").starts_with("m.yaml:1:12: retention: "));
  CHECK(error_of("listen: here\n").starts_with("m.yaml:1:9: listen: "));
  CHECK(error_of("modules:\n  m: {bidir: perhaps}\n").starts_with("m.yaml:2:14: bidir: "));
  CHECK(error_of("modules:\n  m: {size: 30, packets: 3}\n").starts_with("m.yaml:2:3: module m: "));
  CHECK(error_of("modules:\n  m: {rate: 100M}\n").find("is heavy") != std::string::npos);
  CHECK(error_of("modules: {m: {sizes: rfc2544}}\n").find("unknown key sizes") !=
        std::string::npos);
  CHECK(error_of("once: true\n").find("unknown key once") != std::string::npos);
  CHECK(error_of("modules: {m: {key-file: /nowhere/key}}\n").find("/nowhere/key") !=
        std::string::npos);
}

TEST_CASE("files that a configuration names are beside it, those of the command line are not") {
  const test::TempDir folder;
  REQUIRE(std::ofstream{folder.path() / "key"} << std::string(64, 'a') << '\n');
  std::filesystem::permissions(folder.path() / "key", std::filesystem::perms::owner_read);
  std::vector<std::string> errors;
  MonitorCommand command = parse(
      {"monitor", "--config", folder.path().string() + "/m.yaml", "--web-config", "web.yaml"});
  const auto setup = make_setup(command, R"(
history: m.db
jsonl: "-"
exec: ./hook
web-config: other.yaml
file_sd: ["targets/*.json", /etc/t.json]
modules: {m: {key-file: key}}
)",
                                errors);
  CAPTURE(errors);
  REQUIRE(setup);
  const std::string here = folder.path().string();
  CHECK(setup->command.history == here + "/m.db");
  CHECK(setup->command.jsonl == "-");
  CHECK(setup->command.exec == here + "/./hook");
  CHECK(setup->command.web_config == "web.yaml");
  CHECK(setup->file_sd == std::vector<std::string>{here + "/targets/*.json", "/etc/t.json"});
  CHECK(setup->modules.at("m").client.options.key);
  const auto hook = make_setup(command, "exec: logger\n", errors);
  REQUIRE(hook);
  CHECK(hook->command.exec == "logger");
}

TEST_CASE("what is about rounds is said to belong to a module") {
  CHECK(error_of("fail-loss: 1%\n").find("m.yaml:1:1: unknown key fail-loss here") == 0);
  CHECK(error_of("every: 5s\n").find("modules: {light: {every: ...}}") != std::string::npos);
}

TEST_CASE("the command line has the last word") {
  std::vector<std::string> errors;
  MonitorCommand command = parse({"monitor", "--config", "m.yaml", "--listen", "127.0.0.1:1",
                                  "--fail-loss", "5%", "--port", "6000"});
  const auto setup =
      make_setup(command, "listen: 127.0.0.1:2\nmodules: {light: {fail-loss: 1%}}\n", errors);
  REQUIRE(setup);
  CHECK(setup->command.listen.port == 1);
  CHECK(setup->modules.at("light").limits.loss_ratio == 0.05);
  CHECK(setup->modules.at("light").client.options.port == 6000);
}

TEST_CASE("monitor's command line is checked") {
  CHECK(usage_problem({"monitor"}).find("TARGET or --config") != std::string::npos);
  CHECK(usage_problem({"monitor", "a", "--listen", "nine"}).find("ADDR:PORT") != std::string::npos);
  CHECK(usage_problem({"monitor", "a", "--listen", "::1:80"}).find("ADDR:PORT") !=
        std::string::npos);
  CHECK(usage_problem({"monitor", "a", "--retention", "1h,2d,3y,4y"}).find("at most three") !=
        std::string::npos);
  for (const char* const age : {"0h", "h", "1", "1w", "87601h", "3651d", "11y", "500y", "87600y",
                                "18446744073709551616y", "1h,500y"}) {
    CAPTURE(age);
    CHECK(usage_problem({"monitor", "a", "--retention", age}).find("accepted") !=
          std::string::npos);
  }
  CHECK(usage_problem({"monitor", "a", "--json"}).find("needs --once") != std::string::npos);
  CHECK(usage_problem({"monitor", "a", "--check-config"}).find("--config") != std::string::npos);
  const auto command = parse({"monitor", "a", "--listen", "[::1]:80", "--retention", "12h,3d"});
  CHECK(command.listen.to_string() == "[::1]:80");
  CHECK(command.retention.rounds == 12h);
  CHECK(command.retention.five_minutes == 72h);
  CHECK(command.retention.hours == 24h * 730);
  const auto longest = parse({"monitor", "a", "--retention", "87600h,3650d,10y"}).retention;
  CHECK(longest.rounds == 24h * 3650);
  CHECK(longest.five_minutes == 24h * 3650);
  CHECK(longest.hours == 24h * 3650);
}

TEST_CASE("a probe's round is made to fit its time") {
  std::vector<std::string> errors;
  const auto setup = make_setup(parse({"monitor", "gw"}), std::nullopt, errors);
  REQUIRE(setup);
  const auto options = test_for(setup->modules.at("light"), {"gw", std::nullopt}).options;
  const auto fitted = fit_to_deadline(options, 2s);
  CHECK(fitted.connect_timeout == 600ms);
  CHECK(fitted.params.amount.packets == 100);
  // 100 datagrams in 0.7 s
  CHECK(fitted.params.rate_up.value >= 142'857);
  CHECK(fitted.params.rate_up.value <= 142'858);
  CHECK(fit_to_deadline(options, 119s).params.rate_up.value == options.params.rate_up.value);
}

TEST_CASE("a light module is watched for loss without a word, a heavy one and --once are not") {
  monitor::Limits limits;
  limits.mos = 4.0;
  CHECK(watched_limits(limits, false).loss_ratio == 0.05);
  CHECK(watched_limits(limits, false).mos == 4.0);
  CHECK_FALSE(watched_limits(limits, true).loss_ratio);
  limits.loss_ratio = 1.0;
  CHECK(watched_limits(limits, false).loss_ratio == 1.0);
  std::vector<std::string> errors;
  const auto setup = setup_of("targets: [gw]\n", errors);
  REQUIRE(setup);
  CHECK_FALSE(setup->modules.at("light").limits.loss_ratio);  // which --once goes by
}

}  // namespace
}  // namespace udperf::app
