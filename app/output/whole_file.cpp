#include "app/output/whole_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

namespace udperf::app {
namespace {

/// Where a link leads, so that the link stays one.
std::string without_links(const std::string& path) {
  std::error_code problem;
  const auto real = std::filesystem::canonical(path, problem);
  return problem ? path : real.string();
}

}  // namespace

Result<WholeFile> WholeFile::open(const std::optional<std::string>& path, std::string_view option,
                                  const engine::StopToken* stop) {
  struct stat status {};
  const bool exists = path && *path != "-" && ::stat(path->c_str(), &status) == 0;
  const bool regular = !exists || S_ISREG(status.st_mode);
  if (path && *path != "-" && regular) {
    const std::string place = without_links(*path);
    std::string part_path = place + "." + std::to_string(::getpid()) + ".part";
    os::Fd part{::open(part_path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644)};
    if (part && (!exists || ::access(place.c_str(), W_OK) == 0)) {
      if (exists) {
        static_cast<void>(!::fchmod(part.get(), status.st_mode & 07777U));  // kept where it can be
      }
      return WholeFile{std::move(part), std::move(part_path), place};
    }
    if (part) {
      ::unlink(part_path.c_str());
    }
  }
  // A folder in which nothing can be created may still have a file that can be written.
  auto direct = OutputFile::open(path, option, OutputFile::Mode::replace, stop);
  if (!direct) {
    return tl::unexpected<Error>{direct.error()};
  }
  return WholeFile{*std::move(direct)};
}

Result<void> WholeFile::write(std::string_view text) {
  if (direct_) {
    return direct_->write(text);
  }
  if (auto done = write_all(part_.get(), text, path_); !done) {
    return done;
  }
  if (::rename(part_path_.c_str(), path_.c_str()) != 0) {
    const int reason = errno;
    return system_error(reason, "write " + path_);
  }
  part_path_.clear();
  return {};
}

WholeFile::~WholeFile() {
  if (!part_path_.empty()) {
    ::unlink(part_path_.c_str());
  }
}

}  // namespace udperf::app
