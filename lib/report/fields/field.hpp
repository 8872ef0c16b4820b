#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace udperf::report {

using Json = nlohmann::ordered_json;

// The fields of the result document, each told once: from its row follow the JSON tree, the schema,
// the tables of docs/metrics.md, --print, completion and the columns of the CSV.

enum class FieldKind : std::uint8_t { integer, count, number, boolean, text, object, list, labels };

struct FieldType {
  FieldKind kind = FieldKind::object;
  bool nullable = false;
  std::size_t fixed = 0;  ///< of a list that always has so many numbers; 0 = any number of elements

  bool operator==(const FieldType&) const = default;
};

/// What there is to say of a field.
struct About {
  std::string_view meaning;         ///< Markdown, whole sentences
  std::string_view unit = {};       ///< empty: a plain count, or no number
  std::string_view source = {};     ///< "RFC 7680 s2"
  std::string_view null_when = {};  ///< empty: never null
  std::string_view choices = {};    ///< the values that a text can have, with spaces between
  int csv = -1;                     ///< column of the CSV, from 0; -1: none. Of `down`: csv_down
  int csv_down = -1;
};

/// A field without its accessor: what documents are made of.
struct Described {
  std::string name;
  FieldType type;
  About about;
  std::vector<Described> below;  ///< fields of an object, or of each element of a list
  std::string_view shared = {};  ///< name under which the schema tells an object once
};

namespace detail {

template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {
  using Value = T;
};

template <typename T>
constexpr FieldType type_of() {
  if constexpr (IsOptional<T>::value) {
    FieldType type = type_of<typename IsOptional<T>::Value>();
    type.nullable = true;
    return type;
  } else if constexpr (std::is_same_v<T, bool>) {
    return {FieldKind::boolean};
  } else if constexpr (std::is_floating_point_v<T>) {
    return {FieldKind::number};
  } else if constexpr (std::is_unsigned_v<T>) {
    return {FieldKind::count};
  } else if constexpr (std::is_integral_v<T>) {
    return {FieldKind::integer};
  } else if constexpr (std::is_same_v<T, std::pair<double, double>>) {
    return {FieldKind::list, false, 2};
  } else {
    static_assert(std::is_convertible_v<T, std::string>, "a field of no known type");
    return {FieldKind::text};
  }
}

}  // namespace detail

/// Null for what was not measured; strict JSON has no NaN and no infinity either.
template <typename T>
Json json_of(const T& value) {
  if constexpr (detail::IsOptional<T>::value) {
    return value ? json_of(*value) : Json(nullptr);
  } else if constexpr (std::is_floating_point_v<T>) {
    return std::isfinite(value) ? Json(value) : Json(nullptr);
  } else if constexpr (std::is_same_v<T, std::pair<double, double>>) {
    return Json::array({value.first, value.second});
  } else {
    return Json(value);
  }
}

/// How a field is read from its struct, and what comes out.
template <typename T>
struct Access {
  FieldType type;
  std::vector<Described> below;
  std::string_view shared;
  std::function<Json(const T&)> get;
};

template <typename T>
class Field {
 public:
  /// `read`: a pointer to a member, or a function of the struct, whose type says that of the field.
  template <typename Read>
  requires std::is_invocable_v<Read, const T&> Field(std::string name, Read read,
                                                     const About& about)
      : Field(std::move(name), from(read), about) {}
  Field(std::string name, Access<T> access, const About& about)
      : described_{std::move(name), access.type, about, std::move(access.below), access.shared},
        get_(std::move(access.get)) {}

  [[nodiscard]] const Described& described() const { return described_; }
  [[nodiscard]] Json get(const T& of) const { return get_(of); }

 private:
  template <typename Read>
  static Access<T> from(Read read) {
    using Value = std::remove_cvref_t<std::invoke_result_t<Read, const T&>>;
    return {detail::type_of<Value>(), {}, {}, [read](const T& of) {
              return json_of<Value>(std::invoke(read, of));
            }};
  }

  Described described_;
  std::function<Json(const T&)> get_;
};

template <typename T>
using Fields = std::vector<Field<T>>;

template <typename T>
[[nodiscard]] Json tree_of(const Fields<T>& fields, const T& of) {
  Json tree = Json::object();
  for (const Field<T>& field : fields) {
    tree[field.described().name] = field.get(of);
  }
  return tree;
}

template <typename T>
[[nodiscard]] std::vector<Described> describe(const Fields<T>& fields) {
  std::vector<Described> all;
  for (const Field<T>& field : fields) {
    all.push_back(field.described());
  }
  return all;
}

/// An object within the struct `T`. `read` gives the struct that it is made of, or an optional or
/// a pointer where it may be null; `fields` must live on. `shared`: see Described.
template <typename T, typename Read, typename Below>
[[nodiscard]] Access<T> object(Read read, const Fields<Below>& fields,
                               std::string_view shared = {}) {
  using Value = std::remove_cvref_t<std::invoke_result_t<Read, const T&>>;
  constexpr bool kNullable = !std::is_same_v<Value, Below>;
  return {{FieldKind::object, kNullable}, describe(fields), shared, [read, &fields](const T& of) {
            if constexpr (kNullable) {
              const auto& part = std::invoke(read, of);
              return part ? tree_of(fields, *part) : Json(nullptr);
            } else {
              return tree_of(fields, std::invoke(read, of));
            }
          }};
}

/// An object whose fields are read from the struct itself.
template <typename T>
[[nodiscard]] Access<T> group(Fields<T> fields) {
  auto below = describe(fields);
  return {{FieldKind::object, false}, std::move(below), {}, [fields](const T& of) {
            return tree_of(fields, of);
          }};
}

/// A list of objects.
template <typename T, typename Read, typename Below>
[[nodiscard]] Access<T> list(Read read, const Fields<Below>& fields, std::string_view shared = {}) {
  return {{FieldKind::list, false}, describe(fields), shared, [read, &fields](const T& of) {
            Json tree = Json::array();
            for (const auto& element : std::invoke(read, of)) {
              tree.push_back(tree_of(fields, element));
            }
            return tree;
          }};
}

}  // namespace udperf::report
