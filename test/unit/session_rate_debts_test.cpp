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

TEST_CASE("very many debts take no more memory, and are never less", "[session]") {
  RateDebts debts;
  for (std::uint64_t i = 1; i <= 10 * RateDebts::kMost; ++i) {
    debts.owe(1, kStart + 1s * static_cast<std::int64_t>(i), kStart);
  }
  CHECK(debts.bps(kStart) == 10 * RateDebts::kMost);
  CHECK(debts.bps(kStart + 10s * static_cast<std::int64_t>(RateDebts::kMost) - 1s) > 0);
  CHECK(debts.bps(kStart + 10s * static_cast<std::int64_t>(RateDebts::kMost)) == 0);
}
