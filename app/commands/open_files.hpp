#pragma once

#include <memory>
#include <optional>

#include "app/cli.hpp"
#include "app/output/files.hpp"
#include "app/output/log.hpp"
#include "app/output/progress.hpp"
#include "app/output/whole_file.hpp"
#include "base/result.hpp"
#include "clock/clock.hpp"
#include "crypto/crypto.hpp"

namespace udperf::app {

/// What has to be opened before a test, so that a wrong path fails before it and not after.
struct OpenFiles {
  std::unique_ptr<ProgressLine>
      progress;  ///< on stderr; null: none is wanted, or it is no terminal
  Log log;
  OutputFile output;
  std::optional<WholeFile> page;
  std::optional<crypto::Key> key;
};

/// Usage or internal errors that name the option and the file. Who is waited for to read what is
/// written, is so until a stop.
[[nodiscard]] Result<OpenFiles> open_files(const ClientCommand& command, const Clock& clock,
                                           const engine::StopToken& stop);

}  // namespace udperf::app
