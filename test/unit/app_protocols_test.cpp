#include "app/options/table.hpp"
#include "app/protocols.hpp"
#include "support/catch.hpp"

namespace udperf::app {
namespace {

TEST_CASE("each protocol has its own row, and an option of the client where it needs one") {
  for (const Protocol protocol : {Protocol::native, Protocol::classic, Protocol::iperf3}) {
    const ProtocolSpec& spec = spec_of(protocol);
    CAPTURE(spec.name);
    CHECK(spec.id == protocol);
    CHECK(spec.run != nullptr);
    CHECK(spec.settle != nullptr);
    CHECK(is_protocol_option(spec.option) == (protocol != Protocol::native));
    CHECK((find_option(Command::client, spec.option) != nullptr) == (protocol != Protocol::native));
  }
  CHECK(protocol_specs().size() == 3);
}

TEST_CASE("a monitor's modules are of protocols that measure both ways") {
  CHECK(module_protocol("native") == &spec_of(Protocol::native));
  CHECK(module_protocol("iperf3") == &spec_of(Protocol::iperf3));
  CHECK(module_protocol("classic") == nullptr);
  CHECK(module_protocol("") == nullptr);
  CHECK(module_protocol_names() == "native and iperf3");
}

}  // namespace
}  // namespace udperf::app
