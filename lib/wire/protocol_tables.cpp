#include "wire/protocol_tables.hpp"

#include <algorithm>
#include <array>

#include "base/marked_sections.hpp"
#include "wire/visit_fin.hpp"
#include "wire/visit_handshake.hpp"
#include "wire/visit_headers.hpp"
#include "wire/visit_report.hpp"
#include "wire/visit_running.hpp"

namespace udperf::wire {
namespace {

/// How a message's length may differ from that of its fields.
enum class Padding : std::uint8_t { none, to_512, any };

struct MessageRow {
  MessageType type;
  const char* name;
  const char* from;
  const char* purpose;
  Padding padding;
};

constexpr std::array kMessages{
    MessageRow{MessageType::hello, "HELLO", "client", "asks for a cookie", Padding::to_512},
    MessageRow{MessageType::challenge, "CHALLENGE", "server", "hands it out; nothing is kept",
               Padding::none},
    MessageRow{MessageType::request, "REQUEST", "client", "asks for a test, with the cookie",
               Padding::to_512},
    MessageRow{MessageType::accept, "ACCEPT", "server", "grants it", Padding::none},
    MessageRow{MessageType::reject, "REJECT", "server", "refuses it", Padding::none},
    MessageRow{MessageType::go, "GO", "client", "starts the test", Padding::any},
    MessageRow{MessageType::go_ack, "GO_ACK", "server", "it has started", Padding::none},
    MessageRow{MessageType::probe, "PROBE", "both", "asks for an answer at once", Padding::any},
    MessageRow{MessageType::probe_reply, "PROBE_REPLY", "both", "the answer", Padding::any},
    MessageRow{MessageType::data, "DATA", "sender", "what is measured (section 4)", Padding::any},
    MessageRow{MessageType::feedback, "FEEDBACK", "receiver", "what has arrived so far",
               Padding::none},
    MessageRow{MessageType::fin, "FIN", "sender", "the sender's final counts", Padding::none},
    MessageRow{MessageType::fin_ack, "FIN_ACK", "receiver", "FIN is here, the report is not ready",
               Padding::none},
    MessageRow{MessageType::report, "REPORT", "receiver", "a piece of the receiver's report",
               Padding::none},
    MessageRow{MessageType::report_pull, "REPORT_PULL", "sender", "asks for pieces", Padding::any},
    MessageRow{MessageType::bye, "BYE", "both", "ends the session", Padding::none},
    MessageRow{MessageType::join, "JOIN", "client", "adds a stream to a session", Padding::to_512},
    MessageRow{MessageType::join_ack, "JOIN_ACK", "server", "the stream is there", Padding::none},
};

template <typename Message>
void describe(Describer::Tables& tables, const char* name, std::size_t from = kCommonHeaderBytes) {
  Describer io{name, from, tables};
  Message message{};
  visit(io, message);
  io.done();
}

void describe_report(Describer::Tables& tables) {
  Describer io{"report", 0, tables};
  RxReport report;
  std::uint16_t format = kReportFormat;
  std::uint16_t revision = kReportRevision;
  visit_report(io, report, format, revision);
  io.done();
}

std::string range(std::size_t least, std::size_t most) {
  return least == most ? std::to_string(most) : std::to_string(least) + ".." + std::to_string(most);
}

const char* words_for(Presence presence) {
  switch (presence) {
    case Presence::later:
      return "later";
    case Presence::behind_1:
      return "behind a 1";
    case Presence::at_end:
      return "at the end";
    case Presence::always:
      break;
  }
  return "";
}

std::string row(const WireField& field) {
  std::string text = "| " + (field.offset ? std::to_string(*field.offset) : std::string{});
  text += " | " + (field.bytes.empty() ? range(field.least, field.most) : field.bytes);
  text += " | " + field.type + " | " + field.name + " | " + field.meaning + " | ";
  return text.append(words_for(field.presence)).append(" |\n");
}

std::string table_of_fields(const WireTable& table) {
  std::string text =
      "\n| offset | bytes | type | field | meaning | absent |\n|---|---|---|---|---|---|\n";
  for (const WireField& field : table.fields) {
    text += row(field);
  }
  return text + "\n";
}

std::string size_of(const MessageRow& message) {
  if (message.type == MessageType::data) {
    return std::to_string(kCompactHeaderBytes) + ".." + std::to_string(kMaxPayloadBytes);
  }
  const WireTable& table = wire_tables().at(message.name);
  switch (message.padding) {
    case Padding::to_512:
      return std::to_string(kPaddedRequestBytes);
    case Padding::any:
      return range(table.least, table.most) + " or padded";
    case Padding::none:
      break;
  }
  return range(table.least, table.most);
}

std::string table_of_messages() {
  std::string text = "\n| type | name | from | size | purpose |\n|---|---|---|---|---|\n";
  for (const MessageRow& message : kMessages) {
    text += "| " + std::to_string(static_cast<int>(message.type)) + " | " + message.name + " | " +
            message.from + " | " + size_of(message) + " | " + message.purpose + " |\n";
  }
  return text + "\n";
}

std::string section(const std::string& name) {
  if (name == "messages") {
    return table_of_messages();
  }
  const auto found = wire_tables().find(name);
  return found != wire_tables().end() ? table_of_fields(found->second)
                                      : "THERE IS NO TABLE " + name + "\n";
}

/// What a field's type names: without "8 x ".
const WireTable* table_within(const WireField& field) {
  const auto times = field.type.find(" x ");
  const auto found =
      wire_tables().find(times == std::string::npos ? field.type : field.type.substr(times + 3));
  return found != wire_tables().end() ? &found->second : nullptr;
}

std::string shape_text(const WireTable& table, std::size_t fields) {
  std::string text;
  for (std::size_t i = 0; i < std::min(fields, table.fields.size()); ++i) {
    const WireField& field = table.fields[i];
    text += field.name + '|' + field.type + '|' + range(field.least, field.most) + '|' +
            words_for(field.presence) + '\n';
    if (const WireTable* within = table_within(field)) {
      text += '{' + shape_text(*within, within->fields.size()) + '}';
    }
  }
  return text;
}

}  // namespace

const Describer::Tables& wire_tables() {
  static const Describer::Tables all = [] {
    Describer::Tables tables;
    describe<CommonHeader>(tables, "common header", 0);
    describe<DataHeader>(tables, "DATA");
    describe<CompactHeader>(tables, "compact header", 0);
    describe<Hello>(tables, "HELLO");
    describe<Challenge>(tables, "CHALLENGE");
    describe<Request>(tables, "REQUEST");
    describe<Accept>(tables, "ACCEPT");
    describe<Reject>(tables, "REJECT");
    describe<Go>(tables, "GO");
    describe<Probe>(tables, "PROBE");
    describe<ProbeReply>(tables, "PROBE_REPLY");
    describe<Feedback>(tables, "FEEDBACK");
    describe<Fin>(tables, "FIN");
    describe<ReportChunk>(tables, "REPORT");
    describe<ReportPull>(tables, "REPORT_PULL");
    describe<Bye>(tables, "BYE");
    describe<Join>(tables, "JOIN");
    for (const char* const empty : {"GO_ACK", "FIN_ACK", "JOIN_ACK"}) {
      describe<Empty>(tables, empty);
    }
    describe_report(tables);
    return tables;
  }();
  return all;
}

std::uint64_t shape_digest(const WireTable& table, std::size_t fields) {
  std::uint64_t hash = 0xCBF2'9CE4'8422'2325;
  for (const char c : shape_text(table, fields)) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x0000'0100'0000'01B3;
  }
  return hash;
}

std::string with_wire_tables(const std::string& page) {
  return with_marked_sections(page, "<!-- wire: ", "<!-- end of wire -->", section);
}

}  // namespace udperf::wire
