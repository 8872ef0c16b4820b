#include "app/iperf3/command.hpp"

#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "app/iperf3/rows.hpp"
#include "app/options/option.hpp"
#include "base/nearest_word.hpp"

namespace udperf::app {
namespace {

using Row = Iperf3Row;
constexpr auto kNone = Row::Value::none;
constexpr auto kNeeded = Row::Value::needed;

/// " (did you mean --bandwidth?)" where one of the options is near.
std::string nearest_option(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Row& row : iperf3_rows()) {
    names.push_back(row.name);
  }
  const auto nearest = nearest_word(name, names);
  return nearest ? " (did you mean --" + std::string{*nearest} + "?)" : std::string{};
}

const Row* find_row(char letter) {
  for (const Row& row : iperf3_rows()) {
    if (row.letter == letter) {
      return &row;
    }
  }
  return nullptr;
}

/// By its name, or the begin of a name that no other has.
const Row* find_row(std::string_view name) {
  const Row* found = nullptr;
  for (const Row& row : iperf3_rows()) {
    if (row.name == name) {
      return &row;
    }
    if (row.name.starts_with(name)) {
      if (found != nullptr) {
        return nullptr;
      }
      found = &row;
    }
  }
  return found;
}

/// Walks over the arguments as getopt_long(3) does.
class Walk {
 public:
  explicit Walk(std::span<const std::string> arguments) : rest_(arguments) {}

  /// The first option that belongs to one role alone, as it was written.
  [[nodiscard]] const std::optional<std::string>& of_client() const { return of_client_; }
  [[nodiscard]] const std::optional<std::string>& of_server() const { return of_server_; }

  /// The first thing that is wrong.
  Problem run(Iperf3Command& command) {
    Problem first;
    while (!rest_.empty()) {
      const std::string& word = rest_.front();
      rest_ = rest_.subspan(1);
      if (word == "--") {
        break;
      }
      if (word.size() < 2 || word[0] != '-') {
        ignore(word, command);
        continue;
      }
      Problem problem =
          word.starts_with("--") ? long_option(word.substr(2), command) : letters(word, command);
      // The rest is read all the same: how an error is told can stand behind what is wrong.
      first = first ? first : problem;
    }
    for (const std::string& word : rest_) {
      ignore(word, command);
    }
    return first;
  }

 private:
  /// As iperf3 does, but not without a word.
  static void ignore(const std::string& word, Iperf3Command& command) {
    command.notes.push_back(word + " is not an option and is ignored");
  }

  Problem long_option(const std::string& word, Iperf3Command& command) {
    const auto equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const Row* const row = find_row(name);
    if (row == nullptr) {
      return "--" + name + ": unknown option" + nearest_option(name);
    }
    std::optional<std::string> value;
    if (equals != std::string::npos) {
      value = word.substr(equals + 1);
    }
    return apply(*row, "--" + name, std::move(value), command);
  }

  Problem letters(const std::string& word, Iperf3Command& command) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      const Row* const row = find_row(word[i]);
      if (row == nullptr) {
        return std::string{"-"} + word[i] + ": unknown option";
      }
      std::optional<std::string> value;
      const std::string behind = word.substr(i + 1);
      // A value that may be left out is a number there: other letters are options.
      const bool number =
          !behind.empty() && behind.find_first_not_of("0123456789") == std::string::npos;
      const bool taken = row->value == kNeeded || (row->value != kNone && number);
      if (taken && !behind.empty()) {
        value = behind;
      }
      if (Problem problem = apply(*row, std::string{"-"} + word[i], value, command)) {
        return problem;
      }
      if (taken) {
        break;
      }
    }
    return std::nullopt;
  }

  Problem apply(const Row& row, const std::string& name, std::optional<std::string> value,
                Iperf3Command& command) {
    if (row.value == kNone && value) {
      return name + ": takes no value";
    }
    if (row.value == kNeeded && !value) {
      if (rest_.empty()) {
        return name + ": a value is missing";
      }
      value = rest_.front();
      rest_ = rest_.subspan(1);
    }
    if (row.side != Row::Side::any) {
      auto& first = row.side == Row::Side::client ? of_client_ : of_server_;
      first = first.value_or(name);
    }
    const Problem problem = row.apply(value.value_or(""), command);
    return problem ? Problem{name + ": " + *problem} : std::nullopt;
  }

  std::span<const std::string> rest_;
  std::optional<std::string> of_client_;
  std::optional<std::string> of_server_;
};

/// What ends a test, and who runs it.
Problem check_client(Iperf3Command& c) {
  iperf3::Parameters& p = c.parameters;
  if (!c.udp) {
    return "only UDP tests are possible here: give -u (TCP, SCTP and MPTCP are not supported)";
  }
  if (p.reverse && p.bidirectional) {
    return "-R and --bidir exclude each other";
  }
  if ((c.duration_given ? 1 : 0) + (p.bytes != 0 ? 1 : 0) + (p.blocks != 0 ? 1 : 0) > 1) {
    return "only one of -t, -n and -k can end a test";
  }
  if (c.patience.data && !p.server_sends()) {
    return "--rcv-timeout: is for a client that receives: give -R or --bidir";
  }
  if (c.access.user.has_value() != c.access.public_key.has_value()) {
    return "--username and --rsa-public-key-path need each other";
  }
  constexpr std::uint32_t kMostPort = 65'535;
  if (c.local.port != 0 && c.local.port + p.sockets() - 1 > kMostPort) {
    return "--cport: there are not as many ports from " + std::to_string(c.local.port) +
           " on as the test has streams";
  }
  if (p.bytes != 0 || p.blocks != 0) {
    p.seconds = 0;
  }
  return std::nullopt;
}

Problem check_server(const Iperf3Command& c) {
  if (c.parameters.extras.server_affinity) {
    return "-A: N,M is for the client (-c) alone: the server has one end";
  }
  return c.access.users.has_value() != c.access.private_key.has_value()
             ? Problem{"--rsa-private-key-path and --authorized-users-path need each other"}
             : std::nullopt;
}

Problem check_access(const Iperf3Command& c) {
  const bool wanted = c.access.user || c.access.public_key || c.access.private_key ||
                      c.access.users || c.access.skew_s != 0 ||
                      c.access.padding != iperf3::Padding::oaep;
  return wanted && !iperf3::authentication_is_built_in()
             ? Problem{"this build has no authentication: it was made without OpenSSL"}
             : std::nullopt;
}

Problem check(Iperf3Command& c, const Walk& walk) {
  if (c.role == Iperf3Command::Role::none) {
    return "must either be a client (-c) or server (-s)";
  }
  const bool client = c.role == Iperf3Command::Role::client;
  if (const auto& wrong = client ? walk.of_server() : walk.of_client()) {
    return *wrong + (client ? ": is an option of the server (-s) alone"
                            : ": is an option of the client (-c) alone");
  }
  Problem problem = check_access(c);
  return problem ? problem : client ? check_client(c) : check_server(c);
}

Iperf3Command::Output output_of(const Iperf3Command::Forms& forms) {
  using Output = Iperf3Command::Output;
  if (forms.stream) {
    return forms.whole ? Output::json_stream_full : Output::json_stream;
  }
  return forms.json ? Output::json : Output::text;
}
}  // namespace

std::optional<std::uint64_t> iperf3_number(const std::string& text, std::uint64_t factor) {
  char* end = nullptr;
  double value = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || !std::isfinite(value) || value < 0) {
    return std::nullopt;
  }
  constexpr std::string_view kUnits = "kmgt";
  if (*end != '\0') {
    const auto letter = static_cast<unsigned char>(*end);
    if (std::isalpha(letter) == 0) {
      return std::nullopt;  // of "10 M" iperf3 takes 10, which nobody means
    }
    const auto power = kUnits.find(static_cast<char>(std::tolower(letter)));
    if (power != std::string_view::npos) {
      value *= std::pow(static_cast<double>(factor), static_cast<double>(power + 1));
    }
  }
  constexpr double kMost = 9.2e18;
  return value <= kMost ? std::optional{static_cast<std::uint64_t>(value)} : std::nullopt;
}

std::optional<std::uint64_t> iperf3_integer(const std::string& text) {
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  return read.ec == std::errc{} ? std::optional{value} : std::nullopt;
}

Iperf3Command parse_iperf3(std::span<const std::string> arguments) {
  constexpr std::uint64_t kDefaultRate = 1'048'576;
  Iperf3Command command;
  command.parameters.length = 0;
  command.parameters.rate_bps = kDefaultRate;
  Walk walk{arguments};
  command.problem = walk.run(command);
  command.report.output = output_of(command.report.forms);
  if (!command.problem && !command.help && !command.version) {
    command.problem = check(command, walk);
  }
  if (command.problem) {
    command.notes.clear();  // one line says why
  }
  return command;
}

}  // namespace udperf::app
