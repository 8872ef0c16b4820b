#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/endpoint.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace udperf::app {

/// By host, without a port.
using NameAnswers = std::map<std::string, Result<std::vector<Endpoint>>>;
/// Since when each host's name waits to be asked; absent: it never was.
using NameTurns = std::map<std::string, MonoTime>;

/// Names that are asked now, some at a time, who has waited longest first. All together have 5 s,
/// however many are silent.
class NameRound {
 public:
  NameRound(const std::set<std::string>& hosts, const NameTurns& turns, MonoTime now);

  /// Who is to be asked now, too.
  [[nodiscard]] std::vector<std::string> next(MonoTime now);
  void answer(const std::string& host, Result<std::vector<Endpoint>> answer, MonoTime now);
  [[nodiscard]] bool is_over(MonoTime now) const;
  [[nodiscard]] MonoTime until() const { return until_; }
  /// What is known of those who had time to answer. Who has not waits from an hour later on, so
  /// that the silent keep no other from being asked; who had no time waits on.
  [[nodiscard]] NameAnswers end(NameTurns& turns, MonoTime now);

 private:
  std::vector<std::string> order_;
  NameTurns asked_;  ///< when; as many as the first of them
  MonoTime until_;
  NameAnswers answers_;
  NameTurns answered_;  ///< when
};

}  // namespace udperf::app
