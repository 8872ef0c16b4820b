#pragma once

#include "iperf3/datagram.hpp"
#include "iperf3/protocol.hpp"
#include "model/test_params.hpp"
#include "sender/datagram_format.hpp"

namespace udperf::iperf3 {

/// iperf3's data: a header of time and number, which goes on over the omitted time, and a payload
/// that no batch changes.
class DataFormat final : public sender::DatagramFormat {
 public:
  struct Settings {
    Counters counters = Counters::narrow;
    PayloadKind payload = PayloadKind::random;
    bool digits = false;     ///< 0123456789 in place of `payload`
    std::uint64_t seed = 0;  ///< of random payload
  };

  explicit DataFormat(const Settings& settings) : settings_(settings) {}

  [[nodiscard]] std::uint32_t least_bytes() const override { return kLeastLength; }
  [[nodiscard]] std::vector<std::byte> make(std::uint32_t length,
                                            std::uint32_t capacity) const override;
  [[nodiscard]] std::size_t stamp(const sender::BatchStamp& stamp, std::span<std::byte> bytes,
                                  std::uint32_t length, std::uint32_t count) const override;

 private:
  Settings settings_;
};

}  // namespace udperf::iperf3
