#pragma once

// How each message is laid out: one function a message, used for writing (Writer), for reading
// (Reader) and for the tables of docs/protocol.md (Describer). The order of the fields is the order
// on the wire. Each comes with its name and, behind ": ", what it means.

#include <type_traits>

#include "wire/byte_io.hpp"

namespace udperf::wire {

/// What the table of a type is called that others contain.
template <typename T>
inline constexpr const char* kTableName = nullptr;

}  // namespace udperf::wire

/// Declares visit(io, m) for a message and its const form: fields in wire order.
#define UDPERF_VISIT(Message)                              \
  template <typename Io, typename M>                       \
  requires std::is_same_v<std::remove_const_t<M>, Message> \
  void visit(Io& io, M& m)

/// Names the table of a type that others contain.
#define UDPERF_TABLE(Type, name) \
  template <>                    \
  inline constexpr const char* kTableName<Type> = name
