#include "report/fields/parts.hpp"
#include "report/json_tree.hpp"
#include "report/writer.hpp"

namespace udperf::report {

std::string to_json(const result::ResultDocument& document) {
  return dump(document_tree(document), 2);
}

std::string session_to_json(const SessionOutcome& outcome) {
  return dump(Json{{"event", "session"},
                   {"t_unix_ns", to_ns(outcome.closed)},
                   {"data", tree_of(session_fields(), outcome)}},
              -1);
}

}  // namespace udperf::report
