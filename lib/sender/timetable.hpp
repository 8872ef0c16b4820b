#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <variant>

#include "pacing/schedule.hpp"
#include "traffic/shaped_schedule.hpp"

namespace udperf::sender {

/// When a sender with a rate has how many datagrams to send: evenly spaced, or as its plan says.
class Timetable {
 public:
  explicit Timetable(const pacing::Schedule& schedule) : kind_(schedule) {}
  explicit Timetable(traffic::ShapedSchedule schedule) : kind_(std::move(schedule)) {}

  /// The one with even gaps, whose rate may change; null for a shaped one.
  [[nodiscard]] pacing::Schedule* even() { return std::get_if<pacing::Schedule>(&kind_); }
  [[nodiscard]] const pacing::Schedule* even() const {
    return std::get_if<pacing::Schedule>(&kind_);
  }

  [[nodiscard]] std::uint64_t take_due(MonoTime now) {
    return std::visit([now](auto& s) { return s.take_due(now); }, kind_);
  }
  [[nodiscard]] std::uint64_t take_last(MonoTime end, MonoTime now) {
    return std::visit([end, now](auto& s) { return s.take_last(end, now); }, kind_);
  }
  void begin_figures() {
    std::visit([](auto& s) { s.begin_figures(); }, kind_);
  }
  void give_back(std::uint64_t n, pacing::Unsent why) {
    std::visit([n, why](auto& s) { s.give_back(n, why); }, kind_);
  }
  [[nodiscard]] MonoTime next_deadline() const {
    return std::visit([](const auto& s) { return s.next_deadline(); }, kind_);
  }
  [[nodiscard]] std::uint64_t skipped() const {
    return std::visit([](const auto& s) { return s.skipped(); }, kind_);
  }
  [[nodiscard]] const pacing::BurstWindow& window() const {
    return std::visit([](const auto& s) -> const pacing::BurstWindow& { return s.window(); },
                      kind_);
  }
  [[nodiscard]] std::optional<Duration> lateness() const {
    return std::visit([](const auto& s) { return s.lateness(); }, kind_);
  }

 private:
  std::variant<pacing::Schedule, traffic::ShapedSchedule> kind_;
};

}  // namespace udperf::sender
