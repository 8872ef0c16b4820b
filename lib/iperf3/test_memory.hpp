#pragma once

#include <cstdint>
#include <memory>

#include "base/memory_account.hpp"
#include "base/source_accounts.hpp"
#include "iperf3/inbox.hpp"
#include "iperf3/parameters.hpp"

namespace udperf::iperf3 {

/// What a test at the server takes of the memory that the server keeps for its clients. One thread
/// asks; account() is for any.
class TestMemory {
 public:
  TestMemory(SourceAccounts& sources, const IpAddress& client)
      : share_(sources.join(client)),
        account_(share_->memory()),
        talk_(&account_),
        streams_(&account_),
        records_(&account_),
        counted_records_(&account_),
        rows_(&account_) {}

  /// Of what grows by itself.
  [[nodiscard]] MemoryAccount& account() { return account_; }

  /// Room for what a client may say before it has a test, and what it is told.
  [[nodiscard]] bool take_talk() { return talk_.grow(kMostParameterBytes + 2 * Inbox::kMostAhead); }
  /// For the streams that it asks for, from their beginning on, and its results.
  [[nodiscard]] bool take_streams(const Parameters& asked);
  /// Data flows: its streams now take for themselves what was kept for the first numbers of each,
  /// so that no test is let in which ends for want of that.
  void begin() { records_.release(); }
  /// The omitted time is about to end: the part that counts has numbers of its own.
  void begin_counted() { counted_records_.release(); }
  /// For rows that are kept to the end.
  [[nodiscard]] bool take_rows(std::uint64_t bytes) { return rows_.grow(bytes); }

 private:
  std::unique_ptr<SourceAccounts::Share> share_;
  MemoryAccount account_;
  MemoryShare talk_;
  MemoryShare streams_;
  MemoryShare records_;
  MemoryShare counted_records_;  ///< of a test with an omitted time
  MemoryShare rows_;
};

}  // namespace udperf::iperf3
