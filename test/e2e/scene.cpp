#include "e2e/scene.hpp"

#include <utility>

#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/families.hpp"
#include "support/places.hpp"

namespace udperf::test {
namespace {

using namespace std::chrono_literals;
using Words = std::vector<std::string>;
using Place = RoutedPath::Place;

Process start_server(const RoutedPath& path, const Words& more) {
  constexpr int kReadyFd = 7;
  SpawnOptions options;
  options.extra_fd = kReadyFd;
  Words words{kProgram, "server", "--ready-fd", std::to_string(kReadyFd)};
  words.insert(words.end(), more.begin(), more.end());
  auto server = Process::start(path.command(Place::server, words), options);
  REQUIRE(server.has_value());
  REQUIRE(server->wait_for(Stream::extra, "\n", kGuard));
  return std::move(*server);
}

}  // namespace

bool host_or_skip(const std::string& host) {
  return host != kServer6 || family_or_skip(IpFamily::v6);
}

std::unique_ptr<Scene> Scene::make(const Words& server_options) {
  auto path = RoutedPath::make();
  if (!path) {
    skip_test(path.error());
    return nullptr;
  }
  return std::unique_ptr<Scene>{new Scene{*std::move(path), server_options}};
}

Scene::Scene(RoutedPath made, const Words& server_options)
    : path(std::move(made)), server_(start_server(path, server_options)) {}

Words Scene::client_command(const std::string& host, Words more) const {
  Words words{kProgram, "client", host, "--json"};
  words.insert(words.end(), more.begin(), more.end());
  return path.command(Place::client, words);
}

Finished Scene::client(const std::string& host, Words more) const {
  auto finished = run_to_end(client_command(host, std::move(more)), kGuard);
  REQUIRE(finished.has_value());
  return std::move(*finished);
}

Process Scene::start_client(const std::string& host, Words more) const {
  auto client = Process::start(client_command(host, std::move(more)));
  REQUIRE(client.has_value());
  return std::move(*client);
}

}  // namespace udperf::test
