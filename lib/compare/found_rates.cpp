#include "compare/found_rates.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "compare/path.hpp"

namespace udperf::compare {
namespace {

/// More rows than any search has.
constexpr std::size_t kMostRows = 1000;

/// By payload (0 where sizes do not matter) and whether it is the way down.
using SearchKey = std::pair<std::uint64_t, bool>;
using Answers = std::map<SearchKey, std::optional<double>>;

const Json* size_rows(const Json& document) {
  const Json* const rows = at_path(document, "search_sizes");
  return rows != nullptr && rows->is_array() && !rows->empty() ? rows : nullptr;
}

std::uint64_t payload_of(const Json* json) {
  return json != nullptr && json->is_number_integer() && *json >= 0 ? json->get<std::uint64_t>()
                                                                    : 0;
}

/// Of several with the same size and direction the worst counts, and none is the worst.
void add_answer(const Json& search, std::uint64_t payload, bool usually_down, Answers& answers) {
  if (!search.is_object()) {
    return;
  }
  const Json* const direction = at_path(search, "direction");
  const bool down = direction != nullptr ? *direction == "down" : usually_down;
  const auto value = number_of(at_path(search, "answer_bps"));
  const auto [at, added] = answers.emplace(SearchKey{payload, down}, value);
  if (!added && at->second && (!value || *value < *at->second)) {
    at->second = value;
  }
}

Answers answers_of(const Json& document, bool by_size) {
  Answers answers;
  if (const Json* const rows = size_rows(document)) {  // search is that of the last of them
    for (std::size_t i = 0; i < std::min(rows->size(), kMostRows); ++i) {
      const Json& row = rows->at(i);
      add_answer(row, payload_of(at_path(row, "payload_bytes")), false, answers);
    }
    return answers;
  }
  const auto payload = by_size ? payload_of(at_path(document, "test.payload_bytes")) : 0;
  for (const bool down : {false, true}) {
    if (const Json* const search = at_path(document, down ? "search_down" : "search")) {
      add_answer(*search, payload, down, answers);
    }
  }
  return answers;
}

Difference size_difference(const SearchKey& key, bool had) {
  const auto text = [](bool has) { return has ? "\"searched\"" : "\"not searched\""; };
  return {"search_sizes of " + std::to_string(key.first) + " B " + (key.second ? "down" : "up"),
          text(had), text(!had)};
}

}  // namespace

FoundRates found_rates(const Json& before, const Json& after) {
  const bool by_size = size_rows(before) != nullptr || size_rows(after) != nullptr;
  const Answers was = answers_of(before, by_size);
  const Answers is = answers_of(after, by_size);
  const Json* const status = at_path(after, "status");
  const bool whole = status != nullptr && *status == "complete";
  FoundRates out;
  Answers all = was;
  all.insert(is.begin(), is.end());
  for (const auto& [key, any] : all) {
    const auto of_old = was.find(key);
    const auto of_new = is.find(key);
    FoundPair pair;
    pair.of.direction = key.second ? "down" : "up";
    if (by_size) {
      pair.of.payload_bytes = key.first;
    }
    pair.before = of_old != was.end() ? of_old->second : std::nullopt;
    pair.after = of_new != is.end() ? of_new->second : std::nullopt;
    pair.gone = pair.before && !pair.after && (of_new != is.end() || !whole);
    out.pairs.push_back(pair);
    if (by_size && (of_old == was.end() || of_new == is.end())) {
      out.differences.push_back(size_difference(key, of_old != was.end()));
    }
  }
  return out;
}

}  // namespace udperf::compare
