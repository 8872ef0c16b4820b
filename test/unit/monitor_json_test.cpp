#include <nlohmann/json.hpp>

#include "monitor/json.hpp"
#include "support/catch.hpp"

namespace udperf::monitor {
namespace {

TEST_CASE("long lists are written as they would be in one document", "[monitor]") {
  LongJson text{{{"schema", "a"}, {"n", 7}}};
  text.begin_list("first");
  text.add({{"x", 1}});
  text.add(nullptr);
  text.begin_list("none");
  text.begin_list("last");
  text.add("\xff");  // no UTF-8

  CHECK(text.take() == dump({{"schema", "a"},
                             {"n", 7},
                             {"first", {{{"x", 1}}, nullptr}},
                             {"none", Json::array()},
                             {"last", {"\xff"}}}));
}

}  // namespace
}  // namespace udperf::monitor
