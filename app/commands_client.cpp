#include "app/commands.hpp"
#include "app/test_command.hpp"

namespace udperf::app {

int run_client_command(const ClientCommand& command) {
  return run_test_command(command, [](const TestSetting& setting) {
    return engine::run_client(setting.options, setting.clock, setting.random, setting.observer,
                              setting.stop);
  });
}

}  // namespace udperf::app
