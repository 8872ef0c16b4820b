#include <cstdio>
#include <string>

#include "base/units.hpp"
#include "result/document.hpp"

namespace udperf::result {
namespace {

std::string percent(double ratio) {
  char text[32] = {};
  std::snprintf(text, sizeof text, ratio < 0.001 ? "%.4f %%" : "%.2f %%", ratio * 100.0);
  return text;
}

const char* way_word(Way way) { return way == Way::up ? "client to server" : "server to client"; }

/// Below what it was asked to send, by more than a twentieth, with nothing else in the way.
bool sender_fell_short(const DirectionPart& part, const ResultDocument& document) {
  return document.status == TestStatus::complete && part.pacing.rate_error_ratio &&
         *part.pacing.rate_error_ratio < -0.05;
}

Verdict lossless(const DirectionPart& part, const ResultDocument& document, Way way) {
  if (sender_fell_short(part, document)) {
    return {"sender_host", "no loss, but the sending host reached only " +
                               percent(1.0 + *part.pacing.rate_error_ratio) + " of the asked rate " +
                               way_word(way)};
  }
  std::string sentence = "no loss";
  if (part.loss.ci95) {
    char bound[48] = {};
    std::snprintf(bound, sizeof bound, " (below %.2g at 95 %% confidence)", part.loss.ci95->second);
    sentence += bound;
  }
  return {"none", sentence};
}

Verdict lossy(const DirectionPart& part, Way way) {
  const LossPart& loss = part.loss;
  const std::string share = percent(loss.ratio.value_or(0)) + " lost " + way_word(way);
  if (!loss.network_packets) {
    return {std::nullopt, share + "; where is not known"};
  }
  const std::string bound = loss.rx_socket_drop_is_bound.value_or(false) ? "about " : "";
  if (*loss.rx_socket_drop > *loss.network_packets) {
    return {"receiver_host",
            share + ": " + bound + std::to_string(*loss.rx_socket_drop) +
                " datagrams were dropped by the receiving host's own socket, " +
                std::to_string(*loss.network_packets) +
                " by the network; give the receiver a larger buffer (--buffer, sysctl -w "
                "net.core.rmem_max=33554432) or send slower (--rate)"};
  }
  std::string sentence = share + ": " + std::to_string(*loss.network_packets) + " by the network";
  if (*loss.rx_socket_drop > 0) {
    sentence += ", " + bound + std::to_string(*loss.rx_socket_drop) + " by the receiver's socket";
  }
  return {"network", sentence};
}

Verdict judge_way(const DirectionPart& part, const ResultDocument& document, Way way) {
  if (!part.loss.packets) {
    return {std::nullopt, "the receiver's report is missing: loss is not known"};
  }
  if (part.loss.packets == 0U && part.rx.unique.value_or(0) == 0) {
    return {std::nullopt, "nothing was sent"};
  }
  return part.loss.packets == 0U ? lossless(part, document, way) : lossy(part, way);
}

int severity(const Verdict& verdict) {
  if (!verdict.limited_by) {
    return 2;
  }
  return *verdict.limited_by == "none" ? 0 : 1;
}

}  // namespace

Verdict judge(const ResultDocument& document) {
  if (!document.up && !document.down) {
    return {std::nullopt,
            document.error ? document.error->message() : std::string{"no test was run"}};
  }
  if (!document.up || !document.down) {
    return document.up ? judge_way(*document.up, document, Way::up)
                       : judge_way(*document.down, document, Way::down);
  }
  Verdict up = judge_way(*document.up, document, Way::up);
  const Verdict down = judge_way(*document.down, document, Way::down);
  const bool same = up.sentence == down.sentence;
  const auto limit = severity(down) > severity(up) ? down.limited_by : up.limited_by;
  return {limit, same ? up.sentence : up.sentence + "; " + down.sentence};
}

}  // namespace udperf::result
