#include "stats/sequence_ledger.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace udperf::stats {
namespace {

constexpr std::uint64_t kWordBits = 64;
constexpr std::uint64_t kAll = ~std::uint64_t{0};

/// The part of bits [at, end) that lies in the word of bit `at`, as a mask of that word.
std::uint64_t mask(std::uint64_t at, std::uint64_t end) {
  const std::uint64_t word_end = at - at % kWordBits + kWordBits;
  const std::uint64_t until = end >= word_end ? kAll : (std::uint64_t{1} << (end % kWordBits)) - 1;
  return until & (kAll << (at % kWordBits));
}

std::uint64_t next_word(std::uint64_t at) {
  return (at / kWordBits + 1) * kWordBits;
}

}  // namespace

SequenceLedger::SequenceLedger(Duration tmax, Fold fold, MemoryAccount* account,
                               std::uint64_t limit)
    : tmax_(tmax),
      fold_(std::move(fold)),
      limit_(limit),
      bitmap_words_((std::min(limit, kPageNumbers) + kWordBits - 1) / kWordBits),
      memory_(account) {}

/// Whether a number may come now. What lies within a page of the highest one is never a question.
bool SequenceLedger::in_reach(std::uint64_t sequence, MonoTime now) const {
  if (sequence >= limit_) {
    return false;
  }
  const std::uint64_t ahead = sequence - std::min(sequence, next_);
  return ahead < kPageNumbers || (ahead <= kMostAhead && now >= jumps_.due(ahead));
}

/// `first` has arrived.
void SequenceLedger::note_jump(std::uint64_t first, MonoTime now) {
  const std::uint64_t ahead = first - std::min(first, next_);
  if (ahead >= kPageNumbers) {
    jumps_.charge(ahead, now);
  }
}

/// Null where there is no memory for it.
SequenceLedger::Page* SequenceLedger::page_for(std::uint64_t sequence) {
  const std::uint64_t kept = pages_.size();
  const std::uint64_t index = sequence / kPageNumbers - base_;
  if (index >= kept && !make_room((index + 1 - kept) * sizeof(Page))) {
    return nullptr;
  }
  while (base_ + pages_.size() <= sequence / kPageNumbers) {
    pages_.emplace_back();
  }
  return &page_of(sequence);
}

/// Takes so much of the account, folding pages before their time where that is the only way.
bool SequenceLedger::make_room(std::size_t bytes) {
  while (!memory_.grow(bytes)) {
    if (passed_pages_ == 0) {
      return false;
    }
    hurried_ = true;
    fold_front();
  }
  return true;
}

/// A bitmap of the page of `sequence`; null where there is no memory for it, or the page itself had
/// to make room.
std::uint64_t* SequenceLedger::bitmap(Words Page::*which, std::uint64_t sequence) {
  if (page_of(sequence).*which) {
    return (page_of(sequence).*which).get();
  }
  if (!make_room(bitmap_bytes())) {
    return nullptr;
  }
  if (sequence < folded_below()) {
    memory_.shrink(bitmap_bytes());
    return nullptr;
  }
  ++bitmaps_;
  auto& made = page_of(sequence).*which;
  made = std::make_unique<std::uint64_t[]>(bitmap_words_);  // NOLINT(*-avoid-c-arrays)
  return made.get();
}

SequenceLedger::Arrival SequenceLedger::duplicate(std::uint64_t sequence) {
  std::uint64_t* const seen = bitmap(&Page::duplicates, sequence);
  if (seen == nullptr) {
    hurried_ = true;
    return Arrival::duplicate;  // that it is one is known; only not whether it is the first
  }
  const std::uint64_t place = sequence % kPageNumbers;
  std::uint64_t& word = seen[place / kWordBits];
  const std::uint64_t bit = std::uint64_t{1} << (place % kWordBits);
  const bool again = (word & bit) != 0;
  word |= bit;
  return again ? Arrival::more_duplicates : Arrival::duplicate;
}

SequenceLedger::Arrival SequenceLedger::record(std::uint64_t sequence, MonoTime now) {
  if (!in_reach(sequence, now)) {
    return Arrival::out_of_range;
  }
  fold_due(now);
  if (sequence < folded_below()) {
    return Arrival::late;
  }
  const Page* const page = page_for(sequence);
  if (page == nullptr) {
    return Arrival::no_memory;
  }
  if (page->count == kPageNumbers) {
    return duplicate(sequence);
  }
  std::uint64_t* const bits = bitmap(&Page::bits, sequence);
  if (bits == nullptr) {
    return without_bitmap(sequence);
  }
  const std::uint64_t place = sequence % kPageNumbers;
  std::uint64_t& word = bits[place / kWordBits];
  const std::uint64_t bit = std::uint64_t{1} << (place % kWordBits);
  if ((word & bit) != 0) {
    return duplicate(sequence);
  }
  word |= bit;
  note_arrivals(page_of(sequence), sequence + 1, 1, now);
  return Arrival::first_copy;
}

bool SequenceLedger::record_fresh(std::uint64_t first, std::uint64_t count, MonoTime now) {
  const std::uint64_t place = first % kPageNumbers;
  const std::uint64_t end = place + count;
  if (end > kPageNumbers || !in_reach(first, now) || count > limit_ - first) {
    return false;
  }
  fold_due(now);
  if (first < folded_below()) {
    return false;
  }
  const Page* const page = page_for(first);
  if (page == nullptr || page->count == kPageNumbers) {
    return false;
  }
  std::uint64_t* const bits = bitmap(&Page::bits, first);
  if (bits == nullptr) {
    return false;
  }
  // What lies wholly above the highest number seen cannot have arrived.
  for (std::uint64_t at = place; first < next_ && at < end; at = next_word(at)) {
    if ((bits[at / kWordBits] & mask(at, end)) != 0) {
      return false;
    }
  }
  for (std::uint64_t at = place; at < end; at = next_word(at)) {
    bits[at / kWordBits] |= mask(at, end);
  }
  note_arrivals(page_of(first), first + count, count, now);
  return true;
}

/// `count` more numbers of `page` arrived, the last of them just below `end`.
void SequenceLedger::note_arrivals(Page& page, std::uint64_t end, std::uint64_t count,
                                   MonoTime now) {
  page.count += static_cast<std::uint32_t>(count);
  if (page.count == kPageNumbers) {
    page.bits.reset();
    --bitmaps_;
    memory_.shrink(bitmap_bytes());
  }
  if (end > next_) {
    note_jump(end - count, now);
    next_ = end;
    pass_pages(now);
  }
}

void SequenceLedger::pass_pages(MonoTime now) {
  while (passed_pages_ < pages_.size() && (base_ + passed_pages_ + 1) * kPageNumbers <= next_) {
    pages_[passed_pages_].passed = now;
    ++passed_pages_;
  }
}

void SequenceLedger::fold_due(MonoTime now) {
  while (passed_pages_ > 0 && (now - pages_.front().passed > tmax_ || bitmaps_ > kMostBitmaps ||
                               pages_.size() > kMostPages)) {
    fold_front();
  }
}

void SequenceLedger::fold_front() {
  const Page& page = pages_.front();
  const Stretch whole{base_ * kPageNumbers, kPageNumbers, page.count == kPageNumbers};
  if (page.bits) {
    emit_bits(fold_, words(page.bits), whole);
  } else {
    emit(fold_, whole);
  }
  const std::size_t freed = (page.bits ? 1U : 0U) + (page.duplicates ? 1U : 0U);
  bitmaps_ -= freed;
  memory_.shrink(freed * bitmap_bytes() + sizeof(Page));
  pages_.pop_front();
  ++base_;
  --passed_pages_;
}

void SequenceLedger::emit(const Fold& fold, const Stretch& stretch) {
  if (stretch.count > 0) {
    fold(stretch);
  }
}

/// Cuts `part`, which lies in one page, into stretches of equal bits. What has no bit has not come.
void SequenceLedger::emit_bits(const Fold& fold, std::span<const std::uint64_t> bits,
                               const Stretch& part) {
  const auto word_of = [bits](std::uint64_t at) {
    return at / kWordBits < bits.size() ? bits[at / kWordBits] >> (at % kWordBits) : 0;
  };
  const std::uint64_t page_first = part.first / kPageNumbers * kPageNumbers;
  std::uint64_t at = part.first - page_first;
  const std::uint64_t to = at + part.count;
  while (at < to) {
    const bool arrived = (word_of(at) & 1U) != 0;
    std::uint64_t end = at;
    while (end < to) {
      // How far the word goes on with the same bit.
      const std::uint64_t word = word_of(end);
      const auto same =
          static_cast<std::uint64_t>(arrived ? std::countr_one(word) : std::countr_zero(word));
      const std::uint64_t room = kWordBits - end % kWordBits;
      end += std::min(same, room);
      if (same < room) {
        break;
      }
    }
    end = std::min(end, to);
    emit(fold, Stretch{page_first + at, end - at, arrived});
    at = end;
  }
}

void SequenceLedger::close_page(const Page& page, std::uint64_t first, std::uint64_t sent,
                                const Fold& beyond) {
  const std::uint64_t end = first + kPageNumbers;
  const std::uint64_t border = std::clamp(sent, first, end);
  const bool full = page.count == kPageNumbers;
  const Stretch below{first, border - first, full};
  const Stretch above{border, end - border, full};
  if (page.bits) {
    const auto bits = words(page.bits);
    emit_bits(fold_, bits, below);
    emit_bits([&beyond](const Stretch& part) { part.arrived ? beyond(part) : void(); }, bits,
              above);
    return;
  }
  emit(fold_, below);
  if (full) {
    emit(beyond, above);
  }
}

void SequenceLedger::close(std::uint64_t sent, const Fold& beyond) {
  for (const Page& page : pages_) {
    close_page(page, folded_below(), sent, beyond);
    ++base_;
  }
  if (sent > folded_below()) {
    emit(fold_, Stretch{folded_below(), sent - folded_below(), false});
  }
  pages_.clear();
  passed_pages_ = 0;
  bitmaps_ = 0;
  memory_.release();
}

std::size_t SequenceLedger::memory_bytes() const {
  return pages_.size() * sizeof(Page) + bitmaps_ * bitmap_bytes();
}

}  // namespace udperf::stats
