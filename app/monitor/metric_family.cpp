#include <array>
#include <ostream>
#include <prometheus/text_serializer.h>
#include <streambuf>

#include "app/monitor/metrics.hpp"

namespace udperf::app {
namespace {

using monitor::TimeHistogram;
using prometheus::MetricType;

/// Upper bounds of histograms, each also a bound of TimeHistogram, so that no count is guessed.
/// 1-2-5 throughout: a path may have any length, and what changes on it has to show.
constexpr std::array<Duration, 18> kBounds{
    std::chrono::microseconds{20},  std::chrono::microseconds{50},  std::chrono::microseconds{100},
    std::chrono::microseconds{200}, std::chrono::microseconds{500}, std::chrono::milliseconds{1},
    std::chrono::milliseconds{2},   std::chrono::milliseconds{5},   std::chrono::milliseconds{10},
    std::chrono::milliseconds{20},  std::chrono::milliseconds{50},  std::chrono::milliseconds{100},
    std::chrono::milliseconds{200}, std::chrono::milliseconds{500}, std::chrono::seconds{1},
    std::chrono::seconds{2},        std::chrono::seconds{5},        std::chrono::seconds{10}};

/// What is written goes to the end of a text, and is nowhere else beside that.
class Appender final : public std::streambuf {
 public:
  explicit Appender(std::string& text) : text_(text) {}

 protected:
  int_type overflow(int_type c) override {
    if (!traits_type::eq_int_type(c, traits_type::eof())) {
      text_ += traits_type::to_char_type(c);
    }
    return traits_type::not_eof(c);
  }
  std::streamsize xsputn(const char* bytes, std::streamsize size) override {
    text_.append(bytes, static_cast<std::size_t>(size));
    return size;
  }

 private:
  std::string& text_;
};

}  // namespace

double base_seconds(Duration time) {
  return std::chrono::duration<double>(time).count();
}

Family::Family(std::string name, std::string help, MetricType type)
    : family_{std::move(name), std::move(help), type, {}} {}

void Family::add(Labels labels, double value) {
  prometheus::ClientMetric metric;
  metric.label = std::move(labels);
  metric.counter.value = family_.type == MetricType::Counter ? value : 0;
  metric.gauge.value = family_.type == MetricType::Gauge ? value : 0;
  family_.metric.push_back(std::move(metric));
}

void Family::add(Labels labels, const TimeHistogram& times) {
  prometheus::ClientMetric metric;
  metric.label = std::move(labels);
  metric.histogram.sample_count = times.total();
  metric.histogram.sample_sum = base_seconds(Duration{times.sum_ns()});
  std::uint64_t below = 0;
  std::size_t next = 0;
  for (const Duration bound : kBounds) {
    for (const std::size_t last = TimeHistogram::bucket_of(bound); next <= last; ++next) {
      below += times.count(next);
    }
    metric.histogram.bucket.push_back({below, base_seconds(bound)});
  }
  family_.metric.push_back(std::move(metric));
}

void Exposition::add(Family family) {
  if (family.empty()) {
    return;
  }
  Appender appender{text_};
  std::ostream out{&appender};
  prometheus::TextSerializer{}.Serialize(out, {family.take()});
}

}  // namespace udperf::app
