#include "app/monitor/params_bytes.hpp"

#include <span>

#include "wire/messages.hpp"

namespace udperf::app {

std::string params_bytes(TestParams params) {
  params.seed = 0;
  wire::Request request;
  request.params = params;
  const auto bytes = wire::encode(wire::MessageType::request, 0, 0, request);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::optional<TestParams> params_of(std::string_view bytes) {
  const auto request = wire::decode<wire::Request>(std::as_bytes(std::span{bytes}));
  return request ? std::optional{request->params} : std::nullopt;
}

}  // namespace udperf::app
