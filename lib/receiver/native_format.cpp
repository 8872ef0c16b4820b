#include "receiver/native_format.hpp"

#include <algorithm>

#include "wire/compact_header.hpp"
#include "wire/followers.hpp"
#include "wire/messages.hpp"

namespace udperf::receiver {
namespace {

using Datagram = std::span<const std::byte>;
using Arrivals = DatagramFormat::Arrivals;

bool is_warm_up(const NativeFormatSettings& settings, Datagram datagram) {
  return wire::is_warm_up(datagram, settings.header, settings.tag);
}

/// Calls `read(datagram, head)` for each that does not follow the one before, as long as it is DATA
/// of the part that is read.
template <class Read>
std::size_t for_each(const NativeFormatSettings& settings, const Arrivals& arrivals,
                     std::span<DataHead> heads, const Read& read) {
  Datagram rest = arrivals.bytes;
  std::size_t n = 0;
  for (; n < heads.size() && !rest.empty(); ++n) {
    const Datagram datagram = rest.first(std::min<std::size_t>(rest.size(), arrivals.segment));
    if (!wire::is_data(datagram, settings.header)) {
      break;
    }
    if (settings.two_parts && is_warm_up(settings, datagram) != settings.warm_up) {
      break;
    }
    DataHead& head = heads[n];
    head.length = static_cast<std::uint32_t>(datagram.size());
    head.good = read(datagram, head);
    head.followers = 0;
    if (head.good && datagram.size() == arrivals.segment) {
      constexpr std::size_t kMost = UINT16_MAX;
      head.followers = static_cast<std::uint16_t>(
          std::min(wire::followers(rest, arrivals.segment, settings.header), kMost));
    }
    rest = rest.subspan(datagram.size() * (head.followers + std::size_t{1}));
  }
  return n;
}

class FullFormat final : public DatagramFormat {
 public:
  explicit FullFormat(const NativeFormatSettings& settings) : settings_(settings) {}

  [[nodiscard]] std::size_t parse(const Arrivals& arrivals,
                                  std::span<DataHead> heads) const override {
    return for_each(settings_, arrivals, heads, [this](Datagram datagram, DataHead& head) {
      const auto header = wire::decode_data(datagram);
      if (!header || header->session != settings_.session || header->stream != settings_.stream) {
        return false;
      }
      head.sequence = header->sequence;
      head.tx_time_ns = header->tx_time_ns;
      head.batch = header->batch;
      head.token = header->token;
      head.index = header->index;
      head.count = header->count;
      head.index_step = 1;
      return true;
    });
  }

  [[nodiscard]] bool tells_whole_time() const override { return true; }

  [[nodiscard]] bool of_warm_up(std::span<const std::byte> datagram) const override {
    return is_warm_up(settings_, datagram);
  }

 private:
  NativeFormatSettings settings_;
};

/// A compact header stands for a full one, but for the place in the batch, which is not told: it is
/// neither the first nor the last.
class CompactFormat final : public DatagramFormat {
 public:
  explicit CompactFormat(const NativeFormatSettings& settings)
      : settings_(settings),
        tag_of_part_(settings.warm_up ? wire::warm_up_tag(settings.tag) : settings.tag) {}

  [[nodiscard]] std::size_t parse(const Arrivals& arrivals,
                                  std::span<DataHead> heads) const override {
    return for_each(settings_, arrivals, heads, [&](Datagram datagram, DataHead& head) {
      const auto compact = wire::decode_compact(datagram);
      if (!compact || compact->tag != tag_of_part_ || compact->stream != settings_.stream) {
        return false;
      }
      const auto sequence = wire::extend_sequence(compact->sequence_low, arrivals.next_expected);
      if (!sequence) {
        return false;
      }
      head.sequence = *sequence;
      head.tx_time_ns = wire::extend_time(compact->tx_units, arrivals.near_ns);
      head.batch = compact->batch;
      head.token = compact->token;
      head.index = 1;
      head.count = 3;
      head.index_step = 0;
      return true;
    });
  }

  [[nodiscard]] bool tells_whole_time() const override { return false; }

  [[nodiscard]] bool of_warm_up(std::span<const std::byte> datagram) const override {
    return is_warm_up(settings_, datagram);
  }

 private:
  NativeFormatSettings settings_;
  std::uint16_t tag_of_part_;
};

}  // namespace

std::unique_ptr<DatagramFormat> make_native_format(const NativeFormatSettings& settings) {
  if (settings.header == HeaderKind::compact) {
    return std::make_unique<CompactFormat>(settings);
  }
  return std::make_unique<FullFormat>(settings);
}

}  // namespace udperf::receiver
