#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "app/output/files.hpp"
#include "base/result.hpp"
#include "os/fd.hpp"

namespace udperf::app {

/// A file that appears whole or not at all: it is written beside its place and then moved there.
/// What was there before stays until then, and for ever where nothing is written. Stdout, and what
/// is no regular file (a pipe, a device), is written directly.
class WholeFile {
 public:
  /// nullopt and "-" are stdout. `option` names the option in the error; `stop`: see OutputFile.
  [[nodiscard]] static Result<WholeFile> open(const std::optional<std::string>& path,
                                              std::string_view option,
                                              const engine::StopToken* stop = nullptr);
  WholeFile(const WholeFile&) = delete;
  WholeFile& operator=(const WholeFile&) = delete;
  WholeFile(WholeFile&& other) noexcept
      : direct_(std::move(other.direct_)),
        part_(std::move(other.part_)),
        part_path_(std::exchange(other.part_path_, {})),
        path_(std::move(other.path_)) {}
  WholeFile& operator=(WholeFile&&) = delete;
  ~WholeFile();

  /// All of the content; once.
  [[nodiscard]] Result<void> write(std::string_view text);

 private:
  explicit WholeFile(OutputFile direct) : direct_(std::move(direct)) {}
  WholeFile(os::Fd part, std::string part_path, std::string path)
      : part_(std::move(part)), part_path_(std::move(part_path)), path_(std::move(path)) {}

  std::optional<OutputFile> direct_;
  os::Fd part_;
  std::string part_path_;  ///< empty: nothing to take away
  std::string path_;
};

}  // namespace udperf::app
