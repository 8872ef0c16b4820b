#include "support/protocol_page.hpp"

#include <cctype>
#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>

#include "support/catch.hpp"
#include "support/places.hpp"

namespace udperf::test {
namespace {

PageLine line_of(const std::string& text) {
  std::vector<std::string> cells;
  std::istringstream stream{text.substr(1)};
  for (std::string cell; std::getline(stream, cell, '|');) {
    const auto first = cell.find_first_not_of(' ');
    const auto last = cell.find_last_not_of(' ');
    cells.push_back(first == std::string::npos ? "" : cell.substr(first, last - first + 1));
  }
  REQUIRE(cells.size() == 6);
  return {cells[0], cells[1], cells[2], cells[3], cells[5]};
}

}  // namespace

std::string protocol_page() {
  std::ifstream stream{std::string{kSourceDir} + "/docs/protocol.md"};
  REQUIRE(stream.good());
  return {std::istreambuf_iterator<char>{stream}, {}};
}

PageTables tables_of(const std::string& page) {
  PageTables tables;
  std::istringstream stream{page};
  std::vector<PageLine>* rows = nullptr;
  for (std::string line; std::getline(stream, line);) {
    const std::string mark = "<!-- wire: ";
    if (line.rfind(mark, 0) == 0) {
      const auto name = line.substr(mark.size(), line.find(" -->") - mark.size());
      rows = name == "messages" ? nullptr : &tables[name];
    } else if (line.rfind("<!-- end", 0) == 0) {
      rows = nullptr;
    } else if (rows != nullptr && !line.empty() && line.find("|---") != 0 &&
               line.find("| offset") != 0) {
      rows->push_back(line_of(line));
    }
  }
  return tables;
}

void PageReader::read(const std::string& table, const std::string& prefix) {
  const std::size_t begin = at_;
  REQUIRE(tables_.count(table) == 1);
  for (const PageLine& line : tables_.at(table)) {
    CAPTURE(table, line.name);
    if (line.absent == "at the end" && at_ == bytes_.size()) {
      last_ = 0;
      continue;
    }
    if (line.absent == "behind a 1" && last_ != 1) {
      continue;
    }
    if (!line.offset.empty()) {
      CHECK(at_ == begin - from_ + std::stoul(line.offset));
    }
    read_line(line, prefix + line.name);
  }
}

std::uint64_t PageReader::value(const std::string& name) const {
  CAPTURE(name);
  REQUIRE(values_.count(name) == 1);
  return values_.at(name);
}

void PageReader::read_line(const PageLine& line, const std::string& name) {
  const auto times = line.type.find(" x ");
  if (times != std::string::npos) {
    for (unsigned i = 0; i < std::stoul(line.type); ++i) {
      read_one(line.type.substr(times + 3), 0, name + "." + std::to_string(i));
    }
  } else if (line.bytes.rfind("each ", 0) == 0) {
    const std::uint64_t count = last_;
    for (std::uint64_t i = 0; i < count; ++i) {
      read_one(line.type, 0, name + "." + std::to_string(i));
    }
  } else if (line.bytes.find("..") != std::string::npos && line.type == "bytes") {
    read_one("bytes", last_, name);
  } else {
    read_one(line.type, std::stoul(line.bytes), name);
  }
}

void PageReader::read_one(const std::string& type, std::size_t bytes, const std::string& name) {
  if (type == "bytes") {
    number(bytes);
  } else if (type.size() <= 3 && std::isdigit(static_cast<unsigned char>(type.back())) != 0) {
    values_[name] = last_ = number(std::stoul(type.substr(1)) / 8);
  } else {
    const std::size_t outer = std::exchange(from_, 0);
    read(type, name + ".");
    from_ = outer;
  }
}

std::uint64_t PageReader::number(std::size_t bytes) {
  REQUIRE(at_ + bytes <= bytes_.size());
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    value = (value << 8U) | std::to_integer<std::uint64_t>(bytes_[at_++]);
  }
  return value;
}

PageReader read_by_page(const PageTables& tables, const std::string& name,
                        const std::vector<std::byte>& bytes) {
  PageReader reader{tables, bytes};
  reader.read("common header");
  CHECK(reader.value("magic") == 0x55445046);
  CHECK(reader.value("version") == 1);
  reader.behind(16);
  reader.read(name);
  CHECK(reader.at() == bytes.size());
  return reader;
}

}  // namespace udperf::test
