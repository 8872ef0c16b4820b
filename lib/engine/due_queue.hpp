#pragma once

#include <cstddef>
#include <vector>

#include "base/time.hpp"

namespace udperf::engine {

/// What is due next, of any number of things whose times change often: a binary heap in which each
/// thing knows its place. Nothing that is moved is copied or allocated.
class DueQueue {
 public:
  struct Item {
    MonoTime at{};
    std::size_t place = 0;  ///< of the queue
  };

  /// May throw std::bad_alloc, and has changed nothing then.
  void add(Item& item) {
    items_.push_back(&item);
    item.place = items_.size() - 1;
    rise(item.place);
  }
  /// Precondition of both: the item is in the queue.
  void move(Item& item, MonoTime at) {
    item.at = at;
    rise(item.place);
    sink(item.place);
  }
  void remove(Item& item) {
    const std::size_t hole = item.place;
    Item* const last = items_.back();
    items_.pop_back();
    if (last != &item) {
      put(*last, hole);
      rise(hole);
      sink(last->place);
    }
  }

  /// Null where nothing is in it.
  [[nodiscard]] Item* first() const { return items_.empty() ? nullptr : items_.front(); }
  /// In no order but that the first is first.
  [[nodiscard]] const std::vector<Item*>& items() const { return items_; }

  /// Appends all that are due, in no particular order; they stay in the queue.
  void append_due(MonoTime now, std::vector<Item*>& out) const { append_due_below(0, now, out); }

 private:
  void put(Item& item, std::size_t place) {
    items_[place] = &item;
    item.place = place;
  }
  void rise(std::size_t place) {
    Item& item = *items_[place];
    while (place > 0 && item.at < items_[(place - 1) / 2]->at) {
      put(*items_[(place - 1) / 2], place);
      place = (place - 1) / 2;
    }
    put(item, place);
  }
  void sink(std::size_t place) {
    Item& item = *items_[place];
    for (std::size_t child = 2 * place + 1; child < items_.size(); child = 2 * place + 1) {
      child += child + 1 < items_.size() && items_[child + 1]->at < items_[child]->at ? 1U : 0U;
      if (items_[child]->at >= item.at) {
        break;
      }
      put(*items_[child], place);
      place = child;
    }
    put(item, place);
  }
  /// Where one is not due, none below it is.
  void append_due_below(std::size_t place, MonoTime now, std::vector<Item*>& out) const {
    if (place < items_.size() && items_[place]->at <= now) {
      out.push_back(items_[place]);
      append_due_below(2 * place + 1, now, out);
      append_due_below(2 * place + 2, now, out);
    }
  }

  std::vector<Item*> items_;
};

}  // namespace udperf::engine
