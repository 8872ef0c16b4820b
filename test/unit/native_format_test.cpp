// What a sender's format writes, a receiver's reads: across the border behind a warm-up, too.

#include "receiver/native_format.hpp"

#include <array>
#include <vector>

#include "sender/native_format.hpp"
#include "support/catch.hpp"

using namespace udperf;

namespace {

constexpr std::uint32_t kLength = 100;
constexpr std::uint32_t kBatch = 4;

/// One read of a batch of the warm-up and one of the test, merged into one buffer.
std::vector<std::byte> across_the_border(const sender::DatagramFormat& format) {
  auto bytes = format.make(kLength, kBatch);
  const auto stamped = [&](const sender::BatchStamp& stamp) {
    const std::size_t at = format.stamp(stamp, bytes, kLength, kBatch);
    const auto batch = std::span{bytes}.subspan(at, std::size_t{kLength} * kBatch);
    return std::vector<std::byte>{batch.begin(), batch.end()};
  };
  auto read = stamped({7, 64'000, 3});
  format.end_warm_up(bytes, kLength);
  const auto test = stamped({0, 128'000, 4});
  read.insert(read.end(), test.begin(), test.end());
  return read;
}

}  // namespace

TEST_CASE("of a read that spans the border each part takes its own", "[receiver]") {
  const auto header = GENERATE(HeaderKind::full, HeaderKind::compact);
  const auto tag = GENERATE(as<std::uint16_t>{}, 0x0000, 0xA5F0, 0xFFFF);
  CAPTURE(static_cast<int>(header), tag);
  sender::NativeFormatSettings out;
  out.session = 5;
  out.stream = 2;
  out.header = header;
  out.tag = tag;
  out.warm_up = true;
  const auto read = across_the_border(*sender::make_native_format(out));

  const auto parsed = [&](bool warm_up, std::size_t from) {
    const auto format = receiver::make_native_format({5, 2, header, tag, true, warm_up});
    std::array<receiver::DataHead, 16> heads{};
    const auto rest = std::span{read}.subspan(from);
    CHECK(format->of_warm_up(rest) == (from == 0));
    const std::size_t n = format->parse({rest, kLength, 100'000, warm_up ? 7U : 0U}, heads);
    return std::vector<receiver::DataHead>{heads.begin(), heads.begin() + static_cast<int>(n)};
  };
  const std::size_t border = std::size_t{kLength} * kBatch;
  const auto before = parsed(true, 0);
  REQUIRE(before.size() == 1);
  CHECK(before.front().good);
  CHECK(before.front().sequence == 7);
  CHECK(before.front().followers == kBatch - 1);
  CHECK(parsed(false, 0).empty());
  CHECK(parsed(true, border).empty());
  const auto behind = parsed(false, border);
  REQUIRE(behind.size() == 1);
  CHECK(behind.front().good);
  CHECK(behind.front().sequence == 0);
  CHECK(behind.front().batch == 4);
  CHECK(behind.front().followers == kBatch - 1);
}

TEST_CASE("a payload begins right behind the header, and is what was asked for", "[sender]") {
  const auto header = GENERATE(HeaderKind::full, HeaderKind::compact);
  CAPTURE(static_cast<int>(header));
  sender::NativeFormatSettings settings;
  settings.header = header;
  const std::size_t begin = header == HeaderKind::full ? 40 : 16;
  const auto payload_of = [&](PayloadKind kind) {
    settings.payload = kind;
    const auto format = sender::make_native_format(settings);
    auto bytes = format->make(kLength, kBatch);
    const std::size_t at = format->stamp({1, 64'000, 3}, bytes, kLength, kBatch);
    const auto second = std::span{bytes}.subspan(at + kLength, kLength).subspan(begin);
    return std::vector<std::byte>{second.begin(), second.end()};
  };
  const auto letters = payload_of(PayloadKind::alphabet);
  REQUIRE(letters.size() == kLength - begin);
  for (std::size_t i = 0; i < letters.size(); ++i) {
    REQUIRE(static_cast<char>(letters[i]) == static_cast<char>('a' + i % 26));
  }
  CHECK(payload_of(PayloadKind::zero) == std::vector<std::byte>(kLength - begin));
  const auto random = payload_of(PayloadKind::random);
  CHECK(random == payload_of(PayloadKind::random));
  settings.seed = 1;
  CHECK(random != payload_of(PayloadKind::random));
}
