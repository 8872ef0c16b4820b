#include "app/monitor/web_config.hpp"
#include "support/catch.hpp"

namespace udperf::app {
namespace {

TEST_CASE("files that a web configuration names are beside it", "[app][monitor]") {
  std::vector<std::string> errors;
  const auto config = parse_web_config("/etc/udperf/web.yaml",
                                       "tls_server_config:\n"
                                       "  cert_file: tls.pem\n"
                                       "  key_file: tls.pem\n"
                                       "  client_auth_type: RequireAndVerifyClientCert\n"
                                       "  client_ca_file: /etc/ca.pem\n",
                                       errors);
  CHECK(errors.empty());
  REQUIRE(config.tls);
  CHECK(config.tls->certificate == "/etc/udperf/tls.pem");
  CHECK(config.tls->client_ca == "/etc/ca.pem");
}

TEST_CASE("passwords behind --- are not left out unsaid", "[app][monitor]") {
  std::vector<std::string> errors;
  static_cast<void>(parse_web_config("web.yaml", "{}\n---\nbasic_auth_users: {}\n", errors));
  REQUIRE(errors.size() == 1);
  CHECK(errors.front().find("web.yaml:2:1: a second document") == 0);
}

TEST_CASE("the scheme of an Authorization is Basic in any case", "[app][monitor]") {
  WebConfig config;
  // "secret" by bcrypt with the least cost that there is.
  config.users["me"] = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";
  CHECK(is_authorized(config, "Basic bWU6c2VjcmV0"));
  CHECK(is_authorized(config, "basic bWU6c2VjcmV0"));
  CHECK_FALSE(is_authorized(config, "Basis bWU6c2VjcmV0"));
  CHECK_FALSE(is_authorized(config, "Bas"));
  CHECK_FALSE(is_authorized(config, nullptr));
}

}  // namespace
}  // namespace udperf::app
