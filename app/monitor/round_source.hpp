#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "app/cli.hpp"
#include "engine/client_run.hpp"
#include "monitor/round.hpp"

namespace udperf::app {

/// What a round runs.
struct RoundTest {
  engine::ClientOptions options;
  Protocol protocol = Protocol::native;
  /// In place of one test a search for the highest rate, as this has it (--find-rate).
  std::shared_ptr<const ClientCommand> search = nullptr;
};

/// A round that somebody wants.
struct RoundOrder {
  std::uint64_t target = 0;
  std::uint64_t number = 0;
  MonoTime due;
  RoundTest test;
  bool whole = false;  ///< keep the round's whole document, up to kMostDocumentBytes
};

/// Runs rounds, many at a time.
class RoundSource {
 public:
  /// Called once for each order, from any thread, with the order's target and number.
  using OnRound = std::function<void(monitor::RoundResult round)>;

  RoundSource() = default;
  RoundSource(const RoundSource&) = delete;
  RoundSource& operator=(const RoundSource&) = delete;
  /// Ends what runs, and tells of it.
  virtual ~RoundSource() = default;

  /// Never blocks.
  virtual void start(RoundOrder order) = 0;
};

}  // namespace udperf::app
