#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "app/iperf3/command.hpp"
#include "base/result.hpp"
#include "engine/stop_token.hpp"
#include "iperf3/authentication.hpp"

namespace udperf::app {

/// Makes what names the user at the server: `null` where no user was named. Reads the public key,
/// and the password: IPERF3_PASSWORD, else asked for at the terminal, until a stop.
[[nodiscard]] Result<std::function<Result<std::string>()>> make_token_source(
    const Iperf3Command& command, const engine::StopToken& stop);

/// Decides by its token whether a client is served. The private key is read once, the file of users
/// whenever it has changed.
class AccessGate {
 public:
  AccessGate(iperf3::Gate gate, std::string users_path)
      : gate_(std::move(gate)), path_(std::move(users_path)) {}

  /// Who it is, or why not.
  [[nodiscard]] Result<std::string> let_in(const std::optional<std::string>& token);
  /// The file as it is now, if it can be read.
  [[nodiscard]] Result<void> read_users();
  /// How often it was read.
  [[nodiscard]] std::uint64_t reads() const { return reads_; }

 private:
  /// What tells that the file has changed.
  [[nodiscard]] std::optional<std::string> version() const;

  iperf3::Gate gate_;
  std::string path_;
  std::optional<std::string> read_version_;
  std::string users_;
  std::uint64_t reads_ = 0;
};

/// Null where everybody is served.
[[nodiscard]] Result<std::unique_ptr<AccessGate>> make_gate(const Iperf3Command& command);

}  // namespace udperf::app
