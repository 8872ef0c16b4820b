#include "accuracy/narrow_line.hpp"

#include <algorithm>
#include <utility>

#include "support/catch.hpp"

namespace udperf::test {

using nlohmann::json;
using Place = RoutedPath::Place;

std::unique_ptr<Scene> plain_scene() {
  if (!kPlain) {
    skip_test("a sanitizer's pace is no shaper's");
    return nullptr;
  }
  return Scene::make();
}

double payload_rate(double frame_bps) {
  return frame_bps * 1472 / (1472 + 42);
}

void shape(const Scene& scene, const std::string& device, int mbit, int queue_ms,
           const std::string& verb) {
  const int burst = std::max(6000, mbit * 250);
  const int limit = std::max(6000, mbit * 125 * queue_ms);
  scene.path.run(Place::router, "tc qdisc " + verb + " dev " + device + " root tbf rate " +
                                    std::to_string(mbit) + "mbit burst " + std::to_string(burst) +
                                    " limit " + std::to_string(limit));
}

NarrowLine::NarrowLine(std::unique_ptr<Scene> scene, std::vector<std::string> options)
    : scene_(std::move(scene)), options_(std::move(options)) {
  const bool named = std::any_of(options_.begin(), options_.end(), [](const std::string& option) {
    return option.rfind("--find-rate", 0) == 0;
  });
  if (!named) {
    options_.insert(options_.begin(), "--find-rate");
  }
  options_.emplace_back("-q");
}

void NarrowLine::start() {
  client_ = scene_->start_client(kServer4, options_);
}

json NarrowLine::finish() {
  const auto status = client_->wait(kGuard);
  const Finished finished{status, client_->output(Stream::out), client_->output(Stream::err), {}};
  INFO(finished.err);
  REQUIRE(finished.code() == 0);
  return document_of(finished);
}

void check_found(const json& search, double truth, Attempt& attempt) {
  INFO(search.dump(1));
  const double answer =
      search.at("answer_bps").is_number() ? search.at("answer_bps").get<double>() : 0;
  CHECK(answer <= truth);
  const bool hosts = search.at("limited_by") == "host_limited";
  if (attempt.needs(!hosts || answer >= 0.98 * truth, "hosts that are faster than the line")) {
    attempt.expect(answer >= 0.98 * truth,
                   "98 % of " + std::to_string(truth) + ", not " + std::to_string(answer));
    attempt.expect(search.at("confirmed") == true, "a confirmed answer");
    const double took = search.at("duration_s").get<double>();
    attempt.expect(took <= 15, "15 s at most, not " + std::to_string(took));
  }
}

json last_document(const std::string& lines) {
  return json::parse(lines.substr(lines.rfind('\n', lines.size() - 2) + 1)).at("data");
}

}  // namespace udperf::test
