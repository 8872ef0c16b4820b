#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "wire/describer.hpp"

namespace udperf::wire {

/// The tables of all messages and of what they contain, by name, made by visiting them as an
/// encoder does: "HELLO", "common header", "report", "interval", ...
[[nodiscard]] const Describer::Tables& wire_tables();

/// What the first `fields` lines of a table are on the wire, in one number: their types, lengths,
/// names and when they are there, of the tables within them, too. Meanings are not in it. FNV-1a.
[[nodiscard]] std::uint64_t shape_digest(const WireTable& table, std::size_t fields);

/// The page with its tables made anew: those between "<!-- wire: NAME -->" and
/// "<!-- end of wire -->"; "messages" is the list of all.
[[nodiscard]] std::string with_wire_tables(const std::string& page);

}  // namespace udperf::wire
