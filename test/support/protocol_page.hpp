#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace udperf::test {

/// docs/protocol.md.
[[nodiscard]] std::string protocol_page();

/// A line of a table, as the page has it.
struct PageLine {
  std::string offset;
  std::string bytes;
  std::string type;
  std::string name;
  std::string absent;
};

using PageTables = std::map<std::string, std::vector<PageLine>>;

/// The tables of fields of a page, by the names in its marks.
[[nodiscard]] PageTables tables_of(const std::string& page);

/// Reads bytes by nothing but the tables of a page, and keeps what it read by the names there:
/// "unique", "intervals.2.lost". What does not fit the tables fails the test.
class PageReader {
 public:
  /// Both must outlive it.
  PageReader(const PageTables& tables, std::span<const std::byte> bytes)
      : tables_(tables), bytes_(bytes) {}

  void read(const std::string& table, const std::string& prefix = {});
  /// Goes on at this byte; the next table's offsets count from the datagram's begin.
  void behind(std::size_t from) {
    at_ = from;
    from_ = from;
  }
  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] std::uint64_t value(const std::string& name) const;
  [[nodiscard]] bool has(const std::string& name) const { return values_.count(name) == 1; }

 private:
  void read_line(const PageLine& line, const std::string& name);
  void read_one(const std::string& type, std::size_t bytes, const std::string& name);
  std::uint64_t number(std::size_t bytes);

  const PageTables& tables_;
  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
  std::size_t from_ = 0;
  std::uint64_t last_ = 0;
  std::map<std::string, std::uint64_t> values_;
};

/// A message that has been read by the page to its end.
PageReader read_by_page(const PageTables& tables, const std::string& name,
                        const std::vector<std::byte>& bytes);

}  // namespace udperf::test
