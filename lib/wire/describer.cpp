#include "wire/describer.hpp"

#include <algorithm>

namespace udperf::wire {

void Describer::line(const Shape& shape, const char* about, Presence presence) {
  const std::string text{about};
  const auto colon = std::min(text.find(": "), text.size());
  WireField field;
  field.offset = next_;
  field.least = shape.least;
  field.most = shape.most;
  field.type = shape.type;
  field.name = text.substr(0, colon);
  field.meaning = colon < text.size() ? text.substr(colon + 2) : std::string{};
  field.presence = presence;
  field.bytes = shape.bytes;
  const bool sent = presence == Presence::always || presence == Presence::later;
  table_.least += sent ? shape.least : 0;
  table_.most += shape.most;
  if (!sent || shape.least != shape.most || !next_) {
    next_.reset();
  } else {
    *next_ += shape.most;
  }
  table_.fields.push_back(std::move(field));
}

Describer::Shape Describer::finish() {
  Shape shape{table_.name, table_.least, table_.most, {}};
  tables_.insert_or_assign(table_.name, table_);
  return shape;
}

bool Describer::all_later() const {
  return std::all_of(table_.fields.begin(), table_.fields.end(),
                     [](const WireField& field) { return field.presence == Presence::later; });
}

}  // namespace udperf::wire
