#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "app/monitor/name_round.hpp"
#include "app/monitor/setup.hpp"
#include "base/result.hpp"
#include "engine/stop_token.hpp"
#include "monitor/target.hpp"

namespace udperf::app {

/// What names and files said when they were asked last. It stays in force while they say nothing,
/// so that no target is forgotten because a name server or a half-written file is in the way.
struct LastTargets {
  std::map<std::string, std::vector<Endpoint>> names;
  std::map<std::string, std::vector<monitor::TargetConfig>> files;
  std::map<std::string, Error> unknown;  ///< why a name had no answer, this time
  NameTurns turns;
};

/// Everyone who is to be watched now: the configuration's targets, those of the files of `file_sd`
/// and, for `dns` entries, all addresses of the name but this host's own. Ids are left at 0. Names
/// have 5 s, all together, and 64 are asked at a time: of who had none it is a problem, and the
/// next time he is first. `problems` gets a line for each file or name that could not be read.
[[nodiscard]] std::vector<monitor::Target> expand_targets(const MonitorSetup& setup,
                                                          const engine::StopToken& stop,
                                                          LastTargets& last,
                                                          std::vector<std::string>& problems);

/// The `dns` entries of the configuration that have no address at all: their rounds fail, which is
/// seen, where nobody else would speak of them.
[[nodiscard]] std::vector<monitor::Target> without_address(const MonitorSetup& setup,
                                                           const LastTargets& last);

/// The addresses of each host. All together have 5 s, and who has waited longest is asked first:
/// who had no time to answer, also since `stop` was requested, is not in it. See NameRound.
[[nodiscard]] NameAnswers ask_names(const std::set<std::string>& hosts, NameTurns& turns,
                                    const engine::StopToken& stop);

/// The files of a pattern (glob), in order.
[[nodiscard]] std::vector<std::string> files_of(const std::string& pattern);

/// Of each file its time, size and place: another value when one was written, came or went.
using FileMarks = std::map<std::string, std::array<std::int64_t, 4>>;
[[nodiscard]] FileMarks marks_of(const std::vector<std::string>& patterns);

/// A line for each pattern that no file matches: it may be that none is written yet.
[[nodiscard]] std::vector<std::string> unmatched(const std::vector<std::string>& patterns);
/// Whether one of them names a single file, and that is not there.
[[nodiscard]] bool lacks_file(const std::vector<std::string>& patterns);

}  // namespace udperf::app
