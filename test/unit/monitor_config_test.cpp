#include <algorithm>

#include "monitor/character_count.hpp"
#include "monitor/config.hpp"
#include "support/catch.hpp"

namespace udperf::monitor {
namespace {

using namespace std::chrono_literals;

const ConfigWords kWords{{"listen", "history", "retention", "jsonl"},
                         {"rate", "packets", "packet-size", "direction", "fail-loss"},
                         {"jsonl"}};

MonitorConfig parse(const std::string& text, std::vector<ConfigError>& errors) {
  return parse_config(text, kWords, errors);
}

/// The only error, as "line:column: message".
std::string error_of(const std::string& text) {
  std::vector<ConfigError> errors;
  static_cast<void>(parse(text, errors));
  REQUIRE(errors.size() == 1);
  return errors.front().text("f").substr(2);
}

TEST_CASE("a configuration has options, modules and targets with their labels") {
  std::vector<ConfigError> errors;
  const auto config = parse(R"(
listen: 127.0.0.1:9600
probe_allow: [192.0.2.0/24, "2001:db8::1"]
file_sd: ["/etc/udperf/*.json"]
modules:
  voice: {rate: 50pps, packet-size: 160, every: 20s}
  night: {at: "03:10", packets: 1000}
targets:
  - gw.example
  - {target: "[2001:db8::7]:7000", name: core, module: voice, labels: {site: lab}}
  - dns: servers.example
)",
                            errors);
  REQUIRE(errors.empty());
  REQUIRE(config.options.size() == 1);
  CHECK(config.options[0].value == "127.0.0.1:9600");
  CHECK(config.probe_allow.size() == 2);
  CHECK(config.file_sd == std::vector<std::string>{"/etc/udperf/*.json"});
  REQUIRE(config.modules.size() == 2);
  CHECK(config.modules[0].every == Duration{20s});
  CHECK(config.modules[0].options.size() == 2);
  CHECK(config.modules[1].at == Duration{3h + 10min});
  REQUIRE(config.targets.size() == 3);
  CHECK(config.targets[0].module == "light");
  CHECK(config.targets[1].address.host == "2001:db8::7");
  CHECK(config.targets[1].address.port == 7000);
  CHECK(config.targets[1].name == "core");
  CHECK(config.targets[1].labels == Labels{{"site", "lab"}});
  CHECK(config.targets[2].dns);
}

TEST_CASE("each mistake of a configuration is told with line and column") {
  CHECK(error_of("targetz: [a]\n") == "1:1: unknown key targetz (did you mean targets?)");
  CHECK(error_of("modules:\n  m:\n    rte: 1M\n") == "3:5: unknown key rte (did you mean rate?)");
  CHECK(error_of("targets:\n  - {target: a, modulx: light}\n") ==
        "2:17: unknown key modulx (did you mean module?)");
  CHECK(error_of("targets:\n  - {target: a, module: lighz}\n") ==
        "2:25: unknown module lighz (did you mean light?)");
  CHECK(error_of("modules: {m: {every: soon}}\n").starts_with("1:22: every: "));
  CHECK(error_of("modules: {m: {at: \"24:00\"}}\n").starts_with("1:19: at: "));
  CHECK(error_of("probe_allow: [10.0.0.0/33]\n").starts_with("1:15: probe_allow: "));
  CHECK(error_of("targets: [a, a]\n").starts_with("1:14: the target a is there twice"));
  CHECK(error_of("targets: [\"a b\"]\n").starts_with("1:11: target: "));
  CHECK(error_of("targets: 5\n").starts_with("1:10: targets: a list"));
  CHECK(error_of("listen: a\nlisten: b\n") == "2:1: the key listen is there twice");
  CHECK(error_of("targets: [{module: light}]\n").starts_with("1:11: a target needs"));
  CHECK(error_of("targets: [{target: a, labels: {le: x}}]\n").starts_with("1:32: label"));
  CHECK(error_of("a: [\n").find(':') != std::string::npos);
  CHECK(error_of("- a\n").starts_with("1:1: the configuration: a mapping"));
  CHECK(error_of("targets:\n  - target: a\n    labels: {site: b}\n    module: lighz\n") ==
        "4:13: unknown module lighz (did you mean light?)");
}

TEST_CASE("a part without a value is empty, and an option without one is told where it stands") {
  std::vector<ConfigError> errors;
  const auto config =
      parse("modules:\n  light:\ntargets:\n  # - a\nprobe_allow:\nfile_sd:\nlisten: 127.0.0.1:1\n",
            errors);
  CHECK(errors.empty());
  CHECK(config.modules.size() == 1);
  CHECK(config.targets.empty());
  CHECK(error_of("listen:\n\ntargets: [a]\n").starts_with("1:1: listen: "));
  CHECK(error_of("targets:\n  - target: a\n    name:\n    labels:\n").starts_with("3:5: name: "));
  CHECK(error_of("targets: [a,,b]\n").starts_with("1:13: a target: "));
}

TEST_CASE("columns are characters, as editors count them") {
  const std::string name = "\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80";  // three of them, nine bytes
  CHECK(error_of("targets:\n  - {target: a, name: " + name + ", modulx: light}\n") ==
        "2:28: unknown key modulx (did you mean module?)");
  CHECK(error_of("# " + name + "\ntargetz: [a]\n") ==
        "2:1: unknown key targetz (did you mean targets?)");
  CHECK(error_of("\xEF\xBB\xBFtargetz: [a]\n") ==
        "1:1: unknown key targetz (did you mean targets?)");
  CHECK(error_of("{modules: {" + name + ": {}}, \"" + name + "\": a b: }\n").starts_with("1:"));
  const CharacterCount characters{std::string(1000, 'a') + name + std::string(1000, 'b')};
  CHECK(characters.between(0, 2009) == 2003);
  CHECK(characters.between(999, 1010) == 5);
  CHECK(characters.between(1000, 1009) == 3);
  CHECK(characters.between(2000, 2020) == 20);
  CHECK(characters.between(7, 7) == 0);
  CHECK(CharacterCount{}.between(0, 5) == 5);
}

TEST_CASE("names, labels and lists that are not UTF-8 are refused where they stand") {
  CHECK(error_of("targets: [{target: a, name: \"g\xFCte\"}]\n") == "1:29: name: is not UTF-8");
  CHECK(error_of("targets:\n  - {target: a, labels: {site: Z\xFCrich}}\n") ==
        "2:32: label site: is not UTF-8");
  CHECK(error_of("targets: [\"a\xC3\"]\n") == "1:11: target: is not UTF-8");
  CHECK(error_of("modules: {\"m\xFF\": {every: 10s}}\n") == "1:11: a key: is not UTF-8");
  std::vector<ConfigError> errors;
  const std::string list = "[{\"targets\": [\"a\"], \"labels\": {\"site\": \"Z\xFCrich\"}}]";
  static_cast<void>(parse_file_sd(list, errors));
  REQUIRE(errors.size() == 1);
  CHECK(errors.front().text("f") == "f:1:40: label: is not UTF-8");
  errors.clear();
  const auto config =
      parse("targets: [{target: a, name: \"g\xC3\xBCte\", labels: {site: Z\xC3\xBCrich}}]", errors);
  CHECK(errors.empty());
  CHECK(config.targets.at(0).labels == Labels{{"site", "Z\xC3\xBCrich"}});
}

TEST_CASE("all mistakes are told at once, and an endless file is not read to its end") {
  std::vector<ConfigError> errors;
  static_cast<void>(parse("x: 1\ny: 2\ntargets: [{}, \"?\"]\n", errors));
  CHECK(errors.size() == 4);
  errors.clear();
  static_cast<void>(parse(std::string(kMostConfigBytes + 1, ' '), errors));
  CHECK(errors.size() == 1);
  errors.clear();
  static_cast<void>(parse(std::string(100'000, '['), errors));  // no depth blows the stack
  CHECK_FALSE(errors.empty());
  errors.clear();
  std::string many = "targets:\n";
  for (int i = 0; i < 10'001; ++i) {
    many += "- t" + std::to_string(i) + "\n";
  }
  const auto config = parse(many, errors);
  CHECK(config.targets.size() == kMostTargets);
  CHECK(errors.size() == 1);
}

TEST_CASE("aliases and brackets make no more of a file than it has") {
  std::vector<ConfigError> errors;
  std::string labels;
  for (int i = 0; i < 20'000; ++i) {
    labels += "k" + std::to_string(i) + ": v, ";
  }
  std::string bomb = "targets:\n- {target: a, labels: &l {" + labels + "}}\n";
  for (int i = 0; i < 9'000; ++i) {  // 180 million labels
    bomb += "- {target: t" + std::to_string(i) + ", labels: *l}\n";
  }
  const auto config = parse(bomb, errors);
  REQUIRE(errors.size() >= 2);
  CHECK(errors.back().message.find("aliases") != std::string::npos);
  for (const auto& target : config.targets) {
    CHECK(target.labels.size() <= kMostLabels);
  }
  errors.clear();
  static_cast<void>(parse(std::string(4'000'000, '['), errors));  // a gigabyte, if it were parsed
  REQUIRE(errors.size() == 1);
  CHECK(errors.front().message.find("nested") != std::string::npos);
  errors.clear();
  std::string hosts = "a";
  for (int i = 0; i < 9'000; ++i) {
    hosts += ", h" + std::to_string(i);
  }
  const auto found =
      monitor::parse_file_sd("- targets: [" + hosts + "]\n  labels: {" + labels + "}\n", errors)
          .targets;
  CHECK_FALSE(errors.empty());
  CHECK(found.size() == 9'001);
}

TEST_CASE("the files of file_sd are read as JSON and as YAML") {
  std::vector<ConfigError> errors;
  const auto targets =
      parse_file_sd(
          R"([{"targets": ["a:7000", "b"], "labels": {"site": "x", "__module__": "voice", "job": "j"}}])",
          errors)
          .targets;
  REQUIRE(errors.empty());
  REQUIRE(targets.size() == 2);
  CHECK(targets[0].address.port == 7000);
  CHECK(targets[1].module == "voice");
  CHECK(targets[1].labels == Labels{{"site", "x"}});
  CHECK(parse_file_sd("- targets: [c]\n", errors).targets.size() == 1);
  static_cast<void>(parse_file_sd("[{\"targets\": [\"a b\"]}]", errors));
  CHECK(errors.size() == 1);
}

TEST_CASE(
    "labels that there cannot be are left out of file_sd with a word, those of others without") {
  std::vector<ConfigError> errors;
  const TargetFile file = parse_file_sd(
      R"([{"targets": ["a"], "labels": {"my-label": "x", "job": "j", "__meta_x": "y",
 "__name__": "two words", "site": "lab", "1st": "z"}}])",
      errors);
  CHECK(errors.empty());
  REQUIRE(file.targets.size() == 1);
  CHECK(file.targets[0].name == "a");
  CHECK(file.targets[0].labels == Labels{{"site", "lab"}});
  REQUIRE(file.left_out.size() == 3);
  CHECK(file.left_out[0].text("f").starts_with("f:1:32: a label is left out: "));
  CHECK(file.left_out[1].text("f").starts_with("f:2:14: __name__ is left out: "));
  CHECK(file.left_out[2].text("f").starts_with("f:2:42: a label is left out: "));
}

TEST_CASE("file_sd takes null for what has no targets or labels, and all of JSON's escapes") {
  std::vector<ConfigError> errors;
  const auto targets =
      parse_file_sd(
          "[{\"targets\": [\"a\"], \"labels\": null}, {\"targets\": null},\n"
          " {\"targets\": [\"b\"], \"labels\": {\"site\": \"\\ud83d\\ude00 \\u00fc\\/\", \"path\": "
          "\"\\\\ud83d\"}}]",
          errors)
          .targets;
  CHECK(errors.empty());
  REQUIRE(targets.size() == 2);
  CHECK(targets[0].labels.empty());
  CHECK(targets[1].labels == Labels{{"site", "\xF0\x9F\x98\x80 \xC3\xBC/"}, {"path", "\\ud83d"}});
  CHECK(parse_file_sd("- targets: [c]\n  labels:\n", errors).targets.size() == 1);
  CHECK(errors.empty());
  for (const std::string half : {"\\ud83d", "\\ud83d\\u0041", "\\ude00", "\\ud83d\\ud83d"}) {
    CAPTURE(half);
    errors.clear();
    static_cast<void>(
        parse_file_sd(R"([{"targets": ["a"], "labels": {"site": ")" + half + "\"}}]", errors));
    CHECK_FALSE(errors.empty());
  }
}

TEST_CASE("nothing of a file is left unread behind its first document") {
  const auto place = [](const std::string& text) {
    const std::string error = error_of(text);
    return error.substr(0, error.find(": a second document begins here"));
  };
  CHECK(place("targets: [a]\n---\ntargets: [b]\n") == "2:1");
  CHECK(place("targets: [a]\n...\nlisten: b\n") == "3:1");
  CHECK(place("---\n---\ntargets: [b]\n") == "2:1");
  CHECK(place("{targets: [a]}\nlisten: b\n") == "2:1");
  std::vector<ConfigError> errors;
  CHECK(parse("# first\n---\ntargets: [a]\n...\n# end\n", errors).targets.size() == 1);
  CHECK(parse("", errors).targets.empty());
  CHECK(errors.empty());
  CHECK(parse_file_sd("- targets: [a]\n---\n- targets: [b]\n", errors).targets.empty());
  CHECK(errors.size() == 1);
}

TEST_CASE("an option has one value, unless it can be repeated, and never none") {
  CHECK(error_of("listen: [a, b]\n") == "1:13: listen: has one value, and this is another");
  CHECK(error_of("modules: {m: {fail-loss: [1%, 50%]}}\n") ==
        "1:31: fail-loss: has one value, and this is another");
  CHECK(error_of("retention: []\n") == "1:12: retention: has no value; leave the key out");
  CHECK(error_of("jsonl: []\n") == "1:8: jsonl: has no value; leave the key out");
  CHECK(error_of("jsonl: [[a]]\n") == "1:9: jsonl: a single value is needed");
  std::vector<ConfigError> errors;
  CHECK(parse("jsonl: [a, b]\nlisten: [c]\n", errors).options.size() == 3);
  CHECK(errors.empty());
}

TEST_CASE("keys that are merged in give way to a mapping's own") {
  std::vector<ConfigError> errors;
  const auto config = parse(R"(
modules:
  base: &base {rate: 10pps, packets: 50}
  more: &more {packets: 70, direction: up}
  own: {<<: *base, packets: 20}
  both: {<<: [*base, *more]}
)",
                            errors);
  CAPTURE(errors.empty() ? "" : errors.front().text("f"));
  REQUIRE(errors.empty());
  REQUIRE(config.modules.size() == 4);
  const auto all = [&config](std::size_t module) {
    std::string text;
    for (const Setting& setting : config.modules.at(module).options) {
      text += setting.name + "=" + setting.value + " ";
    }
    return text;
  };
  CHECK(all(2) == "packets=20 rate=10pps ");
  CHECK(all(3) == "rate=10pps packets=50 direction=up ");
  CHECK(error_of("modules: {m: {<<: 5}}\n") ==
        "1:19: module m: a mapping of keys and values is needed");
  // One that has itself in it ends.
  CHECK(error_of("modules: {m: &m {<<: *m}}\n").find("too deep") != std::string::npos);
}

TEST_CASE("a target is a name or an address with or without a port") {
  CHECK(parse_target("gw")->host == "gw");
  CHECK(parse_target("gw:7")->port == 7);
  CHECK(parse_target("2001:db8::1")->host == "2001:db8::1");
  CHECK_FALSE(parse_target("2001:db8::1")->port);
  CHECK(parse_target("[::1]:80")->port == 80);
  for (const std::string bad : {"", ":", "a:", "a:0", "a:65536", "a:b", "[::1", "[::1]x", "[gw]:1",
                                "a b", "a/b", "a\"", "1:2:x"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_target(bad));
  }
}

TEST_CASE("a time of day has two digits each") {
  CHECK(parse_time_of_day("00:00") == Duration{0});
  CHECK(parse_time_of_day("23:59") == Duration{23h + 59min});
  for (const std::string bad : {"", "3:10", "03:1", "24:00", "12:60", "ab:cd", "03-10"}) {
    CHECK_FALSE(parse_time_of_day(bad));
  }
}

}  // namespace
}  // namespace udperf::monitor
