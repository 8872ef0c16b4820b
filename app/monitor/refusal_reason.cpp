#include <array>

#include "app/monitor/metrics.hpp"

namespace udperf::app {
namespace {

struct Reason {
  const char* label;
  std::string_view begin;  ///< of the sentence
};

constexpr std::array<Reason, 12> kReasons{{
    {"version", "the server speaks protocol version"},
    {"busy", "the server is busy: all its sessions"},
    {"too_many_from_you", "the server already runs as many tests"},
    {"exclusive", "the server is busy: it runs one test"},
    {"denied", "the server does not serve this address"},
    {"authentication", "the server has no key"},
    {"parameters", "the server does not accept these parameters"},
    {"duration", "the server allows tests of at most"},
    {"rate", "the server has only"},
    {"unlimited_rate", "the server wants a --rate"},
    {"shutting_down", "the server is shutting down"},
    {"iperf3", "iperf3: "},
}};
constexpr const char* kOther = "other";

}  // namespace

const char* refusal_reason(std::string_view sentence) {
  for (const Reason& reason : kReasons) {
    if (sentence.starts_with(reason.begin)) {
      return reason.label;
    }
  }
  return kOther;
}

std::vector<const char*> refusal_reasons() {
  std::vector<const char*> labels;
  labels.reserve(kReasons.size() + 1);
  for (const Reason& reason : kReasons) {
    labels.push_back(reason.label);
  }
  labels.push_back(kOther);
  return labels;
}

}  // namespace udperf::app
