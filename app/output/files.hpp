#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/random.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "crypto/crypto.hpp"
#include "engine/stop_token.hpp"
#include "os/fd.hpp"

namespace udperf::app {

/// Where results go: stdout, or a file that is created or emptied when this is opened, or added to.
class OutputFile {
 public:
  enum class Mode : std::uint8_t {
    replace,
    append,  ///< whole lines: one that was cut, by a full disk or a crash, is ended first
    /// As append, for write_some(): a named pipe is there whether or not somebody reads it yet.
    unhurried,
  };

  /// nullopt and "-" are stdout. `option` names the option in the error. `stop`: who waits for a
  /// reader, to open a named pipe or to write, gives up a moment after that is requested; it must
  /// outlive the file. Null: never.
  [[nodiscard]] static Result<OutputFile> open(const std::optional<std::string>& path,
                                               std::string_view option, Mode mode = Mode::replace,
                                               const engine::StopToken* stop = nullptr);

  /// The file of the same name anew, e.g. after another program has moved it away; the old one
  /// stays in use when that fails. Nothing for stdout.
  [[nodiscard]] Result<void> reopen();

  /// Which file that is now: its device and number. Two pipes of one name are one file.
  [[nodiscard]] std::pair<std::uint64_t, std::uint64_t> identity() const;

  /// Hands all of it to the system before it returns.
  [[nodiscard]] Result<void> write(std::string_view text) const;
  /// What can be handed over without a wait, of a file all; returns how much that was. Waits for
  /// nobody who reads a pipe, a terminal or a socket.
  [[nodiscard]] Result<std::size_t> write_some(std::string_view text) const;
  /// Waits until there may be room for write_some(), the other descriptor is readable, or the time
  /// is over.
  void wait_for_room(int other, Duration at_most) const;
  /// Waits until is_abandoned(), the other descriptor is readable, or the time is over.
  void wait_abandoned(int other, Duration at_most) const;
  /// A pipe that nobody reads any more.
  [[nodiscard]] bool is_abandoned() const;
  [[nodiscard]] bool is_terminal() const;
  /// Of the terminal, see terminal_columns().
  [[nodiscard]] std::size_t columns() const;

 private:
  OutputFile(os::Fd file, std::string name, Mode mode, const engine::StopToken* stop)
      : file_(std::move(file)), name_(std::move(name)), mode_(mode), stop_(stop) {}
  void open_terminal();
  [[nodiscard]] int fd() const;
  /// Ends a last line that was cut. Only a regular file has one.
  [[nodiscard]] Result<void> end_torn_line() const;

  os::Fd file_;      ///< none: stdout
  os::Fd terminal_;  ///< stdout, where that is a terminal that must hold nobody up
  std::string name_;
  Mode mode_ = Mode::replace;
  const engine::StopToken* stop_ = nullptr;
  mutable bool torn_ = false;  ///< the last write() did not end
  mutable bool begun_ = true;  ///< what was there before has made room
};

/// All of a file, or of stdin for "-". One that is larger than `most` bytes is an error.
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t most);

/// Whether that is a pipe which others find by its name. One that this process alone holds open
/// would not tell it any more that nobody reads.
[[nodiscard]] bool is_named_pipe(const std::string& path);

/// Whether some can be written without a wait for who reads: as much as PIPE_BUF, where it is a
/// pipe.
[[nodiscard]] bool has_room(int fd);

/// Writes all bytes, over as many calls as it takes. `name` is for the error. `stop`: as for
/// OutputFile::open().
[[nodiscard]] Result<void> write_all(int fd, std::string_view text, const std::string& name,
                                     const engine::StopToken* stop = nullptr);

/// The process id in a file, for as long as this lives. The file is locked, so that of two
/// processes with the same file the second is refused; one that a crash left behind is taken over.
class PidFile {
 public:
  /// `option` names the option in the error.
  [[nodiscard]] static Result<PidFile> create(const std::string& path,
                                              std::string_view option = "--pid-file");
  /// Once more, e.g. after a fork(2), over which the lock is kept.
  [[nodiscard]] Result<void> write_own_id() const;
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;
  PidFile(PidFile&& other) noexcept
      : path_(std::exchange(other.path_, {})), file_(std::move(other.file_)) {}
  PidFile& operator=(PidFile&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(file_, other.file_);
    return *this;
  }
  ~PidFile();

 private:
  PidFile(std::string path, os::Fd file) : path_(std::move(path)), file_(std::move(file)) {}
  std::string path_;
  os::Fd file_;
};

/// The key in a file: 64 hexadecimal digits and white space around them. Refused when
/// anybody but its owner may read or write it; where systemd hands it over (LoadCredential=), its
/// group may read it, which is how systemd lets the service's user do so.
[[nodiscard]] Result<crypto::Key> read_key_file(const std::string& path);

/// 64 hexadecimal digits and a line end, from 32 bytes of `random`.
[[nodiscard]] std::string make_key_text(RandomSource& random);

/// Creates the file with mode 0600; one that exists is left alone and is an error.
[[nodiscard]] Result<void> write_key_file(const std::string& path, std::string_view text);

}  // namespace udperf::app
