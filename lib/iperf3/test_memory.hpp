#pragma once

#include <cstdint>
#include <memory>

#include "base/memory_account.hpp"
#include "base/source_accounts.hpp"
#include "iperf3/inbox.hpp"
#include "iperf3/parameters.hpp"
#include "iperf3/results.hpp"

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
        rows_(&account_) {}

  /// Of what grows by itself.
  [[nodiscard]] MemoryAccount& account() { return account_; }

  /// Room for what a client may say before it has a test, and what it is told.
  [[nodiscard]] bool take_talk() { return talk_.grow(kMostParameterBytes + 2 * Inbox::kMostAhead); }
  /// For the streams that it asks for, from their beginning on, and its results.
  [[nodiscard]] bool take_streams(const Parameters& asked) {
    const std::uint64_t received = asked.client_sends() ? asked.streams : 0;
    const std::uint64_t sent = asked.server_sends() ? asked.streams : 0;
    return streams_.grow(received * kReceiving + sent * kSending +
                         most_client_result_bytes(asked.sockets()));
  }
  /// For rows that are kept to the end.
  [[nodiscard]] bool take_rows(std::uint64_t bytes) { return rows_.grow(bytes); }

 private:
  static constexpr std::uint64_t kReceiving = 64U << 10U;
  static constexpr std::uint64_t kSending = 96U << 10U;

  std::unique_ptr<SourceAccounts::Share> share_;
  MemoryAccount account_;
  MemoryShare talk_;
  MemoryShare streams_;
  MemoryShare rows_;
};

}  // namespace udperf::iperf3
