#include "session/rate_debts.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using session::paid_off;
using session::RateDebts;

namespace {

constexpr MonoTime kStart{1000s};

}  // namespace

TEST_CASE("a rate is owed until what was sent is paid off", "[session]") {
  CHECK(paid_off(kStart, 1'250'000, 0, 10'000'000) == kStart + 1s);
  CHECK(paid_off(kStart, 125'000'000, 1472, 10'000'000) == kStart + 100s - 1'177'600ns);
  CHECK(paid_off(kStart, 65'507, 65'507, 10'000'000) > kStart + 50ms);  // one is no tenth of it
  CHECK(paid_off(kStart, 0, 1472, 10'000'000) == kStart);
  CHECK(paid_off(kStart, 1000, 0, 0) == kStart);
  CHECK(paid_off(kStart, UINT64_MAX, 0, 1) == kNever);
}

TEST_CASE("debts are counted until they are paid", "[session]") {
  RateDebts debts;
  CHECK(debts.bps(kStart) == 0);
  debts.owe(3, kStart + 1s, kStart);
  debts.owe(4, kStart + 2s, kStart);
  debts.owe(5, kStart, kStart);  // paid already
  CHECK(debts.bps(kStart) == 7);
  CHECK(debts.next_end(kStart) == kStart + 1s);
  CHECK(debts.next_end(kStart + 1s) == kStart + 2s);
  CHECK(debts.next_end(kStart + 2s) == kNever);
  CHECK(debts.bps(kStart + 1s) == 4);
  CHECK(debts.bps(kStart + 2s) == 0);
  debts.owe(UINT64_MAX, kStart + 1s, kStart);
  CHECK(debts.bps(kStart) == UINT64_MAX);
}

TEST_CASE("very many debts take no more memory, and what is owed stays the same", "[session]") {
  // 2560 of a bit/s that end 20 ms after each other: 2560 * (1 + 2560) / 2 * 20 ms are 65 561.6
  // bits.
  constexpr std::uint64_t kDebts = 10 * RateDebts::kMost;
  RateDebts debts;
  for (std::uint64_t i = 1; i <= kDebts; ++i) {
    debts.owe(1, kStart + 20ms * static_cast<std::int64_t>(i), kStart);
  }
  double bits = 0;
  std::size_t ends = 0;
  for (MonoTime at = kStart; debts.next_end(at) != kNever; ++ends) {
    const MonoTime end = debts.next_end(at);
    bits += static_cast<double>(debts.bps(at)) * std::chrono::duration<double>(end - at).count();
    at = end;
  }
  CHECK(ends <= RateDebts::kMost);
  CHECK(bits >= 65'561.6);
  CHECK(bits < 65'561.6 * 1.03);  // rates are whole bits/s
  CHECK(debts.bps(kStart + 51'199ms) > 0);
  CHECK(debts.bps(kStart + 51'200ms) == 0);
}

TEST_CASE("a short debt stays short, however many long ones there are", "[session]") {
  RateDebts debts;
  const auto owe_long = [&debts](int n) {
    for (int i = 0; i < n; ++i) {
      debts.owe(1, kStart + 524'056s + 1s * i, kStart);
    }
  };
  owe_long(256);
  debts.owe(1'000'000, kStart + 1s, kStart);
  debts.owe(2'000'000, kStart + 2s, kStart);
  owe_long(512);
  const std::uint64_t rest = debts.bps(kStart + 2s);
  CHECK(debts.bps(kStart + 2s - 1ns) == 2'000'000 + rest);
  CHECK(debts.bps(kStart) == 3'000'000 + rest);
  CHECK(debts.next_end(kStart) == kStart + 1s);
}

TEST_CASE("no debt lasts longer than a minute: it is paid faster", "[session]") {
  RateDebts debts;
  debts.owe(1, kStart + 524'056s, kStart);  // a datagram of 65507 B at 1 bit/s
  CHECK(debts.bps(kStart) == 8735);         // 524056 / 60 = 8734.3
  CHECK(debts.bps(kStart + 60s - 1ns) == 8735);
  CHECK(debts.bps(kStart + 60s) == 0);
  debts.owe(UINT64_MAX, kNever, kStart);
  CHECK(debts.bps(kStart) == UINT64_MAX);
  CHECK(debts.next_end(kStart) == kStart + 60s);
}
