#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>

#include "base/memory_account.hpp"
#include "base/time.hpp"
#include "base/token_bucket.hpp"

namespace udperf::stats {

/// Remembers exactly which sequence numbers arrived: one bit each, in pages.
///
/// Loss is decided from the sender's own count, never from gaps seen on the way, so order,
/// duplicates and a lost tail cannot bend the result. A page that lies wholly below the highest
/// number seen is folded (handed on in sequence order, and freed) once that has been so for Tmax:
/// what arrives for it later is later than the loss threshold by its own delay (RFC 7680 s2.8.2).
/// So memory is bounded by Tmax and the rate, not by the length of the test. Not thread-safe.
class SequenceLedger {
 public:
  static constexpr std::uint64_t kPageNumbers = 32768;
  /// Bitmaps kept at most (64 MiB); beyond, the oldest page is folded before its time.
  static constexpr std::size_t kMostBitmaps = (std::size_t{64} << 20U) / (kPageNumbers / 8);
  /// Pages kept at most, with a bitmap or without.
  static constexpr std::size_t kMostPages = 65536;
  /// Numbers so far beyond the highest seen are no network's doing.
  static constexpr std::uint64_t kMostAhead = std::uint64_t{1} << 30U;
  /// Nor do they jump by more in a second, however often: no stream is as fast. Each page that is
  /// jumped over costs time, some 30 ns, whoever wrote the number.
  static constexpr std::uint64_t kMostAheadPerSecond = std::uint64_t{1} << 27U;

  /// A piece of what a page says: the `count` numbers from `first` on all arrived, or all did not.
  struct Stretch {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
    bool arrived = false;
  };
  using Fold = std::function<void(const Stretch&)>;

  /// Where `account` (null: none) grants no more, the oldest page is folded before its time.
  /// `limit`: numbers are below it; of few, bitmaps are short.
  SequenceLedger(Duration tmax, Fold fold, MemoryAccount* account = nullptr,
                 std::uint64_t limit = UINT64_MAX);

  enum class Arrival : std::uint8_t {
    first_copy,
    duplicate,        ///< the second copy: the number counts as replicated from now on
    more_duplicates,  ///< the third or a later copy
    late,             ///< its page is folded
    out_of_range,
    no_memory,  ///< not recorded: nothing could be folded to make room
  };
  Arrival record(std::uint64_t sequence, MonoTime now);

  /// Records `count` numbers (1 or more) at once if none of them has arrived yet and none is late;
  /// otherwise, or when they do not lie in one page, records nothing and returns false.
  bool record_fresh(std::uint64_t first, std::uint64_t count, MonoTime now);

  /// Folds all that is left, up to `sent` numbers. Numbers >= sent that had arrived are handed to
  /// `beyond` instead, in sequence order. Precondition: sent >= folded_below(). Call once.
  void close(std::uint64_t sent, const Fold& beyond);

  /// From this number on a first copy can still be told from a duplicate.
  [[nodiscard]] std::uint64_t folded_below() const { return base_ * kPageNumbers; }
  /// The highest number that arrived, plus one.
  [[nodiscard]] std::uint64_t next_expected() const { return next_; }
  /// What pages and bitmaps take now.
  [[nodiscard]] std::size_t memory_bytes() const;
  /// A page was folded before its time for want of memory.
  [[nodiscard]] bool hurried() const { return hurried_; }

 private:
  using Words =
      std::unique_ptr<std::uint64_t[]>;  // NOLINT(*-avoid-c-arrays): bitmap_words_ of them
  struct Page {
    Words bits;        ///< null when none or all have arrived
    Words duplicates;  ///< null when none came twice
    std::uint32_t count = 0;
    MonoTime passed = kNever;  ///< since when it lies wholly below next_expected()
  };

  [[nodiscard]] bool in_reach(std::uint64_t sequence, MonoTime now) const;
  void note_jump(std::uint64_t first, MonoTime now);
  Page* page_for(std::uint64_t sequence);
  [[nodiscard]] Page& page_of(std::uint64_t sequence) {
    return pages_[sequence / kPageNumbers - base_];
  }
  [[nodiscard]] bool make_room(std::size_t bytes);
  std::uint64_t* bitmap(Words Page::*which, std::uint64_t sequence);
  [[nodiscard]] std::size_t bitmap_bytes() const { return bitmap_words_ * sizeof(std::uint64_t); }
  [[nodiscard]] std::span<const std::uint64_t> words(const Words& bits) const {
    return {bits.get(), bitmap_words_};
  }
  Arrival without_bitmap(std::uint64_t sequence) const {
    return sequence < folded_below() ? Arrival::late : Arrival::no_memory;
  }
  void note_arrivals(Page& page, std::uint64_t end, std::uint64_t count, MonoTime now);
  void pass_pages(MonoTime now);
  void fold_due(MonoTime now);
  void fold_front();
  void close_page(const Page& page, std::uint64_t first, std::uint64_t sent, const Fold& beyond);
  static void emit(const Fold& fold, const Stretch& stretch);
  static void emit_bits(const Fold& fold, std::span<const std::uint64_t> bits, const Stretch& part);
  Arrival duplicate(std::uint64_t sequence);

  Duration tmax_;
  Fold fold_;
  std::uint64_t limit_;
  std::size_t bitmap_words_;
  std::deque<Page> pages_;
  std::uint64_t base_ = 0;  ///< number of the first page kept
  std::uint64_t next_ = 0;
  std::size_t bitmaps_ = 0;         ///< of both kinds
  std::uint64_t passed_pages_ = 0;  ///< pages of pages_ whose `passed` is set
  TokenBucket jumps_{kMostAheadPerSecond, kMostAhead};
  MemoryShare memory_;
  bool hurried_ = false;
};

}  // namespace udperf::stats
