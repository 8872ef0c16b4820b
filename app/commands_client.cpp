#include "app/commands.hpp"
#include "app/test_command.hpp"
#include "engine/classic_client.hpp"

namespace udperf::app {

int run_client_command(const ClientCommand& command) {
  return run_test_command(command, [](const TestSetting& setting) {
    const auto run = setting.options.classic ? engine::run_classic_client : engine::run_client;
    return run(setting.options, setting.clock, setting.random, setting.observer, setting.stop);
  });
}

}  // namespace udperf::app
