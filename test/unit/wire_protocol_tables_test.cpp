// The tables of docs/protocol.md are those that the codec has.

#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/protocol_page.hpp"
#include "wire/protocol_tables.hpp"
#include "wire/visit_report.hpp"

using namespace udperf;
using namespace udperf::test;

TEST_CASE("the page has the tables that the codec makes", "[wire][docs]") {
  const std::string text = protocol_page();
  INFO("else run: udperf_generate --docs docs");
  const bool fresh = text == wire::with_wire_tables(text);  // not the whole page in the output
  CHECK(fresh);
  const PageTables on_page = tables_of(text);
  for (const auto& [name, table] : wire::wire_tables()) {
    CAPTURE(name);
    CHECK((on_page.count(name) == 1 || table.fields.empty()));
  }
}

TEST_CASE("a stale table is told from a good one", "[wire][docs]") {
  std::string text = protocol_page();
  const std::string row = "| nonce |";
  text.replace(text.find(row), row.size(), "| nonse |");
  const bool fresh = text == wire::with_wire_tables(text);
  CHECK_FALSE(fresh);
  CHECK(wire::with_wire_tables("<!-- wire: NOPE -->\n<!-- end of wire -->\n").find("THERE IS NO") !=
        std::string::npos);
}

TEST_CASE("the report's format has a number of its own for each shape that it had",
          "[wire][docs]") {
  const auto& report = wire::wire_tables().at("report");
  std::uint16_t before = 0;
  for (const auto& revision : wire::kReportRevisions) {
    CAPTURE(revision.number, report.fields.size(), wire::shape_digest(report, revision.fields));
    CHECK(revision.number == before + 1);
    CHECK(revision.fields <= report.fields.size());
    CHECK(revision.shape == wire::shape_digest(report, revision.fields));
    before = revision.number;
    const std::string row = "| " + std::to_string(wire::kReportFormat) + " | " +
                            std::to_string(revision.number) + " | ";
    CHECK(protocol_page().find(row) != std::string::npos);
  }
  CHECK(wire::kReportRevisions.back().fields == report.fields.size());
}

TEST_CASE("another shape of the report has another digest", "[wire][docs]") {
  const auto good = wire::wire_tables().at("report");
  const auto digest = wire::shape_digest(good, good.fields.size());
  const auto changed = [&](auto change) {
    auto table = good;
    change(table.fields);
    return wire::shape_digest(table, table.fields.size()) != digest;
  };
  using Fields = std::vector<wire::WireField>;
  CHECK(changed([](Fields& f) { f.pop_back(); }));
  CHECK(changed([](Fields& f) { std::swap(f[3], f[4]); }));
  CHECK(changed([](Fields& f) { f[3].name = "other"; }));
  CHECK(changed([](Fields& f) { f[3].most = f[3].least = 4; }));
  CHECK(changed([](Fields& f) { f[3].presence = wire::Presence::later; }));
  CHECK_FALSE(changed([](Fields& f) { f[3].meaning = "in other words"; }));
}
