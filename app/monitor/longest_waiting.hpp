#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace udperf::app {

/// Keeps so many of the items as there is room for, those that wait since earliest: then nobody
/// waits for ever, whoever else comes again and again. `since` tells of an item when that was.
template <typename Item, typename Since>
void keep_longest_waiting(std::vector<Item>& items, std::size_t room, Since since) {
  std::stable_sort(items.begin(), items.end(),
                   [&since](const Item& a, const Item& b) { return since(a) < since(b); });
  items.resize(std::min(items.size(), room));
}

}  // namespace udperf::app
