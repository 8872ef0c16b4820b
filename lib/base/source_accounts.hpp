#pragma once

#include <cstddef>
#include <map>
#include <memory>

#include "base/endpoint.hpp"
#include "base/memory_account.hpp"

namespace udperf {

/// Who is counted as one: an IPv4 address, or the /64 of an IPv6 address, of which one host has
/// all.
[[nodiscard]] IpAddress source_of(const IpAddress& address);

/// The memory account of each source that has something here. One thread opens and closes; the
/// accounts themselves may be used by any.
class SourceAccounts {
 public:
  explicit SourceAccounts(MemoryAccount& whole) : whole_(whole) {}
  SourceAccounts(const SourceAccounts&) = delete;
  SourceAccounts& operator=(const SourceAccounts&) = delete;
  ~SourceAccounts() = default;

 private:
  struct Entry {
    explicit Entry(MemoryAccount& whole) : memory(whole) {}
    MemoryAccount memory;
    std::size_t shares = 0;
  };

 public:
  /// A place at a source's account, which is there as long as anyone has one. To be given up after
  /// all that was taken of the account has gone back.
  class Share {
   public:
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    ~Share() { owner_.leave(source_); }
    [[nodiscard]] MemoryAccount& memory() { return entry_.memory; }

   private:
    friend class SourceAccounts;
    Share(SourceAccounts& owner, const IpAddress& source, Entry& entry)
        : owner_(owner), source_(source), entry_(entry) {}

    SourceAccounts& owner_;
    IpAddress source_;
    Entry& entry_;
  };

  [[nodiscard]] std::unique_ptr<Share> join(const IpAddress& address);
  [[nodiscard]] std::size_t sources() const { return entries_.size(); }

 private:
  void leave(const IpAddress& source);

  MemoryAccount& whole_;
  std::map<IpAddress, Entry> entries_;
};

}  // namespace udperf
