#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace udperf::app {

struct ClientCommand;
struct ServerCommand;
struct ReportCommand;
struct CompareCommand;
struct ProfilesCommand;
struct MonitorCommand;
struct LogOptions;

/// The commands, as bits: an option says which of them have it.
enum class Command : std::uint16_t {
  client = 1,
  server = 2,
  loopback = 4,
  keygen = 8,
  report = 16,
  compare = 32,
  iperf3 = 64,
  profiles = 128,
  monitor = 256
};

/// What is wrong with a value, or nothing. The sentence does not repeat the option's name.
using Problem = std::optional<std::string>;

/// One option as it was given, in the order of the command line. Flags have the value "true".
struct GivenOption {
  std::string name;  ///< the long one
  std::string value;
};

/// For each kind of command that is being built a function, or none. It is made of a lambda, whose
/// second parameter says for which; `shared()` makes one for client and server alike.
template <template <typename> typename Function>
class PerTarget {
 public:
  constexpr PerTarget() = default;
  template <typename F>
  // NOLINTNEXTLINE(google-explicit-constructor,bugprone-forwarding-reference-overload): of a row
  constexpr PerTarget(F function) {
    take<ClientCommand>(function);
    take<ServerCommand>(function);
    take<ReportCommand>(function);
    take<CompareCommand>(function);
    take<ProfilesCommand>(function);
    take<MonitorCommand>(function);
    take<LogOptions>(function);
  }

  template <typename Target>
  [[nodiscard]] constexpr Function<Target> for_target() const {
    return std::get<Function<Target>>(functions_);
  }
  /// The same as for_target() != nullptr, which is no constant where the function comes from a
  /// generic lambda and a sanitizer looks at pointers (g++ 12).
  template <typename Target>
  [[nodiscard]] constexpr bool has() const {
    return std::get<Known<Target>>(known_).yes;
  }
  template <typename Target>
  constexpr void set(Function<Target> function) {
    std::get<Function<Target>>(functions_) = function;
    std::get<Known<Target>>(known_).yes = true;
  }

 private:
  template <typename Target>
  struct Known {
    bool yes = false;
  };

  template <typename Target, typename F>
  constexpr void take(F function) {
    if constexpr (std::is_convertible_v<F, Function<Target>>) {
      set<Target>(function);
    }
  }

  std::tuple<Function<ClientCommand>, Function<ServerCommand>, Function<ReportCommand>,
             Function<CompareCommand>, Function<ProfilesCommand>, Function<MonitorCommand>,
             Function<LogOptions>>
      functions_{};
  std::tuple<Known<ClientCommand>, Known<ServerCommand>, Known<ReportCommand>,
             Known<CompareCommand>, Known<ProfilesCommand>, Known<MonitorCommand>,
             Known<LogOptions>>
      known_{};
};

/// Puts a value into the command.
template <typename Target>
using SetFunction = Problem (*)(const std::string& value, Target& target);
/// Says what only the whole command can show to be impossible.
template <typename Target>
using CheckFunction = Problem (*)(const GivenOption& option, const Target& target);

using Setter = PerTarget<SetFunction>;
using Check = PerTarget<CheckFunction>;

/// A setter from a lambda that treats client and server alike (`auto& command`).
template <typename F>
[[nodiscard]] constexpr Setter shared(F function) {
  Setter setter;
  setter.set<ClientCommand>(function);
  setter.set<ServerCommand>(function);
  return setter;
}

/// One option: all that parsing, defaults, rules, help, man pages and shell completion need to know
/// of it. Lists of names have a space between.
struct OptionSpec {
  char letter = 0;              ///< 0 where there is none
  std::string_view name = {};   ///< without the dashes
  std::string_view value = {};  ///< how the value is called; empty for a flag
  std::string_view help = {};   ///< one line with unit and bounds; the default is added to it
  std::string_view brief = {};  ///< what `-h` says of it; empty: only `--help` has it
  /// The value where it is not given, as it would be written; it goes through `set`.
  std::string_view fallback = {};
  std::string_view fallback_text = {};  ///< the default in words, where no value is one
  unsigned commands = 0;                ///< the Commands that have it, or-ed
  /// A monitor's file may have it: of the client's, a module; of the monitor's own, the top.
  bool in_config = true;
  bool repeatable = false;
  std::string_view choices = {};  ///< the accepted words; empty where the value is free
  /// The value where none is given; a value is then written behind "=". Empty: there has to be one.
  std::string_view bare_value = {};

  std::string_view one_of = {};     ///< only one of these can be given, itself among them
  std::string_view needs = {};      ///< makes sense only beside this one
  std::string_view not_with = {};   ///< says nothing, or something else, beside these
  std::string_view harmless = {};   ///< the value that goes with them all the same
  std::string_view excluding = {};  ///< why others do not go with this one: "which ..."

  Setter set = {};
  Check check = {};
  /// Set before all others that are given, which win over it.
  bool first = false;
  bool of_parser = false;  ///< --help and --version: nothing is set

  [[nodiscard]] constexpr bool belongs_to(Command command) const {
    return (commands & static_cast<unsigned>(command)) != 0;
  }
  [[nodiscard]] constexpr bool takes_bare() const { return !bare_value.empty(); }
};

inline constexpr unsigned kRemote = static_cast<unsigned>(Command::client);
inline constexpr unsigned kLoopback = static_cast<unsigned>(Command::loopback);
inline constexpr unsigned kClient = kRemote | kLoopback;
inline constexpr unsigned kServer = static_cast<unsigned>(Command::server);
inline constexpr unsigned kKeygen = static_cast<unsigned>(Command::keygen);
inline constexpr unsigned kReport = static_cast<unsigned>(Command::report);
inline constexpr unsigned kCompare = static_cast<unsigned>(Command::compare);
inline constexpr unsigned kProfiles = static_cast<unsigned>(Command::profiles);
inline constexpr unsigned kMonitor = static_cast<unsigned>(Command::monitor);
inline constexpr unsigned kBoth = kClient | kServer;

/// Whether each row has a setter for every command that it names: an option that is parsed and then
/// ignored does not compile.
[[nodiscard]] constexpr bool all_set(std::span<const OptionSpec> rows) {
  for (const OptionSpec& row : rows) {
    const bool log = row.set.has<LogOptions>();
    const bool client = log || row.set.has<ClientCommand>();
    const bool server = log || row.set.has<ServerCommand>();
    const bool report = row.set.has<ReportCommand>();
    const bool compare = row.set.has<CompareCommand>();
    const bool profiles = row.set.has<ProfilesCommand>();
    const bool monitor = log || row.set.has<MonitorCommand>();
    const unsigned set = (client ? kClient : 0U) | (server ? kServer : 0U) |
                         (report ? kReport : 0U) | (compare ? kCompare : 0U) |
                         (profiles ? kProfiles : 0U) | (monitor ? kMonitor : 0U);
    if (row.commands == 0 || (!row.of_parser && (row.commands & ~set) != 0)) {
      return false;
    }
  }
  return true;
}

}  // namespace udperf::app
