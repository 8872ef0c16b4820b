#include "traffic/profiles.hpp"

#include <cstdio>
#include <string>

#include <nlohmann/json.hpp>

#include "app/commands/commands.hpp"
#include "app/exit_code.hpp"
#include "app/options/commands.hpp"
#include "app/options/rules.hpp"

namespace udperf::app {
namespace {

using Json = nlohmann::ordered_json;
using traffic::ProfileRow;
using traffic::ProfileTraffic;

/// One way of a profile as a test would have it.
struct WayView {
  TestParams params;
  Way way;

  [[nodiscard]] const TrafficShape& shape() const { return params.shape(way); }
  [[nodiscard]] bool has_frames() const { return shape().spacing == Spacing::frames; }
  [[nodiscard]] std::string sizes() const {
    return shape().mixed() ? sizes_text(shape()) : std::to_string(params.payload_bytes);
  }
  [[nodiscard]] double packets_per_s() const {
    const MeanLength mean = params.mean_length(way);
    return static_cast<double>(payload_bps(params, way, params.rate(way))) / 8 *
           static_cast<double>(mean.packets) / static_cast<double>(mean.bytes);
  }
};

TestParams traffic_params(const ProfileTraffic& traffic) {
  TestParams params;
  traffic::apply_profile(traffic, params);
  return params;
}

Json way_json(const WayView& view, bool path_sized) {
  const SendRate& rate = view.params.rate(view.way);
  const FrameRhythm& frames = view.shape().frames;
  Json tree;
  tree["sizes"] = path_sized ? Json(nullptr) : Json(view.sizes());
  tree["packets_per_s"] =
      rate.kind == SendRate::Kind::packets ? Json(view.packets_per_s()) : Json(nullptr);
  tree["payload_bps"] =
      rate.limited() ? Json(payload_bps(view.params, view.way, rate)) : Json(nullptr);
  tree["spacing"] = spacing_text(view.shape());
  tree["frames_per_s"] = view.has_frames() ? Json(frames.per_1000_s / 1000.0) : Json(nullptr);
  tree["key_frame_every"] = frames.key_every != 0 ? Json(frames.key_every) : Json(nullptr);
  tree["key_frame_times"] = frames.key_times != 0 ? Json(frames.key_times) : Json(nullptr);
  return tree;
}

Json row_json(const ProfileRow& row) {
  Json tree;
  tree["name"] = row.usage.substr(0, row.usage.find(':'));
  tree["usage"] = row.usage;
  tree["description"] = row.what;
  tree["source"] = row.from;
  const auto traffic = traffic::parse_profile(row.usage);  // none: there is something to fill in
  const TestParams params = traffic ? traffic_params(*traffic) : TestParams{};
  const bool both = params.direction == Direction::both;
  tree["direction"] = both ? "both" : "up";
  tree["up"] = tree["down"] = nullptr;
  if (!row.fixed) {
    return tree;
  }
  tree["up"] = way_json({params, Way::up}, traffic->payload_bytes == 0);
  if (both) {
    tree["down"] = way_json({params, Way::down}, traffic->payload_bytes == 0);
  }
  return tree;
}

std::string profiles_json() {
  Json tree;
  tree["schema"] = "udperf-profiles/1";
  tree["profiles"] = Json::array();
  for (const ProfileRow& row : traffic::profile_rows()) {
    tree["profiles"].push_back(row_json(row));
  }
  return tree.dump(2) + "\n";
}

std::string way_text(const WayView& view, bool path_sized) {
  const SendRate& rate = view.params.rate(view.way);
  std::string text = path_sized ? "as large as the path takes" : view.sizes() + " B";
  if (view.has_frames()) {
    const FrameRhythm& frames = view.shape().frames;
    text += ", " + spacing_text(view.shape()).substr(7) + " frames/s";
    text += frames.key_every != 0 ? ", every " + std::to_string(frames.key_every) + "th " +
                                        std::to_string(frames.key_times) + " times as large"
                                  : "";
  } else if (rate.limited()) {
    text += ", " + std::to_string(static_cast<std::uint64_t>(view.packets_per_s())) +
            " datagrams/s evenly";
  }
  const auto bps = static_cast<double>(payload_bps(view.params, view.way, rate));
  return text + (rate.limited() ? ", " + format_bit_rate(bps) + " of payload" : ", at any rate");
}

std::string row_text(const ProfileRow& row) {
  std::string text = std::string{row.usage} + "\n    " + std::string{row.what} + "\n";
  if (row.fixed) {
    const auto traffic = traffic::parse_profile(row.usage);
    const TestParams params = traffic_params(*traffic);
    const bool path_sized = traffic->payload_bytes == 0;
    const bool both = params.direction == Direction::both;
    text += "    " + std::string{both ? "up:   " : "sends "} +
            way_text({params, Way::up}, path_sized) + "\n";
    text += both ? "    down: " + way_text({params, Way::down}, path_sized) + "\n" : "";
  }
  return text + "    from " + std::string{row.from} + "\n";
}

std::string profiles_text() {
  std::string text;
  for (const ProfileRow& row : traffic::profile_rows()) {
    text += (text.empty() ? "" : "\n") + row_text(row);
  }
  return text +
         "\nSizes are UDP payload. Each stream (-P N) sends it; --rate is of all streams "
         "together.\n"
         "Use one with: udperf client HOST --profile NAME\n";
}

}  // namespace

Invocation make_profiles(const Arguments& arguments) {
  ProfilesCommand command;
  if (auto problem = apply_options(Command::profiles, arguments.options, command)) {
    return UsageError{*std::move(problem)};
  }
  return command;
}

int run_command(const ProfilesCommand& command) {
  return print_to_stdout(command.json ? profiles_json() : profiles_text());
}

}  // namespace udperf::app
