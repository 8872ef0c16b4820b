#pragma once

#include <utility>
#include <vector>

#include "app/monitor/history.hpp"

namespace udperf::test {

/// All that a history tells of a query.
inline Result<std::vector<app::HistoryRow>> rows_of(const app::History& history,
                                                    const app::History::Query& query) {
  std::vector<app::HistoryRow> rows;
  const auto done =
      history.read(query, [&rows](const app::HistoryRow& row) { rows.push_back(row); });
  return done ? Result<std::vector<app::HistoryRow>>{std::move(rows)}
              : tl::unexpected{done.error()};
}

}  // namespace udperf::test
