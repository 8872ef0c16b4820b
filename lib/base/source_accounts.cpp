#include "base/source_accounts.hpp"

#include <algorithm>

namespace udperf {

IpAddress source_of(const IpAddress& address) {
  if (address.family == IpFamily::v4) {
    return address;
  }
  constexpr std::size_t kPrefixBytes = 8;
  IpAddress source = address;
  std::fill(source.bytes.begin() + kPrefixBytes, source.bytes.end(), std::uint8_t{0});
  return source;
}

std::unique_ptr<SourceAccounts::Share> SourceAccounts::join(const IpAddress& address) {
  const IpAddress source = source_of(address);
  Entry& entry = entries_.try_emplace(source, whole_).first->second;
  std::unique_ptr<Share> share{new Share{*this, source, entry}};
  ++entry.shares;
  return share;
}

void SourceAccounts::leave(const IpAddress& source) {
  const auto found = entries_.find(source);
  if (found != entries_.end() && --found->second.shares == 0) {
    entries_.erase(found);
  }
}

}  // namespace udperf
