#pragma once

#include "base/time.hpp"
#include "iperf3/test_record.hpp"

namespace udperf::iperf3 {

/// What this process has used of the processors since it was made.
class ProcessCpu {
 public:
  explicit ProcessCpu(MonoTime now);

  [[nodiscard]] CpuShare share(MonoTime now) const;

 private:
  MonoTime begun_;
  Duration user_{0};
  Duration system_{0};
};

}  // namespace udperf::iperf3
