#include <algorithm>
#include <map>

#include "report/fields/parts.hpp"
#include "report/fields/walk.hpp"

namespace udperf::report {
namespace {

std::string plain(std::string_view markdown) {
  std::string text{markdown};
  text.erase(std::remove(text.begin(), text.end(), '`'), text.end());
  return text;
}

std::string description(const Described& field) {
  std::string text = plain(field.about.meaning);
  for (const auto& [head, part] :
       {std::pair{" Unit: ", field.about.unit}, std::pair{" Source: ", field.about.source},
        std::pair{" Null: ", field.about.null_when}}) {
    if (!part.empty()) {
      text += head + plain(part) + ".";
    }
  }
  return text;
}

const char* type_name(FieldKind kind) {
  switch (kind) {
    case FieldKind::integer:
    case FieldKind::count:
      return "integer";
    case FieldKind::number:
      return "number";
    case FieldKind::boolean:
      return "boolean";
    case FieldKind::text:
      return "string";
    case FieldKind::list:
      return "array";
    case FieldKind::object:
    case FieldKind::labels:
      break;
  }
  return "object";
}

Json choices_of(const Described& field) {
  Json choices = Json::array();
  const std::string_view all = field.about.choices;
  for (std::size_t start = 0; start < all.size();) {
    const auto end = std::min(all.find(' ', start), all.size());
    choices.push_back(std::string{all.substr(start, end - start)});
    start = end + 1;
  }
  if (field.type.nullable) {
    choices.push_back(nullptr);
  }
  return choices;
}

using Shared = std::map<std::string, Json, std::less<>>;

Json node_of(const Described& field, Shared& shared);

Json object_of(const std::vector<Described>& fields, Shared& shared) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const Described& field : fields) {
    properties[field.name] = node_of(field, shared);
    required.push_back(field.name);
  }
  return Json{{"properties", properties}, {"required", required}, {"additionalProperties", false}};
}

/// The object's fields, or where the schema tells them.
Json body_of(const Described& field, Shared& shared) {
  if (field.shared.empty()) {
    Json body{{"type", "object"}};
    body.update(object_of(field.below, shared));
    return body;
  }
  const std::string name{field.shared};
  if (!shared.contains(name)) {
    Json body{{"type", "object"}};
    body.update(object_of(field.below, shared));
    shared[name] = std::move(body);
  }
  return Json{{"$ref", "#/$defs/" + name}};
}

Json node_of(const Described& field, Shared& shared) {
  Json node{{"description", description(field)}};
  if (!field.about.choices.empty()) {
    node["enum"] = choices_of(field);
    return node;
  }
  const bool object = field.type.kind == FieldKind::object;
  if (object && !field.shared.empty()) {
    const Json body = body_of(field, shared);
    node.update(field.type.nullable ? Json{{"oneOf", Json::array({Json{{"type", "null"}}, body})}}
                                    : body);
    return node;
  }
  const char* const type = type_name(field.type.kind);
  node["type"] = field.type.nullable ? Json::array({type, "null"}) : Json(type);
  if (field.type.kind == FieldKind::count) {
    node["minimum"] = 0;
  } else if (object) {
    node.update(object_of(field.below, shared));
  } else if (field.type.kind == FieldKind::labels) {
    node["additionalProperties"] = Json{{"type", "string"}};
  } else if (field.type.fixed != 0) {
    node["items"] = Json{{"type", "number"}};
    node["minItems"] = field.type.fixed;
    node["maxItems"] = field.type.fixed;
  } else if (field.type.kind == FieldKind::list) {
    node["items"] = body_of(field, shared);
  }
  return node;
}

Json with_type(const std::vector<Described>& fields, Shared& shared) {
  Json object{{"type", "object"}};
  object.update(object_of(fields, shared));
  return object;
}

Json head_of(const char* title, const char* description) {
  return Json{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
              {"title", title},
              {"description", description}};
}

std::string with_shared(Json schema, const Shared& shared) {
  Json& defs = schema["$defs"] = Json::object();
  for (const auto& [name, body] : shared) {
    defs[name] = body;
  }
  return schema.dump(2) + "\n";
}

/// A line of which `head` says what stands between its event and its data.
Json line_of(const char* event, const char* meaning, const Json& head, Json data) {
  Json properties{{"event", {{"enum", Json::array({event})}}}};
  properties.update(head);
  properties["data"] = std::move(data);
  Json required = Json::array();
  for (const auto& [key, rule] : properties.items()) {
    required.push_back(key);
  }
  return Json{{"description", meaning},
              {"type", "object"},
              {"properties", properties},
              {"required", required},
              {"additionalProperties", false}};
}

/// When it was written.
Json timed() {
  return Json{{"t_unix_ns", {{"type", "integer"}}}};
}

/// A line of a client.
Json numbered_line(const char* event, const char* meaning, Json data) {
  Json head = timed();
  head["seq"] = Json{{"type", "integer"}, {"minimum", 0}};
  return line_of(event, meaning, head, std::move(data));
}

Json ready_data() {
  const Json port{{"type", "integer"}, {"minimum", 1}, {"maximum", 65535}};
  return Json{{"type", "object"},
              {"properties",
               {{"address", {{"description", "Where the server listens."}, {"type", "string"}}},
                {"port", port}}},
              {"patternProperties", {{"^[a-z0-9]+_port$", port}}},  // of each service beside it
              {"required", Json::array({"address", "port"})},
              {"additionalProperties", false}};
}

Json left_out_data() {
  return Json{{"type", "object"},
              {"properties", {{"lines", {{"type", "integer"}, {"minimum", 1}}}}},
              {"required", Json::array({"lines"})},
              {"additionalProperties", false}};
}

}  // namespace

std::string schema_text() {
  Shared shared;
  Json schema = head_of("udperf result document",
                        "What one test came to. The same keys in every document; null is what was "
                        "not measured. Made by udperf_generate from the table in "
                        "lib/report/fields.");
  schema.update(with_type(document_fields(), shared));
  return with_shared(std::move(schema), shared);
}

std::string events_schema_text() {
  Shared shared;
  Json begun = with_type(describe(test_fields()), shared);
  begun["properties"]["end_unix_ns"] = Json{{"type", "null"}};  // yet to come
  Json trial = with_type(trial_event_fields(), shared);
  Json schema = head_of("a line of udperf client --jsonl",
                        "seq counts from 0; the last line is the only end or error. Made by "
                        "udperf_generate from the tables in lib/report/fields.");
  const Json result{{"$ref", "#/$defs/result"}};
  schema["oneOf"] = Json::array(
      {numbered_line("start", "Data may flow; with which parameters.", std::move(begun)),
       numbered_line("interval", "A row of --interval is over.",
                     with_type(describe(live_interval_fields()), shared)),
       numbered_line("trial", "A step of --find-rate is over.", std::move(trial)),
       numbered_line("run", "A run of --repeat is over, after which another follows.", result),
       numbered_line("end", "The test is over.", result),
       numbered_line("error", "The test never started.", result)});
  Json document = with_type(document_fields(), shared);
  shared["result"] = std::move(document);
  return with_shared(std::move(schema), shared);
}

std::string server_lines_schema_text(const std::vector<Described>& guest_run) {
  Shared shared;
  Json schema = head_of("a line of udperf server",
                        "What --jsonl writes of each session, and --ready-fd once. Made by "
                        "udperf_generate from the tables of fields in lib.");
  schema["oneOf"] = Json::array(
      {line_of("ready", "Packets can arrive (--ready-fd).", Json::object(), ready_data()),
       line_of("session", "A session is over.", timed(),
               with_type(describe(session_fields()), shared)),
       line_of("session", "A run of a client that knows no sessions is over.", timed(),
               with_type(guest_run, shared)),
       line_of("left_out", "So many lines were not written: too many in a moment, or nobody read.",
               Json::object(), left_out_data())});
  return with_shared(std::move(schema), shared);
}

}  // namespace udperf::report
