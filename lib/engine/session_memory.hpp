#pragma once

#include <cstdint>

#include "base/memory_account.hpp"
#include "base/source_accounts.hpp"

namespace udperf::engine {

/// The memory that a server's sessions may keep, with the account of each source in it. Light
/// sessions have three eighths for themselves. One thread opens and closes; the accounts may be
/// used by any.
class SessionMemory {
 public:
  /// `most`: bytes, of all sessions.
  explicit SessionMemory(std::uint64_t most)
      : full_(most - light_share(most)), light_(light_share(most)) {}

  /// What all sessions have of it.
  [[nodiscard]] std::uint64_t used() const { return full_.memory.used() + light_.memory.used(); }
  /// Where a full session gets its account.
  [[nodiscard]] SourceAccounts& sources_of_full() { return full_.sources; }
  /// Where a new session gets its account; null: there is no room. Of the light ones' memory a
  /// third is left for those that are there to grow; then they take of the others' as long as more
  /// than three eighths of that are left.
  [[nodiscard]] SourceAccounts* sources_for(bool light) {
    if (!light || light_.memory.room() > light_.memory.limit() / 3) {
      return light ? &light_.sources : &full_.sources;
    }
    return full_.memory.room() > full_.memory.limit() / 8 * 3 ? &full_.sources : nullptr;
  }

 private:
  static constexpr std::uint64_t light_share(std::uint64_t most) { return most / 8 * 3; }

  /// What is kept on behalf of one kind of sessions.
  struct Kept {
    explicit Kept(std::uint64_t limit) : memory(limit) {}
    MemoryAccount memory;
    SourceAccounts sources{memory};
  };

  Kept full_;
  Kept light_;
};

}  // namespace udperf::engine
