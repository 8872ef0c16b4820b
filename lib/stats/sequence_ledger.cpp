#include "stats/sequence_ledger.hpp"

#include <algorithm>
#include <bit>

namespace udperf::stats {
namespace {

constexpr std::uint64_t kWordBits = 64;
constexpr std::uint64_t kAll = ~std::uint64_t{0};

/// Bits `from` .. `to`-1 of a word, 0 <= from < to <= 64.
std::uint64_t mask(std::uint64_t from, std::uint64_t to) {
  const std::uint64_t high = to == kWordBits ? kAll : (std::uint64_t{1} << to) - 1;
  return high & (kAll << from);
}

}  // namespace

SequenceLedger::Page& SequenceLedger::page_for(std::uint64_t sequence) {
  const std::uint64_t index = sequence / kPageNumbers - base_;
  while (index >= pages_.size()) {
    pages_.emplace_back();
  }
  return pages_[index];
}

SequenceLedger::Arrival SequenceLedger::duplicate_in(Page& page, std::uint64_t place) {
  if (!page.duplicates) {
    page.duplicates = std::make_unique<Words>();
  }
  std::uint64_t& word = (*page.duplicates)[place / kWordBits];
  const std::uint64_t bit = std::uint64_t{1} << (place % kWordBits);
  const bool again = (word & bit) != 0;
  word |= bit;
  return again ? Arrival::more_duplicates : Arrival::duplicate;
}

SequenceLedger::Arrival SequenceLedger::record(std::uint64_t sequence, MonoTime now) {
  if (sequence >= next_ && sequence - next_ > kMostAhead) {
    return Arrival::out_of_range;
  }
  fold_due(now);
  if (sequence < folded_below()) {
    return Arrival::late;
  }
  Page& page = page_for(sequence);
  const std::uint64_t place = sequence % kPageNumbers;
  if (page.count == kPageNumbers) {
    return duplicate_in(page, place);
  }
  if (!page.bits) {
    page.bits = std::make_unique<Words>();
    ++open_;
  }
  std::uint64_t& word = (*page.bits)[place / kWordBits];
  const std::uint64_t bit = std::uint64_t{1} << (place % kWordBits);
  if ((word & bit) != 0) {
    return duplicate_in(page, place);
  }
  word |= bit;
  if (++page.count == kPageNumbers) {
    page.bits.reset();
    --open_;
  }
  if (sequence >= next_) {
    advance(sequence + 1, now);
  }
  return Arrival::first_copy;
}

bool SequenceLedger::record_fresh(std::uint64_t first, std::uint64_t count, MonoTime now) {
  const std::uint64_t place = first % kPageNumbers;
  const bool in_one_page = place + count <= kPageNumbers;
  if (!in_one_page || (first >= next_ && first - next_ > kMostAhead)) {
    return false;
  }
  fold_due(now);
  if (first < folded_below()) {
    return false;
  }
  Page& page = page_for(first);
  if (page.count == kPageNumbers) {
    return false;
  }
  if (!page.bits) {
    page.bits = std::make_unique<Words>();
    ++open_;
  }
  const std::uint64_t end = place + count;
  for (std::uint64_t at = place; at < end; at = (at / kWordBits + 1) * kWordBits) {
    const std::uint64_t to = std::min(end - at / kWordBits * kWordBits, kWordBits);
    if (((*page.bits)[at / kWordBits] & mask(at % kWordBits, to)) != 0) {
      return false;
    }
  }
  for (std::uint64_t at = place; at < end; at = (at / kWordBits + 1) * kWordBits) {
    const std::uint64_t to = std::min(end - at / kWordBits * kWordBits, kWordBits);
    (*page.bits)[at / kWordBits] |= mask(at % kWordBits, to);
  }
  page.count += static_cast<std::uint32_t>(count);
  if (page.count == kPageNumbers) {
    page.bits.reset();
    --open_;
  }
  if (first + count > next_) {
    advance(first + count, now);
  }
  return true;
}

void SequenceLedger::advance(std::uint64_t next, MonoTime now) {
  next_ = next;
  while (passed_pages_ < pages_.size() && (base_ + passed_pages_ + 1) * kPageNumbers <= next_) {
    pages_[passed_pages_].passed = now;
    ++passed_pages_;
  }
}

void SequenceLedger::fold_due(MonoTime now) {
  while (passed_pages_ > 0 && (now - pages_.front().passed > tmax_ || open_ > kMostOpenPages ||
                               pages_.size() > kMostPages)) {
    fold_front();
  }
}

void SequenceLedger::fold_front() {
  Page& page = pages_.front();
  const std::uint64_t first = base_ * kPageNumbers;
  if (page.bits) {
    emit_bits(*page.bits, 0, kPageNumbers, first);
    --open_;
  } else {
    emit(first, kPageNumbers, page.count == kPageNumbers);
  }
  pages_.pop_front();
  ++base_;
  --passed_pages_;
}

void SequenceLedger::emit(std::uint64_t first, std::uint64_t count, bool arrived) {
  if (count > 0) {
    fold_(Stretch{first, count, arrived});
  }
}

void SequenceLedger::emit_bits(const Words& bits, std::uint64_t from, std::uint64_t to,
                               std::uint64_t first) {
  std::uint64_t at = from;
  while (at < to) {
    const bool arrived = ((bits[at / kWordBits] >> (at % kWordBits)) & 1U) != 0;
    std::uint64_t end = at;
    while (end < to) {
      // How far the word goes on with the same bit.
      const std::uint64_t word = bits[end / kWordBits] >> (end % kWordBits);
      const auto same =
          static_cast<std::uint64_t>(arrived ? std::countr_one(word) : std::countr_zero(word));
      const std::uint64_t room = kWordBits - end % kWordBits;
      end += std::min(same, room);
      if (same < room) {
        break;
      }
    }
    end = std::min(end, to);
    emit(first + at, end - at, arrived);
    at = end;
  }
}

std::uint64_t SequenceLedger::close(std::uint64_t sent) {
  std::uint64_t beyond = 0;
  std::uint64_t done = folded_below();
  for (const Page& page : pages_) {
    const std::uint64_t first = base_ * kPageNumbers;
    const std::uint64_t end = first + kPageNumbers;
    const std::uint64_t within = sent > first ? std::min(sent, end) - first : 0;
    if (page.bits) {
      emit_bits(*page.bits, 0, within, first);
      std::uint64_t inside = 0;
      for (std::uint64_t i = 0; i < within; ++i) {
        inside += ((*page.bits)[i / kWordBits] >> (i % kWordBits)) & 1U;
      }
      beyond += page.count - inside;
    } else {
      emit(first, within, page.count == kPageNumbers);
      beyond += page.count == kPageNumbers ? kPageNumbers - within : 0;
    }
    done = first + within;
    ++base_;
  }
  pages_.clear();
  passed_pages_ = 0;
  open_ = 0;
  if (sent > done) {
    emit(done, sent - done, false);
  }
  return beyond;
}

std::size_t SequenceLedger::memory_bytes() const {
  std::size_t bytes = pages_.size() * sizeof(Page) + open_ * sizeof(Words);
  for (const Page& page : pages_) {
    bytes += page.duplicates ? sizeof(Words) : 0;
  }
  return bytes;
}

}  // namespace udperf::stats
