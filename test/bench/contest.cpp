// Compares udperf with a raw-socket ceiling and with other tools, in one interleaved run, and
// prints medians and ratios (docs/performance.md). Figures of different runs are not comparable;
// ratios are.
//
//   udperf_contest BIN [--runs N] [--seconds S] [--quick] [--only TEXT]
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "bench/contenders.hpp"
#include "support/spawn.hpp"

namespace {

using udperf::bench::Case;
using udperf::bench::Contender;
using udperf::bench::Measurement;

struct Settings {
  std::string bin;
  int runs = 5;
  double seconds = 1;
  bool quick = false;
  std::string only;  ///< part of the names of the cases to run; empty: all
};

double median(std::vector<double> values) {
  if (values.empty()) {
    return 0;
  }
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

template <typename Get>
double median_of(const std::vector<Measurement>& runs, Get get) {
  std::vector<double> values;
  for (const Measurement& run : runs) {
    values.push_back(get(run));
  }
  return median(values);
}

/// Two namespaces joined by a veth pair, for as long as it lives.
class VethPair {
 public:
  VethPair() {
    if (::geteuid() == 0) {
      up_ = run(
          "ip netns add udperf-b1 && ip netns add udperf-b2 && "
          "ip link add vb1 netns udperf-b1 type veth peer name vb2 netns udperf-b2 && "
          "ip -n udperf-b1 addr add 10.213.0.1/24 dev vb1 && ip -n udperf-b1 link set vb1 up && "
          "ip -n udperf-b2 addr add 10.213.0.2/24 dev vb2 && ip -n udperf-b2 link set vb2 up");
    }
  }
  VethPair(const VethPair&) = delete;
  VethPair& operator=(const VethPair&) = delete;
  ~VethPair() { run("ip netns del udperf-b1; ip netns del udperf-b2"); }
  [[nodiscard]] bool up() const { return up_; }

 private:
  static bool run(const std::string& script) {
    const auto done = udperf::test::run_to_end({"sh", "-c", script}, std::chrono::seconds{10});
    return done && done->code() == 0;
  }
  bool up_ = false;
};

std::vector<Case> cases(const Settings& settings, bool veth) {
  std::vector<Case> all;
  const auto add = [&](std::uint32_t payload, bool down, int streams, bool offload) {
    Case c;
    c.payload = payload;
    c.down = down;
    c.streams = streams;
    c.offload = offload;
    c.seconds = settings.seconds;
    all.push_back(c);
  };
  add(1448, false, 1, true);
  add(1448, true, 1, true);
  add(64, false, 1, true);
  add(1448, false, 2, true);
  add(1448, false, 1, false);
  if (settings.quick) {
    return all;
  }
  add(64, true, 1, true);
  add(8900, false, 1, true);
  add(8900, true, 1, true);
  add(65507, false, 1, true);
  add(1448, true, 2, true);
  add(1448, true, 1, false);
  for (const std::uint32_t frame : {64U, 128U, 256U, 512U, 1024U, 1280U, 1518U}) {  // RFC 2544
    add(frame - 46, false, 1, true);
  }
  if (veth) {
    for (const bool down : {false, true}) {
      add(1448, down, 1, true);
      all.back().client_prefix = "ip netns exec udperf-b1";
      all.back().server_prefix = "ip netns exec udperf-b2";
      all.back().host = "10.213.0.2";
    }
  }
  return all;
}

/// The median of the ratios of runs made right after each other: the machine's mood moves both.
double median_ratio(const std::vector<Measurement>& ours, const std::vector<Measurement>& theirs) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < std::min(ours.size(), theirs.size()); ++i) {
    if (theirs[i].goodput_bps > 0) {
      ratios.push_back(ours[i].goodput_bps / theirs[i].goodput_bps);
    }
  }
  return median(std::move(ratios));
}

void print_case(const Case& c, const std::vector<Contender>& contenders,
                const std::map<std::string, std::vector<Measurement>>& runs) {
  std::printf("\n%s\n  %-9s %10s %10s %8s %8s %9s %10s %9s\n", c.name().c_str(), "", "Gb/s", "Mpps",
              "loss %", "worst %", "CPU s/GB", "server MB", "udperf x");
  const auto rate = [](const Measurement& m) { return m.goodput_bps; };
  const auto own = runs.find("udperf");
  for (const Contender& contender : contenders) {
    const auto found = runs.find(contender.name);
    if (found == runs.end()) {
      continue;
    }
    const auto& m = found->second;
    const double theirs = median_of(m, rate);
    double worst = 0;
    for (const Measurement& run : m) {
      worst = std::max(worst, run.loss_percent);
    }
    std::printf("  %-9s %10.3f %10.3f %8.3f %8.3f %9.3f %10.1f %9.2f\n", contender.name.c_str(),
                theirs / 1e9, median_of(m, [](const Measurement& r) { return r.pps; }) / 1e6,
                median_of(m, [](const Measurement& r) { return r.loss_percent; }), worst,
                median_of(m, [&](const Measurement& r) { return r.cpu_per_gigabyte(c.seconds); }),
                median_of(m, [](const Measurement& r) { return r.server_peak_kib; }) / 1024,
                own == runs.end() ? 0 : median_ratio(own->second, m));
  }
  std::fflush(stdout);
}

Settings parse(int argc, char** argv) {
  Settings settings;
  settings.bin = argc > 1 ? argv[1] : "build/release/bin";
  for (int i = 2; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--quick") {
      settings.quick = true;
    } else if (i + 1 < argc && option == "--only") {
      settings.only = argv[++i];
    } else if (i + 1 < argc && option == "--runs") {
      settings.runs = std::max(1, std::atoi(argv[++i]));
    } else if (i + 1 < argc && option == "--seconds") {
      settings.seconds = std::max(0.1, std::strtod(argv[++i], nullptr));
    } else {
      std::fprintf(stderr,
                   "usage: udperf_contest BIN [--runs N] [--seconds S] [--quick] [--only TEXT]\n");
      std::exit(2);
    }
  }
  return settings;
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = parse(argc, argv);
  const VethPair veth;
  const auto contenders = udperf::bench::contenders(settings.bin);
  std::printf(
      "medians of %d interleaved runs of %.1f s; rates are payload that arrived;\n"
      "udperf x: median of the ratios of neighbouring runs\n",
      settings.runs, settings.seconds);
  for (const Case& c : cases(settings, veth.up())) {
    if (c.name().find(settings.only) == std::string::npos) {
      continue;
    }
    std::map<std::string, std::vector<Measurement>> runs;
    for (int i = 0; i < settings.runs; ++i) {
      for (const Contender& contender : contenders) {
        if (const auto measured = contender.run(c)) {
          runs[contender.name].push_back(*measured);
        }
      }
    }
    print_case(c, contenders, runs);
  }
  return 0;
}
