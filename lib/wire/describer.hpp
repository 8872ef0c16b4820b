#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "base/time.hpp"
#include "wire/visit.hpp"

namespace udperf::wire {

/// When a field stands where its table says.
enum class Presence : std::uint8_t {
  always,
  later,     ///< a datagram of an earlier version may end before it
  behind_1,  ///< where the byte before it is 1
  at_end,    ///< where anything follows what stands before it
};

/// One line of a table of docs/protocol.md.
struct WireField {
  std::optional<std::size_t> offset;  ///< absent behind what has no fixed length
  std::size_t least = 0;              ///< bytes that it takes at least, where it is there
  std::size_t most = 0;
  std::string type;  ///< "u32", or the name of another table
  std::string name;
  std::string meaning;
  Presence presence = Presence::always;
  std::string bytes;  ///< in words, where that is not `least`..`most`
};

struct WireTable {
  std::string name;
  std::vector<WireField> fields;
  std::size_t least = 0;  ///< bytes that this version sends at least, common header included
  std::size_t most = 0;
};

/// Has the calls of Writer, but notes what would be written: visited with a message it makes the
/// message's table, and those of what the message contains.
class Describer {
 public:
  using Tables = std::map<std::string, WireTable>;

  /// The table's offsets begin at `from`.
  Describer(std::string name, std::size_t from, Tables& tables)
      : tables_(tables), next_(from), table_{std::move(name), {}, from, from} {}

  template <typename T>
  void field(T& value, const char* about) {
    add(value, about, Presence::always);
  }
  template <typename T>
  void later(T& value, const char* about) {
    add(value, about, Presence::later);
  }
  template <typename T>
  void rest(std::optional<T>& value, const char* about) {
    line(shape_of(value.emplace()), about, Presence::at_end);
  }
  template <typename T>
  void told(T& value, const char* about) {
    add(value, about, Presence::at_end);
  }
  template <std::unsigned_integral Count, typename Row>
  void list(std::vector<Row>& rows, std::size_t most, const char* about) {
    line(integer<Count>(), ("number of " + std::string{about}).c_str(), Presence::always);
    Shape each = shape_of(rows.emplace_back());
    each.bytes = "each " + std::to_string(each.most);
    each.least = 0;
    each.most *= most;
    line(each, (std::string{about}.substr(0, std::string{about}.find(':')) + ": as many").c_str(),
         Presence::always);
  }
  void bytes(std::vector<std::byte>& /*value*/, std::size_t most, const char* about) {
    line(integer<std::uint16_t>(), "length: of the piece", Presence::always);
    line({"bytes", 0, most, {}}, about, Presence::always);
  }
  template <typename Fields>
  void part(const char* name, const char* about, const Fields& fields) {
    Describer inner{name, 0, tables_};
    fields(inner);
    line(inner.finish(), about, inner.all_later() ? Presence::later : Presence::always);
  }

  /// Hands the table over to the others.
  void done() { finish(); }

 private:
  /// What a field looks like, wherever it stands.
  struct Shape {
    std::string type;
    std::size_t least = 0;
    std::size_t most = 0;
    std::string bytes;
  };

  template <typename T>
  static Shape integer() {
    const char* const kind = std::is_signed_v<T> ? "i" : "u";
    return {kind + std::to_string(8 * sizeof(T)), sizeof(T), sizeof(T), {}};
  }
  template <std::integral T>
  Shape shape_of(T& /*value*/) {
    return integer<T>();
  }
  template <typename E>
  requires std::is_enum_v<E> Shape shape_of(E& /*value*/) {
    return integer<std::underlying_type_t<E>>();
  }
  Shape shape_of(bool& /*value*/) { return {"u8", 1, 1, {}}; }
  Shape shape_of(double& /*value*/) { return {"f64", 8, 8, {}}; }
  Shape shape_of(Duration& /*value*/) { return {"i64", 8, 8, {}}; }
  template <std::size_t N>
  Shape shape_of(std::array<std::byte, N>& /*value*/) {
    return {"bytes", N, N, {}};
  }
  template <std::size_t N>
  Shape shape_of(std::array<std::uint8_t, N>& /*value*/) {
    return {"bytes", N, N, {}};
  }
  template <typename T, std::size_t N>
  Shape shape_of(std::array<T, N>& values) {
    Shape one = shape_of(values.front());
    return {std::to_string(N) + " x " + one.type, N * one.least, N * one.most, {}};
  }
  template <typename T>
  requires std::is_class_v<T> Shape shape_of(T& value) {
    static_assert(kTableName<T> != nullptr, "name its table: UDPERF_TABLE");
    Describer inner{kTableName<T>, 0, tables_};
    visit(inner, value);
    return inner.finish();
  }

  template <typename T>
  void add(T& value, const char* about, Presence presence) {
    line(shape_of(value), about, presence);
  }
  template <typename T>
  void add(std::optional<T>& value, const char* about, Presence presence) {
    const std::string text{about};
    const std::string name = text.substr(0, text.find(':'));
    line({"u8", 1, 1, {}}, (name + "?: 1 = it follows, 0 = it does not").c_str(), presence);
    line(shape_of(value.emplace()), about, Presence::behind_1);
  }

  void line(const Shape& shape, const char* about, Presence presence);
  Shape finish();
  [[nodiscard]] bool all_later() const;

  Tables& tables_;
  std::optional<std::size_t> next_;
  WireTable table_;
};

}  // namespace udperf::wire
