#include <vector>

#include "stats/sequence_ledger.hpp"
#include "support/catch.hpp"
#include "support/stats_replay.hpp"

using namespace std::chrono_literals;
using udperf::stats::SequenceLedger;
using udperf::test::at_ms;
using Arrival = SequenceLedger::Arrival;
using Stretch = SequenceLedger::Stretch;

namespace {

constexpr std::uint64_t kPage = SequenceLedger::kPageNumbers;
constexpr std::size_t kBitmap = kPage / 8;

/// A ledger and what it folded: which numbers, in order, arrived or not.
struct Books {
  SequenceLedger ledger{3s, [this](const Stretch& stretch) { note(stretch); }};
  std::uint64_t folded = 0;  ///< numbers folded so far
  std::vector<std::uint64_t> lost;
  std::vector<std::uint64_t> beyond;

  void note(const Stretch& stretch) {
    CHECK(stretch.first == folded);  // without a hole, in sequence order
    CHECK(stretch.count > 0);
    folded += stretch.count;
    append(lost, stretch, !stretch.arrived);
  }
  void close(std::uint64_t sent) {
    ledger.close(sent, [this](const Stretch& stretch) { append(beyond, stretch, true); });
    CHECK(folded == sent);
  }
  static void append(std::vector<std::uint64_t>& list, const Stretch& stretch, bool wanted) {
    for (std::uint64_t i = 0; wanted && i < stretch.count; ++i) {
      list.push_back(stretch.first + i);
    }
  }
};
using Numbers = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("a lost tail is lost, although no gap was ever seen", "[stats]") {
  Books books;
  CHECK(books.ledger.record(0, at_ms(0)) == Arrival::first_copy);

  books.close(10);
  CHECK(books.lost == Numbers{1, 2, 3, 4, 5, 6, 7, 8, 9});
}

TEST_CASE("a duplicate does not make up for a loss", "[stats]") {
  Books books;
  CHECK(books.ledger.record(0, at_ms(0)) == Arrival::first_copy);
  CHECK(books.ledger.record(2, at_ms(0)) == Arrival::first_copy);
  CHECK(books.ledger.record(2, at_ms(0)) == Arrival::duplicate);
  CHECK(books.ledger.record(2, at_ms(0)) == Arrival::more_duplicates);
  CHECK(books.ledger.record(2, at_ms(0)) == Arrival::more_duplicates);
  CHECK(books.ledger.next_expected() == 3);

  books.close(3);
  CHECK(books.lost == Numbers{1});
}

TEST_CASE("nothing sent, nothing lost", "[stats]") {
  Books books;
  books.close(0);
  CHECK(books.lost.empty());
  CHECK(books.beyond.empty());
}

TEST_CASE("nothing arrived, all is lost", "[stats]") {
  Books books;
  books.close(kPage + 1);
  CHECK(books.lost.size() == kPage + 1);
}

TEST_CASE("numbers at the borders of words and pages are kept apart", "[stats]") {
  for (const std::uint64_t border : {std::uint64_t{64}, std::uint64_t{128}, kPage, 2 * kPage}) {
    for (const std::uint64_t number : {border - 1, border, border + 1}) {
      Books books;
      CAPTURE(number);
      CHECK(books.ledger.record(number, at_ms(0)) == Arrival::first_copy);
      CHECK(books.ledger.record(number - 1, at_ms(0)) == Arrival::first_copy);
      CHECK(books.ledger.record(number + 1, at_ms(0)) == Arrival::first_copy);
      CHECK(books.ledger.record(number, at_ms(0)) == Arrival::duplicate);

      books.close(number + 3);
      CHECK(books.lost.size() == number);
      CHECK(books.lost.back() == number + 2);
      CHECK(books.lost[number - 2] == number - 2);
    }
  }
}

TEST_CASE("a full page still knows its duplicates", "[stats]") {
  Books books;
  for (std::uint64_t number = 0; number < kPage; ++number) {
    REQUIRE(books.ledger.record(number, at_ms(0)) == Arrival::first_copy);
  }
  CHECK(books.ledger.memory_bytes() < 100);  // no bitmap any more

  CHECK(books.ledger.record(7, at_ms(0)) == Arrival::duplicate);
  CHECK(books.ledger.record(7, at_ms(0)) == Arrival::more_duplicates);
  CHECK_FALSE(books.ledger.record_fresh(7, 1, at_ms(0)));
  books.close(kPage);
  CHECK(books.lost.empty());
}

TEST_CASE("a run is recorded at once when all of it is new", "[stats]") {
  Books books;
  CHECK(books.ledger.record_fresh(10, 100, at_ms(0)));
  CHECK(books.ledger.next_expected() == 110);
  CHECK(books.ledger.record_fresh(5, 5, at_ms(0)));
  CHECK(books.ledger.next_expected() == 110);

  books.close(112);
  CHECK(books.lost == Numbers{0, 1, 2, 3, 4, 110, 111});
}

TEST_CASE("a run may end where a word ends", "[stats]") {
  Books books;
  CHECK(books.ledger.record_fresh(1, 63, at_ms(0)));
  CHECK(books.ledger.record_fresh(64, 128, at_ms(0)));

  CHECK(books.ledger.record(63, at_ms(0)) == Arrival::duplicate);
  CHECK(books.ledger.record(191, at_ms(0)) == Arrival::duplicate);
  books.close(192);
  CHECK(books.lost == Numbers{0});
}

TEST_CASE("a run of which one number has arrived leaves no trace", "[stats]") {
  for (const std::uint64_t taken : {100U, 127U, 128U, 150U, 191U, 192U, 199U}) {
    Books books;
    CAPTURE(taken);
    REQUIRE(books.ledger.record(taken, at_ms(0)) == Arrival::first_copy);

    CHECK_FALSE(books.ledger.record_fresh(100, 100, at_ms(0)));
    CHECK(books.ledger.next_expected() == taken + 1);
    books.close(200);
    CHECK(books.lost.size() == 199);
  }
}

TEST_CASE("a run of several pages is left to be recorded one by one", "[stats]") {
  Books books;
  CHECK(books.ledger.record_fresh(kPage - 2, 2, at_ms(0)));
  CHECK_FALSE(books.ledger.record_fresh(2 * kPage - 1, 2, at_ms(0)));
  CHECK(books.ledger.next_expected() == kPage);
}

TEST_CASE("what comes longer than Tmax after its page was passed is late", "[stats]") {
  Books books;
  books.ledger.record(kPage - 1, at_ms(0));  // passes page 0
  books.ledger.record(2 * kPage, at_ms(2000));

  CHECK(books.ledger.record(5, at_ms(3000)) == Arrival::first_copy);
  CHECK(books.ledger.folded_below() == 0);
  CHECK(books.ledger.record(6, at_ms(3001)) == Arrival::late);
  CHECK_FALSE(books.ledger.record_fresh(6, 2, at_ms(3001)));
  CHECK(books.ledger.folded_below() == kPage);
  CHECK(books.lost.size() == kPage - 2);
  CHECK(books.ledger.record(kPage, at_ms(3001)) == Arrival::first_copy);

  books.close(2 * kPage + 1);
  CHECK(books.lost.size() == 2 * kPage + 1 - 4);
}

TEST_CASE("a page that was not passed waits as long as it takes", "[stats]") {
  Books books;
  books.ledger.record(kPage - 2, at_ms(0));

  CHECK(books.ledger.record(5, at_ms(100'000)) == Arrival::first_copy);
  CHECK(books.ledger.folded_below() == 0);
}

TEST_CASE("numbers beyond what was sent are handed over apart", "[stats]") {
  Books books;
  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{2}, std::uint64_t{5},
                                     std::uint64_t{6}, kPage + 1, 3 * kPage}) {
    books.ledger.record(number, at_ms(0));
  }

  books.close(4);
  CHECK(books.lost == Numbers{1, 3});
  CHECK(books.beyond == Numbers{5, 6, kPage + 1, 3 * kPage});
}

TEST_CASE("the border of what was sent may lie in a full page", "[stats]") {
  Books books;
  for (std::uint64_t number = 0; number < 2 * kPage; ++number) {
    books.ledger.record(number, at_ms(0));
  }

  books.close(2 * kPage - 3);
  CHECK(books.lost.empty());
  CHECK(books.beyond == Numbers{2 * kPage - 3, 2 * kPage - 2, 2 * kPage - 1});
}

TEST_CASE("a number too far ahead is refused and costs no memory", "[stats]") {
  Books books;
  books.ledger.record(0, at_ms(0));
  const auto before = books.ledger.memory_bytes();

  CHECK(books.ledger.record(std::uint64_t{1} << 59U, at_ms(0)) == Arrival::out_of_range);
  CHECK_FALSE(books.ledger.record_fresh(std::uint64_t{1} << 59U, 5, at_ms(0)));
  CHECK(books.ledger.record(SequenceLedger::kMostAhead + 2, at_ms(0)) == Arrival::out_of_range);
  CHECK(books.ledger.record(UINT64_MAX, at_ms(0)) == Arrival::out_of_range);
  CHECK(books.ledger.next_expected() == 1);
  CHECK(books.ledger.memory_bytes() == before);
}

TEST_CASE("the farthest number ahead is taken, by itself and in a run", "[stats]") {
  Books one;
  one.ledger.record(0, at_ms(0));
  CHECK(one.ledger.record(SequenceLedger::kMostAhead + 1, at_ms(0)) == Arrival::first_copy);
  CHECK(one.ledger.next_expected() == SequenceLedger::kMostAhead + 2);

  Books run;
  run.ledger.record(0, at_ms(0));
  CHECK_FALSE(run.ledger.record_fresh(SequenceLedger::kMostAhead + 2, 1, at_ms(0)));
  CHECK(run.ledger.record_fresh(SequenceLedger::kMostAhead + 1, 1, at_ms(0)));
}

TEST_CASE("numbers that jump cost no more pages than a second's datagrams have", "[stats]") {
  const auto jump = GENERATE(2 * kPage, std::uint64_t{1} << 22U, SequenceLedger::kMostAhead);
  constexpr std::uint32_t kSeconds = 20;
  constexpr std::uint64_t kMost =
      (SequenceLedger::kMostAhead + kSeconds * SequenceLedger::kMostAheadPerSecond) / kPage;
  std::uint64_t pieces = 0;
  SequenceLedger ledger{3s, [&pieces](const Stretch&) { ++pieces; }};
  std::uint64_t taken = 0;
  for (std::int64_t ms = 0; ms < 1000 * std::int64_t{kSeconds}; ++ms) {
    const auto arrival = ledger.record(ledger.next_expected() + jump, at_ms(ms));
    REQUIRE((arrival == Arrival::first_copy || arrival == Arrival::out_of_range));
    taken += arrival == Arrival::first_copy ? 1U : 0U;
  }
  CAPTURE(jump, taken);
  CHECK(pieces <= kMost + 4 * taken);
  CHECK(ledger.next_expected() / kPage <= kMost);
}

TEST_CASE("a path that was out for ten seconds at a hundred million a second is followed",
          "[stats]") {
  SequenceLedger ledger{3s, [](const Stretch&) {}};
  REQUIRE(ledger.record(0, at_ms(0)) == Arrival::first_copy);
  CHECK(ledger.record(1'000'000'000, at_ms(10'000)) == Arrival::first_copy);
  CHECK(ledger.record_fresh(2'000'000'000, 10, at_ms(20'000)));
}

TEST_CASE("a folded page gives its bitmaps back", "[stats]") {
  Books books;
  books.ledger.record(5, at_ms(0));
  books.ledger.record(5, at_ms(0));
  CHECK(books.ledger.memory_bytes() >= 2 * kBitmap);
  books.ledger.record(kPage, at_ms(0));
  books.ledger.record(kPage + 1, at_ms(4000));

  CHECK(books.ledger.folded_below() == kPage);
  CHECK(books.ledger.memory_bytes() < 2 * kBitmap);
}

TEST_CASE("bitmaps are bounded even when time stands still", "[stats]") {
  SequenceLedger ledger{3s, [](const Stretch&) {}};
  for (std::uint64_t page = 0; page < SequenceLedger::kMostBitmaps + 100; ++page) {
    REQUIRE(ledger.record(page * kPage + 1, at_ms(0)) == Arrival::first_copy);
    REQUIRE(ledger.record(page * kPage + 1, at_ms(0)) == Arrival::duplicate);
  }

  CHECK(ledger.memory_bytes() < (SequenceLedger::kMostBitmaps + 3) * (kBitmap + 100));
  CHECK(ledger.folded_below() > 0);
}

TEST_CASE("the ledger of few numbers is small, and tells the same", "[stats]") {
  constexpr std::uint64_t kFew = 100;
  Numbers lost;
  Numbers beyond;
  SequenceLedger ledger{
      3s, [&lost](const Stretch& stretch) { Books::append(lost, stretch, !stretch.arrived); },
      nullptr, kFew};
  CHECK(ledger.record_fresh(0, 10, at_ms(0)));
  CHECK(ledger.record(12, at_ms(0)) == Arrival::first_copy);
  CHECK(ledger.record(12, at_ms(0)) == Arrival::duplicate);
  CHECK(ledger.record(12, at_ms(0)) == Arrival::more_duplicates);
  CHECK(ledger.record(99, at_ms(0)) == Arrival::first_copy);
  CHECK(ledger.record(100, at_ms(0)) == Arrival::out_of_range);
  CHECK_FALSE(ledger.record_fresh(98, 3, at_ms(0)));
  CHECK(ledger.memory_bytes() < 200);

  const auto close = [&ledger, &beyond](std::uint64_t sent) {
    ledger.close(sent, [&beyond](const Stretch& stretch) { Books::append(beyond, stretch, true); });
  };
  SECTION("all of them were sent") {
    close(kFew);
    CHECK(lost.size() == kFew - 12);
    CHECK(beyond.empty());
  }
  SECTION("the sender says that it sent fewer") {
    close(12);
    CHECK(lost == Numbers{10, 11});
    CHECK(beyond == Numbers{12, 99});
  }
  SECTION("the sender says that it sent more than there are") {
    close(2 * kPage + 5);
    CHECK(lost.size() == 2 * kPage + 5 - 12);
    CHECK(beyond.empty());
  }
}
